"""What an EHR says of itself: SMART configuration, kept for a while. SMART App Launch 2.2, section "Conformance".

Epic answers per client id, so the id goes along in `Epic-Client-ID`.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import httpx

from shared.clock import Clock
from shared.connections.base_url import is_refused
from shared.connections.ports import Fetched
from shared.errors import ConnectorError
from shared.http import AnswerTooLargeError, ForbiddenAddressError, json_object, read
from shared.identifiers import Environment
from shared.jose import KeySource
from shared.settings import Settings

_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class SmartConfiguration:
    """The endpoints of one EHR and what its token endpoint takes."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str
    jwks_uri: str
    assertion_algorithms: tuple[str, ...]


class Discovery:
    """Reads and keeps SMART configurations and issuers' keys; also probes for the URL doctor."""

    def __init__(self, http: httpx.Client, settings: Settings, now: Clock) -> None:
        self._http = http
        self._settings = settings
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[tuple[str, Environment], tuple[datetime, SmartConfiguration]] = {}
        self._keys: dict[str, KeySource] = {}

    def fetch(self, url: str, environment: Environment) -> Fetched:
        """What came back from one URL of the EHR; never raises."""
        headers = {"Accept": "application/json", "Epic-Client-ID": self._settings.ehr_client_id(environment)}
        try:
            answer = read(self._http, "GET", url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, ForbiddenAddressError, AnswerTooLargeError) as failed:
            return Fetched(url, problem=_problem(failed))
        if answer.is_redirect:
            return Fetched(url, answer.status_code, problem="redirected")
        if answer.status_code != httpx.codes.OK:
            return Fetched(url, answer.status_code)
        body = json_object(answer)
        return Fetched(url, answer.status_code, body, problem="" if body is not None else "not_json")

    def configuration(self, base_url: str, environment: Environment) -> SmartConfiguration:
        """The EHR's SMART configuration. Raises ehr_unreachable or ehr_answer_invalid."""
        kept = self._kept(base_url, environment, _LIFETIME)
        if kept:
            return kept
        fetched = self.fetch(f"{base_url}/.well-known/smart-configuration", environment)
        if fetched.body is None:
            if fetched.problem == "not_json":
                raise ConnectorError("ehr_answer_invalid", missing="JSON")
            raise ConnectorError("ehr_unreachable")
        found = self._parsed(base_url, environment, fetched.body)
        with self._lock:
            self._known[base_url, environment] = (self._now(), found)
        return found

    def is_at_hand(self, base_url: str, environment: Environment) -> bool:
        """Whether `configuration` would answer without asking, and still in a second."""
        return self._kept(base_url, environment, _LIFETIME - timedelta(seconds=1)) is not None

    def _kept(self, base_url: str, environment: Environment, lifetime: timedelta) -> SmartConfiguration | None:
        with self._lock:
            kept = self._known.get((base_url, environment))
        return kept[1] if kept and self._now() - kept[0] < lifetime else None

    def keys(self, jwks_uri: str, environment: Environment) -> KeySource:
        """The keys of the EHR's issuer."""
        with self._lock:
            if jwks_uri not in self._keys:
                self._keys[jwks_uri] = KeySource(lambda: self._jwks(jwks_uri, environment), self._now)
            return self._keys[jwks_uri]

    def _jwks(self, jwks_uri: str, environment: Environment) -> Mapping[str, Any]:
        body = self.fetch(jwks_uri, environment).body
        if body is None:
            raise ConnectorError("ehr_unreachable")
        return body

    def _parsed(self, base_url: str, environment: Environment, body: Mapping[str, Any]) -> SmartConfiguration:
        if "jwks_uri" not in body or "issuer" not in body:
            discovered = self.fetch(f"{base_url}/.well-known/openid-configuration", environment).body or {}
            body = {**discovered, **body}
        issuer = body.get("issuer")
        if not isinstance(issuer, str) or not issuer:
            raise ConnectorError("ehr_answer_invalid", missing="issuer")
        algorithms = body.get("token_endpoint_auth_signing_alg_values_supported")
        return SmartConfiguration(
            authorization_endpoint=self._url(base_url, body, "authorization_endpoint"),
            token_endpoint=self._url(base_url, body, "token_endpoint"),
            issuer=issuer,
            jwks_uri=self._url(base_url, body, "jwks_uri"),
            assertion_algorithms=tuple(map(str, algorithms)) if isinstance(algorithms, list) else (),
        )

    def _url(self, base_url: str, body: Mapping[str, Any], name: str) -> str:
        value = body.get(name)
        if not isinstance(value, str) or not value:
            raise ConnectorError("ehr_answer_invalid", missing=name)
        try:
            url = urljoin(f"{base_url}/", value)
        except ValueError:
            url = ""
        if is_refused(url, allow_loopback=self._settings.allow_loopback_ehr):
            raise ConnectorError("ehr_answer_invalid", missing=name)
        return url


def _problem(failed: Exception) -> str:
    """The code of `messages/findings.json` that says why nothing came back."""
    if isinstance(failed, ForbiddenAddressError):
        return "private_address"
    if isinstance(failed, AnswerTooLargeError):
        return "answer_too_large"
    return "too_slow" if isinstance(failed, httpx.TimeoutException) else "unreachable"
