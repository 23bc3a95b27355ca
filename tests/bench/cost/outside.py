"""Microsoft Graph and an EHR in memory: they answer as they should, and every call is counted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx
from jwcrypto import jwk

from shared.clock import Clock
from shared.settings import Settings
from tests.bench.cost.tally import EHR_STATUS, EHR_TOKENS, GRAPH, Tally
from tests.support.connections import BASE_URL
from tests.support.tokens import signed

ISSUER = "https://ehr.example/oauth2"
_STATUS_CALL = "SetExternalConnectionStatus"


def graph(tally: Tally, now: Clock) -> httpx.Client:
    """Graph: meetings and subscriptions are made, changed and deleted as asked; a report says nothing new."""
    numbers = itertools.count(1)

    def answer(request: httpx.Request) -> httpx.Response:
        tally.add(GRAPH)
        path, number = request.url.path, next(numbers)
        if path.endswith("/createOrGet"):
            url = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{number}%40thread.v2/0"
            return httpx.Response(201, json={"id": f"meeting-{number}", "joinWebUrl": url})
        if path.endswith("/subscriptions"):
            return httpx.Response(201, json={"id": f"00000000-0000-4000-8000-{number:012d}"})
        if path.endswith("/attendanceReports"):
            return httpx.Response(200, json={"value": [_report(now)]})
        if "/attendanceReports/" in path:
            return httpx.Response(200, json={**_report(now), "attendanceRecords": []})
        if request.method == "DELETE":
            return httpx.Response(204)
        if request.method == "PATCH":
            return httpx.Response(200, json={})
        raise ValueError(f"not expected: {request.method} {path}")

    return httpx.Client(transport=httpx.MockTransport(answer))


def _report(now: Clock) -> dict[str, str]:
    """An attendance report that reaches to the end of the call."""
    moment = now().isoformat()
    return {"id": "report", "meetingStartDateTime": moment, "meetingEndDateTime": moment}


class Ehr:
    """An EHR that signs everybody in as the launch's token says, and takes every status call."""

    def __init__(self, tally: Tally, settings: Settings, now: Clock) -> None:
        self._tally = tally
        self._settings = settings
        self._now = now
        self._key = jwk.JWK.generate(kty="EC", crv="P-256", kid="ehr")
        self.nonces: dict[str, str] = {}
        """The nonce of each launch, by its code: a real EHR keeps it from the first leg."""
        self.context: dict[str, dict[str, str]] = {}
        """What the token response says of each launch, by its code."""

    def http(self) -> httpx.Client:
        """The connector's way to it."""
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        routes: dict[str, Callable[[httpx.Request], httpx.Response]] = {
            "smart-configuration": lambda _: httpx.Response(200, json=self._configuration()),
            "keys": lambda _: httpx.Response(200, json={"keys": [json.loads(self._key.export_public())]}),
            "token": self._token,
            _STATUS_CALL: self._status,
        }
        return routes[path.rpartition("/")[2]](request)

    def _configuration(self) -> dict[str, object]:
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
        }

    def _token(self, request: httpx.Request) -> httpx.Response:
        self._tally.add(EHR_TOKENS)
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if form["grant_type"] == "client_credentials":
            return httpx.Response(200, json={"access_token": "status", "expires_in": 3600})
        code, now = form["code"], int(self._now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": self._settings.ehr_client_id_test,
            "sub": "fhir-user",
            "nonce": self.nonces.pop(code),
            "iat": now,
            "exp": now + 300,
        }
        body = {"access_token": "launch", "id_token": signed(self._key, claims, "ES256"), "expires_in": 300}
        return httpx.Response(200, json={**body, **self.context.pop(code)})

    def _status(self, _: httpx.Request) -> httpx.Response:
        self._tally.add(EHR_STATUS)
        return httpx.Response(200, json={"Status": "1"})


__all__ = ["BASE_URL", "ISSUER", "Ehr", "graph"]
