"""Every page of the portal in every state that the set-up does not show, in both languages."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Download, Route, expect

from sandbox.demo.onboarding import Onboarding
from tests.e2e.browser import LANGUAGES
from tests.e2e.portal.support import People, PortalSandbox, Reader, base_url
from tests.e2e.visit import Visit

STATUS_CALL = "SETEXTERNALCONNECTIONSTATUS"
CSV_MARK = "\ufeff"


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each test once per language; the second one with `dev.py test --long`."""
    return str(request.param)


@pytest.fixture
def connection(world: PortalSandbox) -> dict[str, Any]:
    """An approved connection, its records pasted."""
    return Onboarding(world).all_at_once()


@pytest.mark.usefixtures("connection")
def test_the_outbox_shows_the_ehrs_words_and_sends_again(world: PortalSandbox, people: People, language: str) -> None:
    refusal = "INVALID-CONFERENCE-ID"
    body = {"ExceptionMessage": f"An error occurred while executing the command: {refusal}."}
    world.faults(world.hospital, {"path": STATUS_CALL, "status": 400, "body": body, "times": 2})
    for key, patient in (("one-to-one", "patient-one"), ("second", "patient-two")):
        Visit(world, key).patient(patient)
    admin = people(language)
    admin.sign_in("admin", "/outbox")
    admin.heading("outbox.title")
    again = admin.button("outbox.replayAll", count=2)
    expect(again).to_be_visible()
    expect(admin.page.get_by_role("table")).to_contain_text(refusal)
    admin.see("outbox-given-up")
    again.click()
    expect(admin.text("outbox.replayed", count=2)).to_be_visible()
    delivered = admin.page.get_by_role("table").get_by_text(admin.say("writeback.delivered"))
    expect(delivered).to_have_count(2)
    admin.see("outbox-delivered")
    admin.page.get_by_label(admin.say("outbox.filter")).select_option("given up")
    expect(admin.text("outbox.none")).to_be_visible()
    admin.see("outbox-none")
    auditor = people(language)
    auditor.sign_in("auditor", "/outbox")
    auditor.heading("outbox.title")
    expect(auditor.text("outbox.readOnly")).to_be_visible()
    expect(auditor.page.get_by_role("table")).to_be_visible()
    expect(auditor.button("outbox.replay")).to_have_count(0)
    auditor.see("outbox-auditor")


@pytest.mark.usefixtures("connection")
def test_a_long_outbox_is_turned_page_by_page_and_sent_again_to_its_end(
    world: PortalSandbox, people: People, language: str
) -> None:
    body = {"ExceptionMessage": "INVALID-CONFERENCE-ID"}
    world.faults(world.hospital, {"path": STATUS_CALL, "status": 400, "body": body, "times": 1})
    Visit(world).patient("patient-one")
    asked: list[str] = []

    def a_long_list(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "next": "the-last-of-these"})

    def in_two_goes(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "")["after"])
        route.fulfill(json={"replayed": 2, "refused": 3, "next": "" if asked[-1] else "half-way"})

    def an_empty_end(route: Route) -> None:
        route.fulfill(json={"writebacks": [], "next": ""})

    admin = people(language)
    admin.page.route("**/api/writebacks", a_long_list)
    admin.page.route("**/api/writebacks?after=the-last-of-these", an_empty_end)
    admin.page.route("**/api/writebacks/replay", in_two_goes)
    admin.sign_in("admin", "/outbox")
    admin.button("outbox.replayAll", count=1).click()
    expect(admin.text("outbox.replayed", count=4)).to_be_visible()
    expect(admin.text("outbox.refused", count=6)).to_be_visible()
    assert asked == ["", "half-way"]
    expect(admin.button("outbox.first")).to_have_count(0)
    admin.see("outbox-long")
    admin.button("outbox.more").click()
    expect(admin.text("outbox.none")).to_be_visible()
    expect(admin.button("outbox.more")).to_have_count(0)
    admin.button("outbox.first").click()
    expect(admin.page.get_by_role("table")).to_be_visible()


@pytest.mark.usefixtures("connection")
def test_the_funnel_hides_small_numbers(world: PortalSandbox, people: People, language: str) -> None:
    admin = people(language)
    admin.sign_in("admin", "/visits")
    admin.heading("visits.title")
    expect(admin.text("visits.none")).to_be_visible()
    admin.see("visits-none")
    visit = Visit(world)
    visit.patient()
    visit.clinician()
    admin.page.reload()
    table = admin.page.get_by_role("table")
    expect(table).to_contain_text(admin.say("visits.hidden", smallest=5))
    admin.see("visits")
    rows = list(csv.reader(io.StringIO(_saved(admin, "csv"))))
    assert rows[0][2] == admin.say("funnel.launched")
    assert rows[1][2] == admin.say("visits.hidden", smallest=5)
    whole = admin.page.content()
    assert "910001" not in whole, "no session id"
    assert "Markername" not in whole, "no patient"


