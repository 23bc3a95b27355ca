"""The connector's side of the wire, as small as it can be: keys, assertions, and the steps of a SMART launch."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from jwcrypto import jwk, jws

from tests.support.processes import REPOSITORY

CAST = json.loads((REPOSITORY / "sandbox" / "cast.json").read_text(encoding="utf-8"))
CLIENT_IDS = {
    "test": CAST["applications"]["ehrClientIdTest"],
    "production": CAST["applications"]["ehrClientIdProduction"],
}
PREFIXES = {"test": "/interconnect-test-oauth", "production": "/interconnect-prd-oauth"}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
STATUS_PATH = "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus"


def signed(key: jwk.JWK, claims: dict[str, Any], **header: Any) -> str:
    """A JWT of `claims`."""
    token = jws.JWS(json.dumps(claims))
    token.add_signature(key, None, json.dumps(header))
    return str(token.serialize(compact=True))


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says, unchecked."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def query_of(url: str) -> dict[str, str]:
    """The query of an address, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


class Keys:
    """The connector's keys of one environment."""

    def __init__(self) -> None:
        self.es384 = jwk.JWK.generate(kty="EC", crv="P-384", kid=secrets.token_hex(4), use="sig", alg="ES384")
        self.rs384 = jwk.JWK.generate(kty="RSA", size=2048, kid=secrets.token_hex(4), use="sig", alg="RS384")

    def public(self) -> dict[str, Any]:
        """The key set."""
        return {"keys": [key.export_public(as_dict=True) for key in (self.es384, self.rs384)]}


class Ehr:
    """One environment of the hospital, seen from the connector."""

    def __init__(self, hospital: str, environment: str, connector: str, keys: Keys) -> None:
        self.hospital = hospital
        self.environment = environment
        self.connector = connector
        self.keys = keys
        self.root = f"{hospital}{PREFIXES[environment]}"
        self.base_url = f"{self.root}/api/FHIR/R4/"
        self.authorize_url = f"{self.root}/oauth2/authorize"
        self.token_url = f"{self.root}/oauth2/token"
        self.client_id = CLIENT_IDS[environment]
        self.callback = f"{connector}/api/launch/callback"
        self.http = httpx.Client(timeout=10)

    def assertion(self, key: jwk.JWK | None = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A client assertion; a claim given as None is left out."""
        signer = key or self.keys.es384
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_url,
            "jti": secrets.token_urlsafe(24),
            "iat": now - 5,
            "exp": now + 240,
        } | changed
        wanted = {name: value for name, value in claims.items() if value is not None}
        names = {"alg": signer.get("alg"), "kid": signer.get("kid"), "typ": "JWT"} | (header or {})
        return signed(signer, wanted, **{name: value for name, value in names.items() if value is not None})

    def token(self, assertion: str | None = None, **form: str) -> httpx.Response:
        """A token request with an assertion."""
        body = {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            **form,
        }
        return self.http.post(self.token_url, data=body)

    def backend(self, assertion: str | None = None, **form: str) -> httpx.Response:
        """A backend token request."""
        asked = {"grant_type": "client_credentials", "scope": "system/Appointment.read"} | form
        return self.token(assertion, **asked)

    def backend_token(self) -> str:
        """A backend token."""
        answer = self.backend()
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def record(self, kind: str, context: str, **changed: str) -> None:
        """Pastes an integration record."""
        record = {
            "environment": self.environment,
            "kind": kind,
            "launchUrl": f"{self.connector}/api/launch/connection-1/{kind.removeprefix('group-')}",
            "clientId": self.client_id,
            "contextToken": context,
        } | changed
        answer = self.http.post(f"{self.hospital}/control/records", json=record)
        assert answer.status_code == 200, answer.text

    def launch(self, role: str, user: str, appointment: str, **overrides: Any) -> str:
        """The launch URL that the button would open."""
        body: dict[str, Any] = {
            "environment": self.environment,
            "role": role,
            "user": user,
            "appointment": appointment,
        }
        if overrides:
            body["overrides"] = overrides
        answer = self.http.post(f"{self.hospital}/control/launches", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["url"])

    def authorize(self, launch: str | None, *, verifier: str = "v" * 43, **changed: Any) -> httpx.Response:
        """An authorisation request; a parameter given as None is left out. No redirect is followed."""
        scope = "openid fhirUser profile" if launch is None else "launch openid fhirUser profile"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        params: dict[str, Any] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "scope": scope,
            "state": "state-1",
            "nonce": "nonce-1",
            "aud": self.base_url,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "launch": launch,
        } | changed
        wanted = {name: value for name, value in params.items() if value is not None}
        return self.http.get(self.authorize_url, params=wanted)

    def code(self, answer: httpx.Response) -> str:
        """The code in a successful authorisation response."""
        assert answer.status_code in {302, 303}, answer.text
        found = query_of(answer.headers["location"])
        assert "code" in found, found
        assert found["state"] == "state-1"
        return found["code"]

    def redeem(self, code: str, verifier: str = "v" * 43, **changed: str) -> httpx.Response:
        """Exchanges a code."""
        form: dict[str, str] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": verifier,
        } | changed
        return self.token(None, **form)

    def launched(self, role: str, user: str, appointment: str, **overrides: Any) -> dict[str, Any]:
        """The token response of a whole EHR launch."""
        launch = query_of(self.launch(role, user, appointment, **overrides))["launch"]
        answer = self.redeem(self.code(self.authorize(launch)))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def status(self, token: str | None, **changed: str | None) -> httpx.Response:
        """A status call."""
        params: dict[str, Any] = {
            "ConferenceID": "910001",
            "ExternalID": "PROV1",
            "ExternalIDType": "1",
            "VendorName": "Connector",
            "ConnectionStatus": "1",
        } | changed
        wanted = {name: value for name, value in params.items() if value is not None}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.get(f"{self.root}{STATUS_PATH}", params=wanted, headers=headers)

    def status_calls(self) -> list[dict[str, Any]]:
        """What the hospital remembers of the status calls."""
        where = f"{self.hospital}/control/status-calls"
        calls: list[dict[str, Any]] = self.http.get(where, params={"environment": self.environment}).json()["calls"]
        return calls


def page_text(answer: httpx.Response) -> str:
    """What a page says, without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.text))
