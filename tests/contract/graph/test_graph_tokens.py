"""Tokens of ours and of others: through the managed identity, from a clinician's sign-in, at our own API."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.demo.browser import Browser
from shared.errors import ConnectorError
from shared.jose import TokenRefusedError, unverified_claims
from shared.oauth import Proof, new_proof
from tests.contract.graph.parts import ONE, Parts
from tests.support.connections import OTHER_TENANT, TENANT

TOKEN = r"/entra/[^/]+/oauth2/v2\.0/token"


def refusal(microsoft: Parts, tenant: str = TENANT.tenant) -> str:
    with pytest.raises(ConnectorError) as caught:
        microsoft.entra.graph_token(tenant)
    return caught.value.code


def test_a_graph_token_comes_through_the_managed_identity_and_is_kept(microsoft: Parts) -> None:
    token = microsoft.entra.graph_token(TENANT.tenant)
    claims = unverified_claims(token)
    assert (claims["aud"], claims["tid"]) == ("https://graph.microsoft.com", TENANT.tenant)
    assert "OnlineMeetings.ReadWrite.All" in claims["roles"]
    assert microsoft.entra.graph_token(TENANT.tenant) == token
    assert (microsoft.requests(TOKEN), microsoft.requests("/identity/token")) == (1, 1)


def test_each_tenant_has_its_own_token(microsoft: Parts) -> None:
    tokens = [microsoft.entra.graph_token(one.tenant) for one in (TENANT, OTHER_TENANT)]
    assert [unverified_claims(token)["tid"] for token in tokens] == [TENANT.tenant, OTHER_TENANT.tenant]


@pytest.mark.parametrize(
    "rule", [{"status": 500}, {"status": 503, "body": "x"}, {"status": 429, "body": {}}, {"drop": True}]
)
@pytest.mark.parametrize("path", [TOKEN, "/identity/token"])
def test_while_entra_is_down_microsoft_is_unavailable(microsoft: Parts, path: str, rule: dict[str, Any]) -> None:
    microsoft.fault(path, **rule)
    assert refusal(microsoft) == "microsoft_unavailable"


def test_a_token_that_entra_refuses_is_missing_consent(microsoft: Parts) -> None:
    body = {"error": "unauthorized_client", "error_description": "AADSTS700016: Application was not found"}
    microsoft.fault(TOKEN, status=400, body=body)
    assert refusal(microsoft) == "no_consent"


def test_our_api_takes_the_tokens_of_its_portal(microsoft: Parts) -> None:
    answer = microsoft.control.post("/control/tokens", json={"tenant": TENANT.tenant, "user": "admin"})
    caller = microsoft.entra.caller(answer.raise_for_status().json()["access_token"])
    assert (caller.tenant, caller.roles) == (TENANT.tenant, frozenset({"Connector.Admin"}))


@pytest.mark.parametrize(
    ("wanted", "claim"),
    [
        ({"audience": "graph", "user": None}, "aud"),
        ({"overrides": {"aud": "x"}}, "aud"),
        ({"overrides": {"exp": 1}}, "exp"),
        ({"overrides": {"nbf": 4_000_000_000}}, "nbf"),
        ({"overrides": {"iss": "https://attacker.example/v2.0"}}, "iss"),
        ({"overrides": {"tid": OTHER_TENANT.tenant}}, "iss"),
        ({"overrides": {"ver": "1.0"}}, "ver"),
        ({"overrides": {"scp": "other"}}, "scp"),
        ({"overrides": {"scp": ""}}, "scp"),
        ({"overrides": {"oid": ""}}, "oid"),
        ({"badSignature": True}, "signature"),
    ],
)
def test_each_wrong_token_is_refused_by_its_claim(microsoft: Parts, wanted: dict[str, Any], claim: str) -> None:
    body = {"tenant": TENANT.tenant, "user": "admin", **wanted}
    answer = microsoft.control.post(
        "/control/tokens", json={name: one for name, one in body.items() if one is not None}
    )
    with pytest.raises(TokenRefusedError) as caught:
        microsoft.entra.caller(answer.raise_for_status().json()["access_token"])
    assert caught.value.claim == claim


def signed_in(microsoft: Parts, proof: Proof, user: str = "clinician-one") -> str:
    redirect = f"{microsoft.connector.url}/api/sign-in/callback"
    browser = Browser()
    browser.open(microsoft.entra.authorize_url(TENANT, redirect, proof))
    browser.press("oid" if 'name="oid"' in browser.page.text else "account", user_id(user))
    query = parse_qs(urlsplit(str(browser.page.url)).query)
    assert query["state"] == [proof.state]
    return query["code"][0]


def user_id(user: str) -> str:
    from tests.support.connector import USERS  # noqa: PLC0415

    return str(USERS[user]["oid"])


def test_a_clinician_signs_in_once(microsoft: Parts) -> None:
    proof = new_proof()
    code = signed_in(microsoft, proof)
    redirect = f"{microsoft.connector.url}/api/sign-in/callback"
    assert microsoft.entra.redeem(TENANT, redirect, proof, code) == ONE
    with pytest.raises(ConnectorError, match="sign_in_failed"):
        microsoft.entra.redeem(TENANT, redirect, proof, code)


def test_a_sign_in_with_another_proof_fails(microsoft: Parts) -> None:
    proof = new_proof()
    redirect = f"{microsoft.connector.url}/api/sign-in/callback"
    wrong_nonce = Proof(proof.state, "another", proof.verifier)
    with pytest.raises(ConnectorError, match="sign_in_failed"):
        microsoft.entra.redeem(TENANT, redirect, wrong_nonce, signed_in(microsoft, proof))
    wrong_verifier = Proof(proof.state, proof.nonce, "v" * 43)
    with pytest.raises(ConnectorError, match="sign_in_failed"):
        microsoft.entra.redeem(TENANT, redirect, wrong_verifier, signed_in(microsoft, proof))


@pytest.mark.parametrize(
    "rule", [{"drop": True}, {"status": 200, "body": "<html>"}, {"status": 200, "body": "x" * 600_000}]
)
def test_a_sign_in_that_microsoft_cannot_finish_says_so(microsoft: Parts, rule: dict[str, Any]) -> None:
    microsoft.fault(TOKEN, **rule)
    with pytest.raises(ConnectorError, match="microsoft_unavailable"):
        microsoft.entra.redeem(TENANT, "https://x.example/", new_proof(), "code")