def test_privacy_lists_every_field(people: People, language: str) -> None:
    auditor = people(language)
    auditor.sign_in("auditor", "/privacy")
    auditor.heading("privacy.title")
    expect(auditor.page.get_by_role("table").first).to_be_visible()
    fields = json.loads(_saved(auditor, "privacy.json"))["fields"]
    assert len(fields) == auditor.page.locator("table.data tbody tr").count()
    auditor.see("privacy")


def test_who_may_not_act_sees_why(
    world: PortalSandbox, connection: dict[str, Any], people: People, language: str
) -> None:
    path = f"/approve/{connection['id']}"
    analyst = people(language)
    analyst.sign_in("analyst")
    analyst.heading("connections.title")
    expect(analyst.text("connections.readOnlyApprover")).to_be_visible()
    expect(analyst.button("connections.add")).to_have_count(0)
    analyst.see("connections-analyst")
    analyst.go("/approve", "approve.listTitle")
    expect(analyst.text("approve.yoursNone")).to_be_visible()
    analyst.see("approve-list-nothing")
    edited = Onboarding(world).submit(base_url(world, "production") + "/metadata")
    expect(analyst.page.get_by_role("link", name=analyst.say("approve.decide"))).to_be_visible()
    analyst.see("approve-list")
    auditor = people(language)
    auditor.sign_in("auditor", f"/approve/{edited['id']}")
    auditor.heading("approve.title")
    expect(auditor.text("approve.readOnly")).to_be_visible()
    auditor.see("approve-auditor")
    admin = people(language)
    admin.sign_in("admin", path)
    admin.heading("approve.title")
    expect(admin.text("approve.isApproved")).to_be_visible()
    admin.go(f"/approve/{edited['id']}", "approve.title")
    expect(admin.text("approve.readOnly")).to_be_visible()
    expect(admin.button("invitation.copy")).to_be_visible()
    admin.see("approve-admin")
    stranger = people(language)
    stranger.sign_in("staff", path)
    stranger.heading("approve.title")
    expect(stranger.page.get_by_role("alert")).to_contain_text(stranger.say("nextStep"))
    stranger.see("approve-stranger")
    _forget_refusals(stranger)


def test_an_edit_shows_what_differs_and_the_old_records_go_on(
    world: PortalSandbox, connection: dict[str, Any], people: People, language: str
) -> None:
    admin, analyst = people(language), people(language)
    admin.sign_in("admin")
    admin.heading("connections.title")
    admin.button("connections.editWhich", url=base_url(world)).click()
    admin.page.get_by_role("button", name=admin.say("settings.branding")).click()
    admin.type("setting.branding.name", "Sample Hospital (pretend)")
    admin.button("connections.save").click()
    expect(admin.text("connections.oldOneLaunches")).to_be_visible()
    admin.see("connections-edited")
    analyst.sign_in("analyst", f"/approve/{connection['id']}")
    analyst.heading("approve.title")
    expect(analyst.page.locator("ins")).to_have_text("Sample Hospital (pretend)")
    analyst.see("approve-differs")
    analyst.link("nav.records").click()
    analyst.heading("records.title")
    expect(analyst.text("records.older")).to_be_visible()
    analyst.see("records-older")
    analyst.page.emulate_media(media="print")
    sheet = analyst.page.locator(".print-only")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text(connection["fingerprint"])
    expect(analyst.page.locator("header")).to_be_hidden()
    analyst.page.screenshot(path=_shot(analyst, "print"), full_page=True)


@pytest.mark.usefixtures("connection")
def test_menu_suspension_and_deletion(world: PortalSandbox, people: People, language: str) -> None:
    admin = people(language)
    admin.sign_in("admin")
    admin.heading("connections.title")
    more = admin.button("connections.moreWhich", url=base_url(world))
    more.click()
    admin.see("connections-menu")
    admin.button("connections.suspend").click()
    expect(admin.text("state.suspended")).to_be_visible()
    more.click()
    admin.button("connections.resume").click()
    expect(admin.text("state.suspended")).to_have_count(0)
    more.click()
    admin.button("connections.delete").click()
    dialog = admin.page.get_by_role("dialog")
    remove = dialog.get_by_role("button", name=admin.say("delete.do"), exact=True)
    expect(remove).to_be_disabled()
    admin.see("connections-delete")
    dialog.get_by_role("textbox").fill("localhost production")
    expect(remove).to_be_disabled()
    dialog.get_by_role("textbox").fill("localhost test")
    remove.click()
    expect(dialog).to_have_count(0)
    expect(admin.button("connections.addFirst")).to_be_visible()


