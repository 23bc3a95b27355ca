"""A clinician's Microsoft sign-in: another organisation is told as that, any other wrong token as failed."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared.errors import ConnectorError
from shared.identifiers import Geography, TenantKey
from shared.microsoft.entra import Entra
from shared.oauth import new_proof
from tests.support.tokens import API, AUTHORITY, public, rsa_key, settings, signed

TENANT = TenantKey(Geography.EMEA, "11111111-2222-4333-8444-555555555555")
OTHER = "99999999-2222-4333-8444-555555555555"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROOF = new_proof()
GOOD: dict[str, Any] = {
    "iss": f"{AUTHORITY}/{TENANT.tenant}/v2.0",
    "aud": API,
    "tid": TENANT.tenant,
    "oid": "oid-1",
    "nonce": PROOF.nonce,
    "iat": NOW.timestamp(),
    "exp": NOW.timestamp() + 3600,
    "ver": "2.0",
}


def redeemed(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> str:
    """The object id that Entra's answer leads to, with these claims changed."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/keys"):
            return httpx.Response(200, json=public(rsa_key(), issuer=f"{AUTHORITY}/{{tenantid}}/v2.0"))
        return httpx.Response(200, json={"id_token": signed(rsa_key(), GOOD | changes)})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    entra = Entra(http, lambda resource: f"the managed identity's token for {resource}", settings(), lambda: NOW)
    return entra.redeem(TENANT, "https://connector.example/api/sign-in/callback", PROOF, "code")


def test_the_right_organisation_gives_the_object_id(monkeypatch: pytest.MonkeyPatch) -> None:
    assert redeemed(monkeypatch) == "oid-1"


@pytest.mark.parametrize("changes", [{"tid": OTHER}, {"iss": f"{AUTHORITY}/{OTHER}/v2.0", "tid": OTHER}])
def test_another_organisation_is_named_as_that(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]) -> None:
    with pytest.raises(ConnectorError) as refused:
        redeemed(monkeypatch, **changes)
    assert refused.value.code == "sign_in_wrong_tenant"


@pytest.mark.parametrize("changes", [{"nonce": "other"}, {"aud": "other"}, {"exp": 1}, {"oid": ""}])
def test_any_other_wrong_claim_is_a_failed_sign_in(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    with pytest.raises(ConnectorError) as refused:
        redeemed(monkeypatch, **changes)
    assert refused.value.code == "sign_in_failed"
