"""Calls without a user: each with a token that is kept while it is good (SMART 2.2, backend services)."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

import httpx

from shared.clock import Clock
from shared.connections.model import Content
from shared.http import read
from shared.identifiers import Environment
from shared.oauth import SigningAlgorithm

_EXPIRY_MARGIN = timedelta(seconds=60)
_Key = tuple[str, Environment, str, SigningAlgorithm]
"""What a token was asked for with."""


class BackendTokens(Protocol):
    """Tokens for calls without a user."""

    def backend_token(
        self, base_url: str, environment: Environment, scope: str, algorithm: SigningAlgorithm
    ) -> tuple[str, timedelta]:
        """A token and how long it lasts."""
        ...


class Backend:
    """Makes calls with a token for their connection and scope."""

    def __init__(self, http: httpx.Client, tokens: BackendTokens, now: Clock) -> None:
        self._http = http
        self._tokens = tokens
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[_Key, tuple[datetime, str]] = {}

    def sender(self, content: Content, scope: str) -> Callable[..., httpx.Response]:
        """`call` for one connection and scope."""
        return partial(self.call, content, scope)

    def call(self, content: Content, scope: str, method: str, url: str, **arguments: Any) -> httpx.Response:
        """Make one call; a token that has just run out is replaced, and the call made again.

        Raises:
            ConnectorError: there is no token: ehr_unreachable, ehr_answer_invalid, ehr_unauthorized_client,
                ehr_token_refused.
            Exception: what `shared.http.read` raises.
        """
        key = (content.fhir_base_url, content.environment, scope, content.settings.signing_algorithm)
        headers = arguments.pop("headers", {})
        answer = self._with_token(key, headers, method, url, arguments, fresh=False)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            answer = self._with_token(key, headers, method, url, arguments, fresh=True)
        return answer

    def _with_token(
        self,
        key: _Key,
        headers: dict[str, str],
        method: str,
        url: str,
        arguments: dict[str, Any],
        *,
        fresh: bool,
    ) -> httpx.Response:
        bearer = {**headers, "Authorization": f"Bearer {self._token(key, fresh=fresh)}"}
        return read(self._http, method, url, headers=bearer, **arguments)

    def _token(self, key: _Key, *, fresh: bool) -> str:
        with self._lock:
            kept = self._kept.get(key)
        if kept and not fresh and kept[0] > self._now():
            return kept[1]
        token, lifetime = self._tokens.backend_token(*key)
        with self._lock:
            self._kept[key] = (self._now() + lifetime - _EXPIRY_MARGIN, token)
        return token
