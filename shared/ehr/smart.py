"""Signing in at an EHR. SMART App Launch 2.2: EHR launch, standalone launch, client-confidential-asymmetric.

Access and refresh tokens never leave this module: what is returned are the launch's own fields and a subject.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import httpx

from shared.clock import Clock
from shared.ehr.discovery import Discovery, SmartConfiguration
from shared.errors import ConnectorError
from shared.http import AnswerTooLargeError, ForbiddenAddressError, json_object, read
from shared.identifiers import Environment
from shared.jose import Expectation, KeysUnavailableError, TokenRefusedError, VerifiedClaims, verify
from shared.keys import ALGORITHMS, Algorithm, Keys
from shared.oauth import Proof, SigningAlgorithm
from shared.settings import Settings
from shared.visits.ports import EhrAnswer, EhrSignInRequest

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = timedelta(minutes=4)
_BACK_DATED = timedelta(seconds=30)
_STANDALONE_SCOPES = "openid fhirUser profile"
_EHR_LAUNCH_SCOPES = f"launch {_STANDALONE_SCOPES}"
_ID_TOKEN_ALGORITHMS = ("RS256", "RS384", "ES256", "ES384")
_NOT_FIELDS = frozenset({"access_token", "refresh_token", "id_token", "token_type", "scope", "expires_in", "state"})
_OUR_FAULT = frozenset({"invalid_client", "unauthorized_client"})
_BUSY = frozenset({408, 425, 429})
_BEARER = re.compile(r"[!-~]+")
_APPOINTMENT = re.compile(r"(?:^|/)Appointment/([A-Za-z0-9\-.]{1,64})$")


class SmartEhr:
    """The real Ehr and EhrSignIn."""

    def __init__(self, http: httpx.Client, discovery: Discovery, keys: Keys, settings: Settings, now: Clock) -> None:
        self._http = http
        self._discovery = discovery
        self._keys = keys
        self._settings = settings
        self._now = now

    def authorize_url(self, request: EhrSignInRequest) -> str:
        """Where to send the browser. `aud` is the FHIR base URL (SMART 2.2, "Obtain authorization code")."""
        found = self._discovery.configuration(request.base_url, request.environment)
        parameters = {
            "state": request.proof.state,
            "nonce": request.proof.nonce,
            "code_challenge": request.proof.challenge,
        }
        if request.launch is not None:
            parameters["launch"] = request.launch
        always = _always(
            found.authorization_endpoint,
            self._settings.ehr_client_id(request.environment),
            request.redirect_uri,
            request.base_url,
            _STANDALONE_SCOPES if request.launch is None else _EHR_LAUNCH_SCOPES,
        )
        return f"{always}&{urlencode(parameters)}"

    def redeem(self, request: EhrSignInRequest, code: str) -> EhrAnswer:
        """The launch's fields and the checked subject of the id token.

        Raises:
            ConnectorError: ehr_unreachable, ehr_answer_invalid, ehr_unauthorized_client, ehr_token_refused,
                id_token_invalid.
        """
        found = self._discovery.configuration(request.base_url, request.environment)
        body = self._token(
            found,
            request.environment,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": request.redirect_uri,
                "code_verifier": request.proof.verifier,
            },
            request.algorithm,
        )
        claims = self._checked(found, request, body.get("id_token"))
        fhir_user = claims.get("fhirUser")
        return EhrAnswer(str(claims["sub"]), _fields(body), fhir_user if isinstance(fhir_user, str) else "")

    def sign_in_url(self, base_url: str, environment: Environment, redirect_uri: str, proof: Proof) -> str:
        """Where to send an approver's browser: standalone, without `launch`."""
        return self.authorize_url(EhrSignInRequest(base_url, environment, redirect_uri, proof))

    def finish_sign_in(
        self,
        base_url: str,
        environment: Environment,
        redirect_uri: str,
        proof: Proof,
        code: str,
        algorithm: SigningAlgorithm = "auto",
    ) -> None:
        """Redeem the code and check the id token; everything received is dropped."""
        self.redeem(EhrSignInRequest(base_url, environment, redirect_uri, proof, algorithm=algorithm), code)

    def backend_token(
        self, base_url: str, environment: Environment, scope: str, algorithm: SigningAlgorithm = "auto"
    ) -> tuple[str, timedelta]:
        """A token for calls without a user, and how long it lasts (SMART 2.2, backend services)."""
        found = self._discovery.configuration(base_url, environment)
        form = {"grant_type": "client_credentials", "scope": scope}
        body = self._token(found, environment, form, algorithm)
        token, lifetime = body.get("access_token"), body.get("expires_in", 300)
        if not isinstance(token, str) or not _BEARER.fullmatch(token) or not isinstance(lifetime, int | float):
            raise ConnectorError("ehr_answer_invalid", missing="access_token")
        return token, timedelta(seconds=max(0.0, min(lifetime, 3600.0)))

    def _token(
        self,
        found: SmartConfiguration,
        environment: Environment,
        form: Mapping[str, str],
        algorithm: SigningAlgorithm,
    ) -> Mapping[str, Any]:
        data = {
            **form,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(found, environment, algorithm),
        }
        try:
            answer = read(self._http, "POST", found.token_endpoint, data=data, headers={"Accept": "application/json"})
        except (httpx.HTTPError, ForbiddenAddressError, AnswerTooLargeError) as failed:
            raise ConnectorError("ehr_unreachable") from failed
        body = json_object(answer)
        if answer.status_code in _BUSY or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ConnectorError("ehr_unreachable")
        if answer.status_code != httpx.codes.OK:
            fault = body.get("error") if body else None
            ours = isinstance(fault, str) and fault in _OUR_FAULT
            raise ConnectorError("ehr_unauthorized_client" if ours else "ehr_token_refused")
        if body is None:
            raise ConnectorError("ehr_answer_invalid", missing="JSON")
        return body

    def _assertion(self, found: SmartConfiguration, environment: Environment, algorithm: SigningAlgorithm) -> str:
        """Signed client assertion: at most five minutes long, and back-dated a little for slow clocks."""
        client_id = self._settings.ehr_client_id(environment)
        now = self._now()
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": found.token_endpoint,
            "jti": secrets.token_urlsafe(32),
            "iat": int((now - _BACK_DATED).timestamp()),
            "exp": int((now - _BACK_DATED + _ASSERTION_LIFETIME).timestamp()),
        }
        return self._keys.sign(environment, _named(found) if algorithm == "auto" else algorithm, claims)

    def _checked(self, found: SmartConfiguration, request: EhrSignInRequest, token: object) -> VerifiedClaims:
        if not isinstance(token, str):
            raise ConnectorError("id_token_invalid", claim="id_token")
        expected = Expectation(
            issuers={found.issuer},
            audiences={self._settings.ehr_client_id(request.environment)},
            algorithms=_ID_TOKEN_ALGORITHMS,
            required=("exp", "iat", "sub"),
            equal={"nonce": request.proof.nonce},
        )
        keys = self._discovery.keys(found.jwks_uri, request.environment)
        try:
            return verify(token, keys, expected, self._now())
        except TokenRefusedError as refused:
            raise ConnectorError("id_token_invalid", claim=refused.claim) from refused
        except KeysUnavailableError as unavailable:
            raise ConnectorError("ehr_unreachable") from unavailable


