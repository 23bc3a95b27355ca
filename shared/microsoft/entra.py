"""Entra: tokens for Graph without any secret, and checking tokens that others bring.

The managed identity is a federated credential of the multi-tenant app registration (Microsoft identity
platform, "Configure an application to trust a managed identity"). `msal` is imported when first used.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.http import AnswerTooLargeError, read
from shared.identifiers import TenantKey
from shared.identity import IdentityUnavailableError
from shared.jose import (
    Expectation,
    KeySource,
    KeysUnavailableError,
    TokenRefusedError,
    VerifiedClaims,
    unverified_claims,
    verify,
)
from shared.oauth import Proof
from shared.settings import Settings

if TYPE_CHECKING:
    import msal

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
_API_SCOPE = "access_as_user"


@dataclass(frozen=True)
class Caller:
    """Who calls our API, from a checked access token. Names are not taken from it."""

    tenant: str
    object_id: str
    roles: frozenset[str]


class Entra:
    """Tokens in and tokens out. The real SignIn of clinicians."""

    def __init__(self, http: httpx.Client, identity: Callable[[str], str], settings: Settings, now: Clock) -> None:
        """`identity` gives the managed identity's token for a resource."""
        self._http = http
        self._identity = identity
        self._settings = settings
        self._now = now
        self._authority = str(settings.entra_authority).rstrip("/")
        self._lock = threading.Lock()
        self._apps: dict[str, msal.ConfidentialClientApplication] = {}
        self.keys = KeySource(self._fetch_keys, now)

    def graph_token(self, tenant: str) -> str:
        """A token for Graph in that tenant; msal keeps it while good. Raises microsoft_unavailable, no_consent."""
        try:
            answer = self._app(tenant).acquire_token_for_client([self._settings.graph_scope])
        except (httpx.HTTPError, AnswerTooLargeError, ValueError, OSError) as failed:
            raise ConnectorError("microsoft_unavailable") from failed
        token = answer.get("access_token")
        if not isinstance(token, str):
            raise ConnectorError("no_consent")
        return token

    def granted(self, tenant: str) -> frozenset[str]:
        """The application permissions for Graph that the tenant has consented to, as Entra says now.

        Raises:
            ConnectorError: microsoft_unavailable.
        """
        with self._lock:
            # A token that is kept says what was so when it was given.
            self._apps.pop(tenant, None)
        try:
            roles = unverified_claims(self.graph_token(tenant)).get("roles", [])
        except ConnectorError as refused:
            if refused.code != "no_consent":
                raise
            return frozenset()
        except TokenRefusedError:
            raise ConnectorError("microsoft_unavailable") from None
        return frozenset(roles if isinstance(roles, list) else ())

    def consent_url(self, tenant: str, redirect_uri: str, state: str) -> str:
        """Where an administrator consents for their tenant."""
        parameters = {
            "client_id": self._settings.api_client_id,
            "scope": self._settings.graph_scope,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._authority}/{tenant}/v2.0/adminconsent?{urlencode(parameters)}"

    def caller(self, token: str) -> Caller:
        """Who brings this access token for our API. Raises TokenRefusedError."""
        tenant = str(unverified_claims(token).get("tid", ""))
        claims = verify(token, self.keys, self._expectation(tenant, {"ver": "2.0", "tid": tenant}), self._now())
        if _API_SCOPE not in str(claims.get("scp", "")).split():
            raise TokenRefusedError("scp")
        roles = claims.get("roles", [])
        return Caller(tenant, str(claims["oid"]), frozenset(roles if isinstance(roles, list) else ()))

    def authorize_url(self, tenant: TenantKey, redirect_uri: str, proof: Proof) -> str:
        """Where a clinician signs in: in the connection's own tenant and in no other."""
        parameters = {
            "client_id": self._settings.api_client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "response_mode": "query",
            "scope": "openid profile",
            "state": proof.state,
            "nonce": proof.nonce,
            "code_challenge": proof.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._authority}/{tenant.tenant}/oauth2/v2.0/authorize?{urlencode(parameters)}"

    def redeem(self, tenant: TenantKey, redirect_uri: str, proof: Proof, code: str) -> str:
        """The object id of who signed in. Raises sign_in_failed, sign_in_wrong_tenant, microsoft_unavailable."""
        form = {
            "grant_type": "authorization_code",
            "client_id": self._settings.api_client_id,
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": proof.verifier,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        body = self._post(f"{self._authority}/{tenant.tenant}/oauth2/v2.0/token", form)
        token = body.get("id_token")
        if not isinstance(token, str):
            raise ConnectorError("sign_in_failed")
        return str(self._checked_id_token(token, tenant, proof)["oid"])

    def _checked_id_token(self, token: str, tenant: TenantKey, proof: Proof) -> VerifiedClaims:
        expected = self._expectation(tenant.tenant, {"nonce": proof.nonce, "tid": tenant.tenant})
        try:
            return verify(token, self.keys, expected, self._now())
        except TokenRefusedError as refused:
            wrong_tenant = refused.claim in ("iss", "tid")
            raise ConnectorError("sign_in_wrong_tenant" if wrong_tenant else "sign_in_failed") from refused
        except KeysUnavailableError as unavailable:
            raise ConnectorError("microsoft_unavailable") from unavailable

    def _expectation(self, tenant: str, equal: Mapping[str, str]) -> Expectation:
        return Expectation(
            issuers={f"{self._authority}/{tenant}/v2.0"},
            audiences={self._settings.api_client_id},
            algorithms=("RS256",),
            required=("exp", "iat", "oid", "tid"),
            equal=equal,
        )

    def _fetch_keys(self) -> Mapping[str, Any]:
        answer = read(self._http, "GET", f"{self._authority}/common/discovery/v2.0/keys")
        keys: Mapping[str, Any] = answer.raise_for_status().json()
        return keys

    def _post(self, url: str, form: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            answer = read(self._http, "POST", url, data=form)
            body = answer.json()
        except (httpx.HTTPError, AnswerTooLargeError, ValueError) as failed:
            raise ConnectorError("microsoft_unavailable") from failed
        if answer.status_code != httpx.codes.OK or not isinstance(body, dict):
            raise ConnectorError("sign_in_failed")
        return body

    def _app(self, tenant: str) -> "msal.ConfidentialClientApplication":
        """One msal application for each tenant: an authority is part of it."""
        import msal  # noqa: PLC0415 - see the module's first lines

        with self._lock:
            if tenant not in self._apps:
                self._apps[tenant] = msal.ConfidentialClientApplication(
                    self._settings.api_client_id,
                    authority=f"{_PUBLIC_AUTHORITY}/{tenant}",
                    client_credential={"client_assertion": self._assertion},
                    http_client=_MsalHttp(self._http, _PUBLIC_AUTHORITY, self._authority),
                    instance_discovery=False,
                )
            return self._apps[tenant]

    def _assertion(self) -> str:
        """The managed identity's token, which stands for a client secret. Raises microsoft_unavailable."""
        try:
            return self._identity(self._settings.token_exchange_audience)
        except IdentityUnavailableError as failed:
            raise ConnectorError("microsoft_unavailable") from failed


@dataclass(frozen=True)
class _MsalAnswer:
    status_code: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class _MsalHttp:
    """What msal calls for HTTP.

    msal knows only https authorities of Microsoft's own clouds: `named` is the one that it is told of, `real`
    the one that the settings name, which may be any other.
    """

    http: httpx.Client
    named: str
    real: str

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> _MsalAnswer:
        return self._answer(read(self.http, "GET", self._real(url), params=params, headers=headers))

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> _MsalAnswer:
        return self._answer(read(self.http, "POST", self._real(url), params=params, data=data, headers=headers))

    def close(self) -> None:
        """The client is the process's own and stays open."""

    def _real(self, url: str) -> str:
        return self.real + url.removeprefix(self.named) if url.startswith(self.named) else url

    def _answer(self, answer: httpx.Response) -> _MsalAnswer:
        # msal would tell a busy Entra with an exception of its own, or as a refusal.
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            answer.raise_for_status()
        return _MsalAnswer(answer.status_code, answer.text.replace(self.real, self.named), answer.headers)
