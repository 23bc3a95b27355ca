"""The organisation as a whole: its consent, whatever a redirect says; its data to take along; and leaving."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Request, expect

from sandbox.demo.onboarding import Onboarding
from sandbox.demo.world import CAST, TENANT
from tests.e2e.browser import LANGUAGES
from tests.e2e.portal.support import People, PortalSandbox, Reader

NEEDED = "OnlineMeetings.ReadWrite.All"
OTHER_TENANT = str(CAST["tenants"][1]["id"])


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each test once per language; the second one with `dev.py test --long`."""
    return str(request.param)


def withdraw(world: PortalSandbox) -> None:
    """The tenant's consent is taken back."""
    body = {"tenant": TENANT, "roles": None}
    world.http.post(f"{world.microsoft}/control/consent", json=body).raise_for_status()


def state_of(reader: Reader, permission: str) -> Any:
    """The row of a permission."""
    return reader.page.get_by_role("row").filter(has_text=permission)


def at_microsoft(reader: Reader) -> None:
    """The administrator goes there to grant."""
    reader.button("consent.do").click()
    reader.page.wait_for_url(f"{reader.world.microsoft}/**/adminconsent?**")


def test_an_administrator_grants_what_is_missing(world: PortalSandbox, people: People, language: str) -> None:
    withdraw(world)
    admin = people(language)
    admin.sign_in("admin", "/organisation")
    admin.heading("organisation.title")
    expect(admin.text("consent.incomplete")).to_be_visible()
    expect(state_of(admin, NEEDED)).to_contain_text(admin.say("consent.notGranted"))
    admin.see("organisation-incomplete")
    at_microsoft(admin)
    admin.page.locator("button[name=cancel]").click()
    admin.heading("organisation.title")
    expect(admin.text("consent.refused")).to_be_visible()
    at_microsoft(admin)
    admin.pick("admin")
    admin.heading("organisation.title")
    expect(admin.text("consent.given")).to_be_visible()
    expect(admin.text("consent.complete")).to_be_visible()
    expect(state_of(admin, NEEDED)).to_contain_text(admin.say("consent.granted"))
    admin.see("organisation-complete")


def test_a_redirect_that_names_another_tenant_proves_nothing(world: PortalSandbox, people: People) -> None:
    """The other tenant has consented to everything; this one has not."""
    withdraw(world)
    admin = people("en")
    admin.sign_in("admin", "/organisation")
    admin.heading("organisation.title")
    at_microsoft(admin)
    (state,) = parse_qs(urlsplit(admin.page.url).query)["state"]
    callback = f"{world.connector}/api/consent/callback?admin_consent=True&tenant={OTHER_TENANT}&state={state}"
    admin.page.goto(callback)
    admin.heading("organisation.title")
    expect(admin.text("consent.missing")).to_be_visible()
    expect(admin.text("consent.incomplete")).to_be_visible()


def test_a_state_of_somebody_elses_browser_is_refused(world: PortalSandbox, people: People) -> None:
    admin = people("en")
    admin.sign_in("admin", "/organisation")
    admin.heading("organisation.title")
    at_microsoft(admin)
    (state,) = parse_qs(urlsplit(admin.page.url).query)["state"]
    answer = world.http.get(f"{world.connector}/api/consent/callback", params={"admin_consent": "True", "state": state})
    assert answer.status_code == 400
    assert "launch_not_started" in answer.text


def test_an_auditor_sees_permissions_and_nothing_to_do(people: People, language: str) -> None:
    auditor = people(language)
    auditor.sign_in("auditor", "/organisation")
    auditor.heading("organisation.title")
    expect(auditor.text("consent.complete")).to_be_visible()
    for key in ("consent.do", "takeout.do", "leaving.do"):
        expect(auditor.button(key)).to_have_count(0)


def test_everything_is_taken_along_and_then_deleted(world: PortalSandbox, people: People, language: str) -> None:
    connection = Onboarding(world).all_at_once()
    admin = people(language)
    admin.sign_in("admin", "/organisation")
    admin.heading("organisation.title")
    asked: list[Request] = []
    admin.page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - playwright marks what it is given
    with admin.page.expect_download() as file:
        admin.button("takeout.do").click()
    whole = json.loads(Path(file.value.path()).read_text(encoding="utf-8"))
    assert (whole["tenant"], whole["geography"]) == (TENANT, "emea")
    assert {"Connections", "History"} <= {row["table"] for row in whole["rows"]}
    content = next(row["values"]["content"] for row in whole["rows"] if row["table"] == "Connections")
    assert json.loads(content)["fhir_base_url"] == connection["fhirBaseUrl"]
    expect(admin.text("takeout.done", count=len(whole["rows"]))).to_be_visible()

    admin.button("leaving.do").click()
    dialog = admin.page.get_by_role("dialog")
    confirm = dialog.get_by_role("button", name=admin.say("leaving.do"), exact=True)
    dialog.get_by_role("textbox").fill(OTHER_TENANT)
    expect(confirm).to_have_attribute("aria-disabled", "true")
    admin.see("organisation-leave")
    dialog.get_by_role("textbox").fill(TENANT)
    confirm.click()
    expect(admin.text("leaving.under")).to_be_visible()
    world.http.post(f"{world.connector}/admin/functions/forget_departed").raise_for_status()
    world.until("nothing but the departure", lambda: _left(world) == ["Departures"])
    refused = world.api_as(TENANT, "admin", "POST", "/connections", _wish(connection))
    assert (refused.status_code, refused.json()["code"]) == (409, "tenant_leaving")
    admin.page.reload()
    expect(admin.page.get_by_role("row").filter(has_text="Connections")).to_contain_text("1")
    admin.see("organisation-leaving")
    (row,) = world.tables()["Departures"].values()
    long_ago = "2026-01-01T00:00:00+00:00"
    world.change_row("Departures", row["PartitionKey"], row["RowKey"], began=long_ago)
    world.http.post(f"{world.connector}/admin/functions/forget_departed").raise_for_status()
    world.until("a receipt", lambda: _receipt(world))
    admin.page.reload()
    expect(admin.text("leaving.gone")).to_be_visible()
    with admin.page.expect_download() as file:
        admin.button("leaving.receipt").click()
    receipt = json.loads(Path(file.value.path()).read_text(encoding="utf-8"))
    assert (receipt["state"], receipt["deleted"]["Connections"]) == ("gone", 1)
    admin.see("organisation-gone")
    # A page asks for the next one with a sealed mark: nothing of a row is in an address.
    assert all("PartitionKey" not in one.url and connection["id"] not in one.url for one in asked)


def test_pages_of_an_export_are_asked_for_by_what_the_one_before_said(world: PortalSandbox) -> None:
    answer = world.api_as(TENANT, "admin", "GET", "/tenant/export?after=made-up")
    assert (answer.status_code, answer.json()["code"]) == (400, "body_invalid")
    history = Onboarding(world).all_at_once()["id"]
    assert world.api_as(TENANT, "admin", "GET", "/tenant/export").status_code == 200
    entries = world.api_as(TENANT, "admin", "GET", f"/connections/{history}/history").json()["history"]
    assert [one["action"] for one in entries].count("exported") == 1


def _left(world: PortalSandbox) -> list[str]:
    return [table for table, rows in world.tables().items() for _ in rows]


def _receipt(world: PortalSandbox) -> bool:
    return any(row.get("ended") for row in world.tables()["Departures"].values())


def _wish(connection: dict[str, Any]) -> dict[str, Any]:
    return {name: connection[name] for name in ("fhirBaseUrl", "environment")} | {"approver": connection["approver"]}
