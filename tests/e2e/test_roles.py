"""Who may do what: each role at each door that asks for a token; and nobody of another tenant may do anything."""

from typing import Any

import httpx
import pytest

from functions.edge import Access, doors
from sandbox.demo.browser import Browser
from sandbox.demo.onboarding import Onboarding
from sandbox.demo.world import CAST, TENANT
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox

OTHER_TENANT = str(CAST["tenants"][1]["id"])
ROLES = ("nobody", "other-admin", "staff", "auditor", "analyst", "admin")
MADE_UP = "0" * 32
# Door: body, then the status for each of ROLES. `analyst` is the approver of the connection, `staff` a plain user;
# 409 is what somebody gets who may, for what cannot be done now.
TABLE: dict[str, tuple[dict[str, Any] | None, tuple[int, ...]]] = {
    "GET connections": (None, (401, 200, 200, 200, 200, 200)),
    "POST connections": ({"approver": "analyst@sample-hospital.example"}, (401, 400, 403, 403, 403, 409)),
    "POST connections/check": ({}, (401, 200, 403, 403, 403, 200)),
    "GET connections/{id}": (None, (401, 404, 403, 200, 200, 200)),
    "PUT connections/{id}": (
        {"approver": "analyst@sample-hospital.example", "version": "old"},
        (401, 404, 403, 403, 403, 409),
    ),
    "DELETE connections/{id}": ({"version": "old"}, (401, 404, 403, 403, 403, 409)),
    "GET connections/{id}/history": (None, (401, 404, 403, 200, 200, 200)),
    "GET connections/{id}/records": (None, (401, 404, 403, 200, 200, 200)),
    "POST connections/{id}/records/compare": ({"kind": "provider", "text": "x"}, (401, 404, 403, 200, 200, 200)),
    "GET connections/{id}/webhook-secret": (None, (401, 404, 403, 403, 403, 409)),
    "POST connections/{id}/test-launch": ({"clinician": "nobody@example"}, (401, 404, 403, 200, 200, 200)),
    "POST connections/{id}/ehr-sign-in": ({}, (401, 404, 403, 403, 200, 403)),
    "POST connections/{id}/approve": ({"fingerprint": MADE_UP}, (401, 404, 403, 403, 409, 403)),
    "POST connections/{id}/send-back": ({"fingerprint": MADE_UP, "reason": "x"}, (401, 404, 403, 403, 409, 403)),
    "POST connections/{id}/suspend": ({"reason": "planned"}, (401, 404, 403, 403, 403, 200)),
    "POST connections/{id}/resume": ({}, (401, 404, 403, 403, 403, 200)),
    "GET writebacks": (None, (401, 200, 403, 200, 403, 200)),
    "POST writebacks/{id}/replay": ({}, (401, 404, 403, 403, 403, 409)),
    "POST writebacks/replay": ({"reason": "x"}, (401, 200, 403, 403, 403, 200)),
    "GET visits/funnel": (None, (401, 200, 403, 200, 403, 200)),
    "GET consent": (None, (401, 200, 403, 200, 403, 200)),
    "POST consent": ({}, (401, 200, 403, 403, 403, 200)),
    "GET tenant/export": (None, (401, 200, 403, 403, 403, 200)),
    "GET tenant/departure": (None, (401, 200, 403, 403, 403, 200)),
    # Without the tenant's own id nothing is deleted.
    "POST tenant/departure": ({"tenant": "x"}, (401, 400, 403, 403, 403, 400)),
    "GET tenant": (None, (401, 200, 200, 200, 200, 200)),
}


def test_each_role_at_each_door(world: Sandbox, connection: dict[str, Any]) -> None:
    seen = {name: tuple(_status(world, connection, name, role) for role in ROLES) for name in TABLE}
    assert seen == {name: statuses for name, (_, statuses) in TABLE.items()}


def test_the_table_is_complete() -> None:
    """A door that asks for a token and is not in the table is tested by nobody."""
    guarded = {f"{one.method} {one.route}" for one in doors.all if one.access is not Access.ANYONE}
    assert guarded == set(TABLE)


def test_another_tenant_sees_and_changes_nothing(world: Sandbox, connection: dict[str, Any]) -> None:
    """There is a visit with a given-up writeback; another tenant's administrator tries every door with true ids."""
    world.faults(world.hospital, {"path": "SETEXTERNALCONNECTIONSTATUS", "status": 400, "body": "INVALID-USER-ID"})
    visit = Visit(world)
    visit.patient()
    visit.clinician()
    outbox = world.until("a given-up writeback", lambda: _given_up(world))
    world.quiet()
    before, meetings = world.tables(), world.meetings()
    for listing in ("/connections", "/writebacks"):
        answer = world.api_as(OTHER_TENANT, "other-admin", "GET", listing)
        assert answer.status_code == 200
        assert [value for value in answer.json().values() if isinstance(value, list)] == [[]]
    for name, (body, _) in TABLE.items():
        if "{id}" not in name:
            continue
        method, _, route = name.partition(" ")
        target = outbox[0]["id"] if route.startswith("writebacks") else connection["id"]
        path = "/" + route.replace("{id}", target)
        filled = _filled(world, connection, body)
        if filled and "version" in filled:
            filled["version"] = connection["version"]
        if filled and "fingerprint" in filled:
            filled["fingerprint"] = connection["fingerprint"]
        answer = world.api_as(OTHER_TENANT, "other-admin", method, path, filled)
        assert answer.status_code == 404, (name, answer.text)
        assert connection["fhirBaseUrl"] not in answer.text
    assert world.tables() == before
    assert world.meetings() == meetings


