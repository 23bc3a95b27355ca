"""The whole set-up through the portal's pages alone, in both languages, seen by axe and by camera."""

import pytest
from playwright.sync_api import expect

from tests.e2e.portal.support import LOCALES, People, Reader, base_url


@pytest.mark.parametrize("language", LOCALES)
def test_from_nothing_to_a_tested_connection(people: People, language: str) -> None:
    admin, analyst = people(language), people(language)
    admin.sign_in("admin")
    admin.heading("connections.title")
    admin.see("connections-none")
    wrong = f"{base_url(admin.world).removesuffix('R4')}DSTU2"
    admin.button("connections.addFirst").click()
    admin.type("field.url", wrong)
    expect(admin.text("doctor.repairable")).to_be_visible()
    admin.see("doctor-repair")
    admin.button("doctor.use").click()
    expect(admin.field("field.url")).to_have_value(base_url(admin.world))
    expect(admin.text("doctor.well")).to_be_visible()
    admin.type("field.approver", admin.world.user("analyst")["userName"])
    admin.button("connections.submit").click()
    expect(admin.text("connections.submitted")).to_be_visible()
    expect(admin.page.get_by_role("table").get_by_text(admin.say("state.needsApproval"))).to_be_visible()
    assert (admin.typed, len(admin.screens)) == (2, 3), "at most 3 screens and 2 typed fields"
    admin.see("connections-submitted")
    admin.button("invitation.copyLink").click()
    link = admin.copied()

    analyst.sign_in("analyst", link.removeprefix(analyst.world.portal))
    analyst.heading("approve.title")
    expect(analyst.text("approve.first")).to_be_visible()
    analyst.see("approve-waiting")
    analyst.button("decision.sendBack").click()
    analyst.see("approve-reason")
    analyst.type("decision.reason", "The status for waiting is missing: it is 3")
    analyst.button("decision.sendBackDo").click()
    expect(analyst.text("approve.wasSentBack")).to_be_visible()
    analyst.see("approve-sent-back")

    reason = admin.say("connections.reason", reason="The status for waiting is missing: it is 3")
    expect(admin.page.get_by_text(reason)).to_be_visible()
    admin.button("connections.editWhich", url=base_url(admin.world)).click()
    admin.page.get_by_role("button", name=admin.say("settings.status")).click()
    admin.type("setting.status.waiting", "3")
    expect(admin.text("doctor.well")).to_be_visible()
    admin.see("connections-edit")
    admin.button("connections.save").click()
    expect(admin.page.get_by_role("table").get_by_text(admin.say("state.needsApproval"))).to_be_visible()

    expect(analyst.button("decision.sendBack")).to_be_visible()
    analyst.button("decision.signIn").click()
    analyst.page.locator("button[name=user][value=analyst]").click()
    analyst.page.wait_for_url(f"{analyst.world.portal}/approve/*?ehr=done")
    expect(analyst.text("decision.signedIn")).to_be_visible()
    analyst.see("approve-signed-in")
    analyst.button("decision.approve").click()
    expect(analyst.text("approve.isApproved")).to_be_visible()
    analyst.see("approve-approved")
    expect(admin.page.get_by_role("table").get_by_text(admin.say("state.approved"))).to_be_visible()
    expect(admin.text("connections.nowProduction")).to_be_visible()
    admin.see("connections-approved")

    analyst.link("approve.toRecords").click()
    analyst.heading("records.title")
    _paste_records(analyst)
    _compare(analyst)
    _test_launch(analyst)
    analyst.link("nav.history").click()
    analyst.heading("history.title")
    table = analyst.page.get_by_role("table")
    expect(table.get_by_text(analyst.say("action.approved"), exact=True)).to_be_visible()
    expect(table.get_by_text(analyst.say("action.sentBack"), exact=True)).to_be_visible()
    analyst.see("history")


KINDS = {
    "provider": "record.provider",
    "patient": "record.patient",
    "group-provider": "record.groupProvider",
    "group-patient": "record.groupPatient",
}


def _paste_records(analyst: Reader) -> None:
    """From the portal into the EHR's own page, by the clipboard alone."""
    ehr = analyst.person.open(f"{analyst.world.hospital}/test/records")
    analyst.see("records")
    for kind, title in KINDS.items():
        analyst.page.get_by_role("tab", name=analyst.say(title), exact=True).click()
        analyst.button("records.copyRecord").click()
        form = ehr.locator(f"section[aria-labelledby='title-{kind}']")
        form.get_by_label("Paste the whole record").fill(analyst.copied())
        form.get_by_role("button", name="Save").click()
        expect(ehr.locator(f"section[aria-labelledby='title-{kind}']").get_by_role("status")).to_have_text("Saved.")
    ehr.close()


def _compare(analyst: Reader) -> None:
    """What stands in the EHR is right; a single visit's token in the group record is named as what it is."""
    ehr = analyst.person.open(f"{analyst.world.hospital}/test/records")
    form = ehr.locator("section[aria-labelledby='title-group-provider']")
    found = {name: form.locator(f"[name={name}]").input_value() for name in ("launchUrl", "clientId", "contextToken")}
    ehr.close()
    analyst.page.get_by_role("tab", name=analyst.say("record.groupProvider"), exact=True).click()
    analyst.field("compare.label").fill("\n".join(found.values()))
    analyst.button("compare.do").click()
    expect(analyst.text("compare.same")).to_be_visible()
    analyst.see("compare-same")
    wrong = found["contextToken"].replace("%CONFERENCEID%", "%CSN%")
    analyst.field("compare.label").fill("\n".join([found["launchUrl"], found["clientId"], wrong]))
    analyst.button("compare.do").click()
    expect(analyst.text("compare.differs")).to_be_visible()
    expect(analyst.page.locator(".findings li.bad")).to_contain_text("%CONFERENCEID%")
    analyst.see("compare-differs")


def _test_launch(analyst: Reader) -> None:
    """All lines green for a clinician with the policy; the lines to type for one without."""
    analyst.link("nav.test").click()
    analyst.heading("test.title")
    analyst.field("test.clinician").fill(analyst.world.user("clinician-one")["userName"])
    analyst.button("test.run").click()
    lines = analyst.page.locator("[data-line]")
    expect(lines).to_have_count(7, timeout=30_000)
    states = {line.get_attribute("data-line"): line.get_attribute("data-state") for line in lines.all()}
    # From this machine nobody outside can be reached: the one line that may be amber.
    assert {name: state for name, state in states.items() if state != "green"} in (
        {},
        {"notifications_reachable": "amber"},
    )
    analyst.see("test-launch")
    analyst.field("test.clinician").fill(analyst.world.user("clinician-without-policy")["userName"])
    analyst.button("test.run").click()
    policy = analyst.page.locator("[data-line=access_policy][data-state=red]")
    expect(policy).to_be_visible(timeout=30_000)
    expect(policy.locator("pre")).to_contain_text("CsApplicationAccessPolicy")
    analyst.see("test-launch-red")