@lru_cache(maxsize=256)
def _always(endpoint: str, client_id: str, redirect_uri: str, base_url: str, scope: str) -> str:
    """What is the same in every sign-in of a connection; launches come in crowds."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "aud": base_url,
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def _named(found: SmartConfiguration) -> Algorithm:
    """The first of ours that the EHR says it takes; ES384 where it says nothing, as Epic recommends."""
    accepted = found.assertion_algorithms
    return next((one for one in ALGORITHMS if not accepted or one in accepted), "RS384")


def _fields(body: Mapping[str, Any]) -> Mapping[str, str]:
    fields = {
        name: str(value)
        for name, value in body.items()
        if name not in _NOT_FIELDS and isinstance(value, str | int) and not isinstance(value, bool)
    }
    return {**_from_fhir_context(body.get("fhirContext")), **fields}


def _from_fhir_context(context: object) -> Mapping[str, str]:
    """The appointment of the launch, where it is named as SMART 2.2 has it, "fhirContext": by reference, and alone.

    Servers of SMART 2.0.0 may send the reference itself in place of an object.
    """
    if not isinstance(context, list):
        return {}
    references = [
        one if isinstance(one, str) else one.get("reference")
        for one in context
        if isinstance(one, str) or (isinstance(one, dict) and one.get("role", "launch") == "launch")
    ]
    found = {match[1] for one in references if isinstance(one, str) and (match := _APPOINTMENT.search(one))}
    return {"appointment": found.pop()} if len(found) == 1 else {}