@pytest.mark.parametrize(
    ("order", "claim"),
    [
        ({"badSignature": True}, "signature"),
        ({"overrides": {"aud": "00000000-0000-4000-8000-000000000000"}}, "aud"),
        ({"overrides": {"exp": 1_000_000_000}}, "exp"),
        ({"overrides": {"nbf": 4_000_000_000}}, "nbf"),
        ({"overrides": {"scp": None}}, "scp"),
        ({"overrides": {"ver": "1.0"}}, "ver"),
        ({"overrides": {"tid": OTHER_TENANT}}, "iss"),
        ({"overrides": {"oid": None}}, "oid"),
        ({"audience": "graph"}, "aud"),
        ({"audience": "exchange"}, "aud"),
    ],
)
def test_a_token_that_is_wrong(sandbox: Sandbox, order: dict[str, Any], claim: str) -> None:
    body = {"tenant": TENANT, "user": "admin", **order}
    token = sandbox.control(sandbox.microsoft, "tokens", body)["access_token"]
    answer = sandbox.http.get(f"{sandbox.connector}/api/connections", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert claim in answer.json()["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_approval_needs_the_sign_in_of_that_browser(world: Sandbox) -> None:
    """Without the EHR sign-in, with another browser's, and with that of an older revision there is no approval."""
    onboarding = Onboarding(world)
    connection = onboarding.submit()
    path = f"/connections/{connection['id']}/approve"
    body = {"fingerprint": connection["fingerprint"]}
    answer = world.request("analyst", "POST", path, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "ehr_sign_in_missing")

    mine = _signed_in(onboarding, connection)
    answer = world.request("analyst", "POST", path, body)
    assert answer.json()["code"] == "ehr_sign_in_missing", "another browser"

    edit = {
        "fhirBaseUrl": onboarding.base_url,
        "environment": "test",
        "approver": world.user("analyst")["userName"],
        "settings": {"meeting_subject": "Another subject"},
        "version": connection["version"],
    }
    edited = world.api("admin", "PUT", f"/connections/{connection['id']}", edit)
    answer = world.request("analyst", "POST", path, {"fingerprint": edited["fingerprint"]}, mine.http)
    assert answer.json()["code"] == "ehr_sign_in_missing", "an older revision"
    answer = world.request("analyst", "POST", path, body, mine.http)
    assert answer.json()["code"] == "revision_changed"
    assert world.api("admin", "GET", f"/connections/{connection['id']}")["state"] == "needs approval"


def test_a_waiting_page_s_ticket_opens_one_visit(world: Sandbox, connection: dict[str, Any]) -> None:
    """A patient's ticket neither opens another visit nor, under another name, its own."""
    first, second = Visit(world, "one-to-one"), Visit(world, "second")
    first.patient("patient-one")
    second.patient("patient-two")
    handle = second.browser("patient-two").page.url.params["visit"]
    browser = first.browser("patient-one")
    answer = browser.http.get(f"{world.connector}/api/visits/current", params={"visit": handle})
    assert answer.json()["code"] == "ticket_missing"
    cookies = {cookie.name: cookie.value for cookie in browser.http.cookies.jar if "visit" in cookie.name}
    (sealed,) = cookies.values()
    (name,) = (cookie.name for cookie in second.browser("patient-two").http.cookies.jar if "visit" in cookie.name)
    answer = httpx.get(
        f"{world.connector}/api/visits/current", params={"visit": handle}, headers={"Cookie": f"{name}={sealed}"}
    )
    assert answer.json()["opened"] is False
    first.clinician("provider-one")
    for case in (f"{name}={sealed}x", f"{name}=", "nothing=at-all"):
        answer = httpx.post(
            f"{world.connector}/api/visits/current/join", params={"visit": handle}, headers={"Cookie": case}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "ticket_missing")


def _status(world: Sandbox, connection: dict[str, Any], name: str, role: str) -> int:
    method, _, route = name.partition(" ")
    ids = connection["id"]
    target = f"{ids}.{MADE_UP}.patient-{MADE_UP[:16]}.1" if route.startswith("writebacks") else ids
    url = f"{world.connector}/api/{route.replace('{id}', target)}"
    headers = {}
    if role != "nobody":
        tenant = OTHER_TENANT if role == "other-admin" else TENANT
        headers["Authorization"] = f"Bearer {world.token(role, tenant)}"
    body = _filled(world, connection, TABLE[name][0])
    return world.http.request(method, url, json=body, headers=headers).status_code


def _filled(world: Sandbox, connection: dict[str, Any], body: dict[str, Any] | None) -> dict[str, Any] | None:
    """The body, with the connection's own base URL where one is needed."""
    if body is None or not ("approver" in body or body == {}):
        return body
    return {"fhirBaseUrl": connection["fhirBaseUrl"], "environment": "test", **body}


def _signed_in(onboarding: Onboarding, connection: dict[str, Any]) -> Browser:
    browser = Browser()
    assert onboarding.sign_in_at_ehr(connection, browser)
    return browser


def _given_up(world: Sandbox) -> list[dict[str, Any]]:
    return list(world.api("admin", "GET", "/writebacks?status=given%20up")["writebacks"])
