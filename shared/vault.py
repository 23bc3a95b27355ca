"""Azure Key Vault over HTTP: one way to send a request, with its token, its retries and its errors.

Key Vault REST API 7.4. The official packages take 150 ms to import, which the first notification would wait for.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from shared.http import AnswerTooLargeError, json_object, read
from shared.identity import IdentityUnavailableError

_VERSION = "7.4"
_TRIES = 3
_LONGEST_WAIT_SECONDS = 2.0
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_RESOURCE = re.compile(r'resource="(https://[^"]+)"')
_BUSY = frozenset({408, 429})


class VaultUnavailableError(OSError):
    """The vault does not answer now; `wait` is what it asks for, in seconds."""

    def __init__(self, wait: float = 0.5) -> None:
        super().__init__("the key vault does not answer")
        self.wait = wait


class VaultRefusedError(OSError):
    """The vault answered that it cannot or will not; `code` is its own word for why."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"the key vault answered {status} {code}")
        self.status = status
        self.code = code


class Vault:
    """Requests to one vault, as the managed identity."""

    def __init__(
        self, http: httpx.Client, token: Callable[[str], str], url: str, sleep: Callable[[float], None]
    ) -> None:
        """`token` gives the identity's token for a resource."""
        self._http = http
        self._token = token
        self._url = url.rstrip("/")
        self._sleep = sleep
        self._lock = threading.Lock()
        self._resource = ""

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The answer to a request; `path` has no leading slash.

        Raises:
            VaultUnavailableError: no answer, after some tries.
            VaultRefusedError: any other status than a success.
        """
        return self._tried(method, f"{self._url}/{path}", {"api-version": _VERSION}, body)

    def listed(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Every item of a list, page after page. Raises as `send` does."""
        page = self.send("GET", path)
        while True:
            yield from page.get("value") or ()
            following = str(page.get("nextLink") or "")
            if not following.startswith(f"{self._url}/"):
                return
            page = self._tried("GET", following, None, None)

    def _tried(
        self, method: str, url: str, query: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        retrying = Retrying(
            stop=stop_after_attempt(_TRIES),
            wait=_wait,
            retry=retry_if_exception_type(VaultUnavailableError),
            sleep=self._sleep,
            reraise=True,
        )
        answer: Mapping[str, Any] = retrying(self._sent, method, url, query, body)
        return answer

    def _sent(
        self, method: str, url: str, query: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        try:
            token = self._token(self._known_resource(url))
            answer = read(
                self._http,
                method,
                url,
                params=query,
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                timeout=_TIMEOUT,
            )
        except (httpx.HTTPError, AnswerTooLargeError, IdentityUnavailableError) as failed:
            raise VaultUnavailableError from failed
        found = json_object(answer)
        if answer.is_success and found is not None:
            return found
        if answer.is_server_error or answer.status_code in _BUSY or answer.is_success:
            asked = answer.headers.get("Retry-After", "")
            raise VaultUnavailableError(float(asked) if asked.isdecimal() else 0.5)
        raise VaultRefusedError(answer.status_code, _code((found or {}).get("error")))

    def _known_resource(self, url: str) -> str:
        """What tokens for this vault are for: the vault says so itself, differently in each cloud.

        "Authentication, requests and responses": a request without a token is answered with a challenge. A
        resource of another domain than the vault's is not believed, so that no token goes astray.
        """
        with self._lock:
            if not self._resource:
                answer = read(self._http, "GET", f"{self._url}/keys?api-version={_VERSION}", timeout=_TIMEOUT)
                named = _RESOURCE.search(answer.headers.get("WWW-Authenticate", ""))
                if not named:
                    raise VaultUnavailableError
                host, domain = urlsplit(url).hostname or "", urlsplit(named[1]).hostname or ""
                if host != domain and not host.endswith(f".{domain}"):
                    raise VaultRefusedError(answer.status_code, "the challenge names another domain")
                self._resource = named[1]
            return self._resource


def _code(error: Any) -> str:
    """The innermost code of an error, which says most."""
    if not isinstance(error, dict):
        return ""
    return _code(error.get("innererror")) or str(error.get("code", ""))


def _wait(state: RetryCallState) -> float:
    failed = state.outcome.exception() if state.outcome else None
    return min(failed.wait, _LONGEST_WAIT_SECONDS) if isinstance(failed, VaultUnavailableError) else 0.0
