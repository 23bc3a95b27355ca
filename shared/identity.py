"""The managed identity: tokens for Azure's own services, and the one that stands for a client secret at Entra.

App Service and Functions, "Connect to Azure services with a managed identity": one GET to `IDENTITY_ENDPOINT`,
api-version 2019-08-01. `azure.identity` does the same and takes longer to import than the first notification of
a process should wait.
"""

import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from shared.clock import Clock
from shared.http import AnswerTooLargeError, json_object, read

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

_VERSION = "2019-08-01"
_RENEWED_BEFORE = timedelta(minutes=5)
_DEFAULT_SCOPE = "/.default"


class IdentityUnavailableError(OSError):
    """The identity's endpoint gives no token now."""


class ManagedIdentity:
    """Tokens of one user-assigned managed identity, kept while good. A TokenCredential to Azure's libraries."""

    def __init__(
        self, http: httpx.Client, client_id: str, now: Clock, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._http = http
        self._client_id = client_id
        self._now = now
        self._environment = environment
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def token(self, resource: str) -> str:
        """A token for that resource. Raises IdentityUnavailableError."""
        return self._kept(resource)[0]

    def get_token(self, *scopes: str, **_: Any) -> "AccessToken":
        """The same as Azure's libraries ask for it. Raises IdentityUnavailableError."""
        from azure.core.credentials import AccessToken  # noqa: PLC0415 - only where such a library is at work

        token, expires = self._kept(scopes[0].removesuffix(_DEFAULT_SCOPE))
        return AccessToken(token, int(expires.timestamp()))

    def _kept(self, resource: str) -> tuple[str, datetime]:
        with self._lock:
            kept = self._tokens.get(resource)
            if kept is None or kept[1] - self._now() < _RENEWED_BEFORE:
                kept = self._tokens[resource] = self._asked(resource)
            return kept

    def _asked(self, resource: str) -> tuple[str, datetime]:
        endpoint, header = self._environment.get("IDENTITY_ENDPOINT"), self._environment.get("IDENTITY_HEADER")
        if not endpoint or not header:
            raise IdentityUnavailableError("IDENTITY_ENDPOINT and IDENTITY_HEADER are not set")
        query = {"api-version": _VERSION, "resource": resource, "client_id": self._client_id}
        try:
            answer = read(self._http, "GET", endpoint, params=query, headers={"X-IDENTITY-HEADER": header})
            body = json_object(answer) if answer.is_success else None
            return str((body or {})["access_token"]), datetime.fromtimestamp(int((body or {})["expires_on"]), UTC)
        except (httpx.HTTPError, AnswerTooLargeError, KeyError, ValueError, OverflowError) as failed:
            raise IdentityUnavailableError("the managed identity gives no token") from failed
