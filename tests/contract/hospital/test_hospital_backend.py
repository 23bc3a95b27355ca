"""Client authentication by signed assertion, backend tokens, and the keys that the hospital fetches for them."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from jwcrypto import jwk

from tests.contract.hospital.client import Ehr, Keys, claims_of
from tests.contract.hospital.conftest import KeyServer


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("algorithm", ["es384", "rs384"])
def test_both_algorithms(ehr: Ehr, algorithm: str) -> None:
    answer = ehr.backend(ehr.assertion(getattr(ehr.keys, algorithm)))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert len(body["access_token"]) >= 1500
    assert body["expires_in"] == 3600
    assert "system/Appointment.read" in body["scope"]
    assert answer.headers["cache-control"] == "no-store"


def test_client_id_beside_the_assertion_is_tolerated(ehr: Ehr) -> None:
    assert ehr.backend(client_id=ehr.client_id).status_code == 200


def test_a_replayed_jti_is_refused(ehr: Ehr) -> None:
    assertion = ehr.assertion()
    assert ehr.backend(assertion).status_code == 200
    refused(ehr.backend(assertion))
    refused(ehr.backend(ehr.assertion(jti=claims_of(assertion)["jti"])))


def in_seconds(seconds: int) -> int:
    return int(time.time()) + seconds


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": -30},
        {"exp": 600},
        {"iat": 120, "exp": 200},
        {"nbf": 120},
        {"iat": -120, "exp": 240},
    ],
)
def test_times_out_of_bounds(ehr: Ehr, changed: dict[str, int]) -> None:
    times: dict[str, Any] = {name: in_seconds(ahead) for name, ahead in changed.items()}
    refused(ehr.backend(ehr.assertion(**times)))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example/token"},
        {"aud": None},
        {"iss": "someone-else"},
        {"iss": None},
        {"jti": None},
        {"jti": "j" * 152},
        {"jti": 7},
        {"exp": None},
        {"sub": "someone-else"},
    ],
)
def test_wrong_claims(ehr: Ehr, changed: dict[str, Any]) -> None:
    refused(ehr.backend(ehr.assertion(**changed)))


def test_the_issuer_as_audience_is_not_enough(ehr: Ehr) -> None:
    refused(ehr.backend(ehr.assertion(aud=f"{ehr.root}/oauth2")))
    refused(ehr.backend(ehr.assertion(aud=[ehr.token_url, "https://elsewhere.example"])))


def test_a_jti_of_151_characters_is_accepted(ehr: Ehr) -> None:
    assert ehr.backend(ehr.assertion(jti="j" * 151)).status_code == 200


@pytest.mark.parametrize("header", [{"typ": None}, {"typ": "at+jwt"}, {"kid": None}, {"jku": "https://else.example"}])
def test_wrong_headers(ehr: Ehr, header: dict[str, str | None]) -> None:
    refused(ehr.backend(ehr.assertion(header=header)))


def test_the_registered_jku_is_accepted(ehr: Ehr) -> None:
    jku = f"{ehr.connector}/api/keys/test/jwks.json"
    assert ehr.backend(ehr.assertion(header={"jku": jku})).status_code == 200


@pytest.mark.parametrize(("kty", "alg"), [("RSA", "RS256"), ("RSA", "PS384"), ("EC", "ES256")])
def test_other_algorithms_are_refused(ehr: Ehr, kty: str, alg: str) -> None:
    made = {"kty": kty, "kid": "k", "alg": alg} | ({"size": 2048} if kty == "RSA" else {"crv": "P-256"})
    refused(ehr.backend(ehr.assertion(jwk.JWK.generate(**made))))


def test_a_key_that_is_not_published_is_refused(ehr: Ehr) -> None:
    refused(ehr.backend(ehr.assertion(Keys().es384)))
    stranger = Keys().es384
    refused(ehr.backend(ehr.assertion(stranger, header={"kid": ehr.keys.es384.get("kid")})))


def test_the_other_environments_client_is_unknown(ehr: Ehr, production: Ehr) -> None:
    foreign = ehr.assertion(production.keys.es384, iss=production.client_id, sub=production.client_id)
    refused(ehr.backend(foreign))
    refused(ehr.backend(ehr.assertion(production.keys.es384)))
    assert production.backend().status_code == 200


def test_without_an_assertion(ehr: Ehr) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/Appointment.read", "client_id": ehr.client_id}
    answer = ehr.http.post(ehr.token_url, data=form)
    assert answer.status_code == 401
    answer = ehr.http.post(ehr.token_url, data=form, auth=(ehr.client_id, "secret"))
    assert answer.status_code in {400, 401}


@pytest.mark.parametrize("scope", ["", "openid", "user/Appointment.read", "system/Appointment.read openid"])
def test_backend_scopes_are_the_systems(ehr: Ehr, scope: str) -> None:
    answer = ehr.backend(scope=scope)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_scope"


def test_the_token_endpoint_takes_forms_by_post_and_nothing_else(ehr: Ehr) -> None:
    form = {"grant_type": "client_credentials"}
    assert ehr.http.get(ehr.token_url, params=form).json()["error"] == "invalid_request"
    assert ehr.http.post(ehr.token_url, json=form).json()["error"] == "invalid_request"
    assert ehr.http.post(ehr.token_url, params=form, data=form).json()["error"] == "invalid_request"


def test_keys_are_fetched_once_while_they_are_fresh(ehr: Ehr, key_server: KeyServer) -> None:
    for _ in range(3):
        assert ehr.backend().status_code == 200
    assert key_server.fetches == ["/api/keys/test/jwks.json"]


def test_keys_that_may_not_be_kept_are_fetched_for_each_assertion(ehr: Ehr, key_server: KeyServer) -> None:
    key_server.cache_control = "no-store"
    for _ in range(3):
        assert ehr.backend().status_code == 200
    assert len(key_server.fetches) == 3


def test_a_new_key_works_at_once_with_one_fetch_per_assertion(ehr: Ehr, key_server: KeyServer) -> None:
    assert ehr.backend().status_code == 200
    before = ehr.keys
    try:
        ehr.keys = key_server.keys["test"] = Keys()
        assert ehr.backend().status_code == 200
        assert len(key_server.fetches) == 2
        refused(ehr.backend(ehr.assertion(before.es384)))
        assert len(key_server.fetches) == 3
    finally:
        key_server.keys["test"] = before


def test_keys_that_cannot_be_fetched(ehr: Ehr, key_server: KeyServer) -> None:
    key_server.status = 503
    answer = ehr.backend()
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json()
    key_server.status = 200
    assert ehr.backend().status_code == 200


def test_keys_that_take_their_time(ehr: Ehr, key_server: KeyServer) -> None:
    """A busy machine is no wrong client."""
    key_server.seconds = 3
    assert ehr.backend().status_code == 200
