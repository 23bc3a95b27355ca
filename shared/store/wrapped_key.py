"""The wrapped data key, in a blob of its own: made once, whoever comes first.

Blob service REST API, "Get Blob" and "Put Blob" with `If-None-Match: *`. The package for blobs takes 110 ms to
import, which the first notification of a process would wait for.
"""

from collections.abc import Callable
from email.utils import format_datetime
from http import HTTPStatus

import httpx

from shared.clock import Clock
from shared.http import AnswerTooLargeError, read

KEYS = "keys"
_BLOB = "data-key"
_VERSION = "2021-12-02"
_RESOURCE = "https://storage.azure.com"
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_TAKEN = (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


class KeyStoreError(OSError):
    """The blob cannot be read or written now."""


class BlobWrappedKey:
    """The real WrappedKey. The container is the template's to make."""

    def __init__(self, http: httpx.Client, token: Callable[[str], str], endpoint: str, now: Clock) -> None:
        """`token` gives the managed identity's token for a resource; `endpoint` is the account's for blobs."""
        self._http = http
        self._token = token
        self._url = f"{endpoint.rstrip('/')}/{KEYS}/{_BLOB}"
        self._now = now

    def read(self) -> str | None:
        """The text, or None. Raises OSError if storage does not answer."""
        answer = self._send("GET")
        if answer.status_code == HTTPStatus.NOT_FOUND and answer.headers.get("x-ms-error-code") == "BlobNotFound":
            return None
        if answer.status_code != HTTPStatus.OK:
            raise KeyStoreError(f"storage answered {answer.status_code} to reading the wrapped data key")
        return answer.text

    def add(self, text: str) -> str:
        """The text that is there afterwards: this one, or that of whoever came first. Raises OSError."""
        headers = {"If-None-Match": "*", "x-ms-blob-type": "BlockBlob", "Content-Type": "application/json"}
        answer = self._send("PUT", text.encode(), headers)
        if answer.status_code == HTTPStatus.CREATED:
            return text
        first = self.read() if answer.status_code in _TAKEN else None
        if first is None:
            raise KeyStoreError(f"storage answered {answer.status_code} to keeping the wrapped data key")
        return first

    def _send(self, method: str, content: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Response:
        try:
            common = {
                "Authorization": f"Bearer {self._token(_RESOURCE)}",
                "x-ms-version": _VERSION,
                "x-ms-date": format_datetime(self._now(), usegmt=True),
            }
            sent = {**common, **(headers or {})}
            return read(self._http, method, self._url, content=content, headers=sent, timeout=_TIMEOUT)
        except (httpx.HTTPError, AnswerTooLargeError) as failed:
            raise KeyStoreError("storage does not answer") from failed