def test_failures_say_what_to_do_next(
    world: PortalSandbox, connection: dict[str, Any], people: People, language: str
) -> None:
    admin = people(language)
    admin.sign_in("admin")
    admin.heading("connections.title")
    admin.button("connections.add").click()
    admin.button("connections.submit").click()
    expect(admin.text("field.missing")).to_have_count(2)
    admin.see("form-missing")
    admin.type("field.url", base_url(world))
    admin.type("field.approver", "nobody@sample-hospital.example")
    admin.button("connections.submit").click()
    _fails(admin, "approver_unknown")
    admin.see("form-problem")
    admin.type("field.approver", world.user("analyst")["userName"])
    admin.button("connections.submit").click()
    _fails(admin, "connection_exists")
    admin.button("cancel").click()
    admin.button("connections.editWhich", url=base_url(world)).click()
    Onboarding(world).edit(world.api("admin", "GET", f"/connections/{connection['id']}"))
    admin.button("connections.save").click()
    _fails(admin, "connection_changed")
    waiting = Onboarding(world).submit(base_url(world, "production"))
    admin.go(f"/records/{waiting['id']}", "records.title")
    _fails(admin, "connection_not_approved")
    admin.see("records-none")
    analyst = people(language)
    analyst.sign_in("analyst", f"/approve/{waiting['id']}?ehr=done")
    analyst.heading("approve.title")
    analyst.button("decision.approve").click()
    _fails(analyst, "ehr_sign_in_missing")
    expect(analyst.button("decision.signIn")).to_be_visible()
    for reader in (admin, analyst):
        _forget_refusals(reader)


def test_before_and_beyond_the_pages(world: PortalSandbox, people: People, language: str) -> None:
    reader = people(language)
    reader.page.goto(world.portal)
    reader.heading("landing.title")
    reader.see("landing")
    reader.button("landing.signIn").click()
    reader.page.locator("button[name=cancel]").click()
    expect(reader.text("landing.failed")).to_be_visible()
    reader.see("landing-cancelled")
    reader.button("landing.signIn").click()
    reader.pick("admin")
    reader.heading("connections.title")
    reader.go("/nowhere/at/all", "notFound.title")
    reader.see("not-found")
    reader.page.route("**/api/tenant", lambda route: route.abort())
    reader.page.reload()
    reader.heading("region.silent")
    expect(reader.button("tryAgain")).to_be_visible()
    reader.see("nobody-answers")
    reader.person.complaints.clear()


def test_a_tenant_that_is_new_chooses_its_region_once(world: PortalSandbox, people: People, language: str) -> None:
    def two_regions(route: Route) -> None:
        config = route.fetch().json()
        here = config["regions"][0]["apiBaseUrl"]
        config["regions"] = [{"geography": name, "apiBaseUrl": here} for name in ("amer", "emea")]
        route.fulfill(json=config)

    admin = people(language)
    admin.page.route("**/config.json", two_regions)
    admin.sign_in("admin")
    admin.heading("region.title")
    admin.see("region")
    admin.page.get_by_label(admin.say("region.emea")).check()
    admin.button("region.confirm").click()
    admin.heading("connections.title")
    expect(admin.page.get_by_role("banner")).to_contain_text("EMEA")
    analyst = people(language)
    analyst.page.route("**/config.json", two_regions)
    analyst.sign_in("analyst")
    expect(analyst.text("region.notYet")).to_be_visible()
    analyst.see("region-not-yet")


def _saved(reader: Reader, button: str) -> str:
    """The text of the file that a button saves."""
    with reader.page.expect_download() as started:
        reader.button(button).click()
    download: Download = started.value
    return Path(download.path()).read_text(encoding="utf-8").removeprefix(CSV_MARK)


def _fails(reader: Reader, code: str) -> None:
    """The page says what is wrong and what to do, in the catalogue's words."""
    catalogue = json.loads((Path(__file__).parents[3] / "shared" / "messages" / "errors.json").read_text("utf-8"))
    said = catalogue[code][reader.language]
    alert = reader.page.get_by_role("alert").filter(has_text=code)
    expect(alert).to_contain_text(said["person"])
    expect(alert).to_contain_text(said["next"])


def _forget_refusals(reader: Reader) -> None:
    """The browser notes every refused request; those that were meant to be refused are no complaint."""
    reader.person.complaints[:] = [one for one in reader.person.complaints if "Failed to load resource" not in one]


def _shot(reader: Reader, name: str) -> Path:
    return reader.person.folder / f"portal-{reader.language}-{name}.png"
