"""Visits that are not one patient and one clinician; a patient's page that is refreshed or opened twice."""

from typing import Any

from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox


def test_a_consultation_of_two_clinicians_without_a_patient(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world, "consultation")
    visit.clinician("provider-one")
    visit.clinician("provider-two")
    assert len(world.meetings()) == 1
    for clinician in ("provider-one", "provider-two"):
        assert visit.act("join", clinician)["state"] == "in"
        visit.wait_told(clinician, "connected")
    visit.act("leave", "provider-two")
    visit.wait_told("provider-two", "connected", "disconnected")
    visit.act("leave", "provider-one")
    visit.wait_told("provider-one", "connected", "disconnected")


def test_group_visit_never_the_wrong_patient(world: Sandbox, connection: dict[str, Any]) -> None:
    """A guest is the one patient who has just left our page; if there are two such, the guest is nobody."""
    visit = Visit(world, "group")
    assert all("%CONFERENCEID%" in one["contextToken"] for one in _group_records(world))
    for patient in ("patient-one", "patient-two", "patient-three"):
        visit.patient(patient)
        visit.wait_told(patient, "waiting")
    visit.clinician("provider-one")
    visit.act("join", "provider-one")

    visit.goes_on("patient-one")
    visit.act("join", "First guest")
    visit.act("admit", "First guest")
    visit.wait_told("patient-one", "waiting", "connected")

    visit.goes_on("patient-two")
    visit.goes_on("patient-three")
    visit.act("join", "Second guest")
    visit.act("admit", "Second guest")
    visit.act("join", "Third guest")
    visit.act("admit", "Third guest")
    world.quiet()

    assert visit.told("patient-two") == ["waiting"]
    assert visit.told("patient-three") == ["waiting"]
    guests = [row for row in _participants(world) if row["role"] == "guest"]
    assert len(guests) == 2, "counted, and attributed to nobody"
    assert all("external" not in row for row in guests)

    visit.act("leave", "Second guest")
    visit.act("leave", "First guest")
    visit.wait_told("patient-one", "waiting", "connected", "disconnected")
    world.quiet()
    assert visit.log() == {
        "patient-one": ["waiting", "connected", "disconnected"],
        "patient-two": ["waiting"],
        "patient-three": ["waiting"],
        "provider-one": ["connected"],
    }


def test_group_visit_two_patients_one_after_the_other(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world, "group")
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    for patient, label in (("patient-two", "Guest"), ("patient-one", "Other guest")):
        assert "/l/meetup-join/" in str(visit.patient(patient).page.url), "one tap leads straight through"
        visit.act("join", label)
        visit.act("admit", label)
        visit.wait_told(patient, "waiting", "connected")
    visit.act("leave", "Guest")
    visit.wait_told("patient-two", "waiting", "connected", "disconnected")
    assert visit.told("patient-one") == ["waiting", "connected"]


def test_refreshing_the_waiting_page_keeps_the_place(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    browser = visit.patient()
    visit.wait_told("patient-one", "waiting")
    before = _participants(world)
    for _ in range(3):
        assert browser.open(str(browser.page.url)).status_code == 200
        seen = visit.waiting()
        assert (seen["state"], seen["opened"], seen["over"]) == ("waiting", False, False)
    world.quiet()
    assert _participants(world) == before
    assert visit.told("patient-one") == ["waiting"]
    visit.clinician()
    assert visit.waiting()["opened"] is True
    assert visit.goes_on() == visit.meeting["joinWebUrl"]


def test_a_second_tab_makes_no_second_person(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    first = visit.patient()
    handle = first.page.url.params["visit"]
    second = visit.patient()
    assert second.page.url.params["visit"] == handle
    visit.wait_told("patient-one", "waiting")
    visit.clinician()
    visit.act("join", "provider-one")
    for label in ("Guest", "The same guest again"):
        visit.goes_on()
        visit.act("join", label)
        visit.act("admit", label)
    visit.wait_told("patient-one", "waiting", "connected")
    visit.act("leave", "Guest")
    world.quiet()
    assert visit.told("patient-one") == ["waiting", "connected"], "one of the two devices is still there"
    assert [row["role"] for row in _participants(world)].count("patient") == 1
    visit.act("leave", "The same guest again")
    visit.wait_told("patient-one", "waiting", "connected", "disconnected")


def test_who_comes_straight_from_teams(world: Sandbox, connection: dict[str, Any]) -> None:
    """A clinician who was linked before is told of, though they never launched this visit; staff is not."""
    earlier = Visit(world, "consultation")
    earlier.clinician("provider-two")
    visit = Visit(world)
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.act("join", "staff")
    visit.act("join", "provider-two")
    visit.wait_told("provider-two", "connected")
    visit.act("leave", "staff")
    visit.act("leave", "provider-two")
    visit.wait_told("provider-two", "connected", "disconnected")
    world.quiet()
    assert visit.log() == {"provider-one": ["connected"], "provider-two": ["connected", "disconnected"]}
    assert sorted(row["role"] for row in _participants(world)) == ["provider", "provider", "provider"]


def test_somebody_of_another_organisation_is_on_the_patient_s_side(world: Sandbox, connection: dict[str, Any]) -> None:
    """A patient who has Teams at work joins with that account: still the patient, and from the lobby."""
    visit = Visit(world)
    visit.patient()
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.goes_on()
    assert visit.act("join", "other-clinician")["state"] == "lobby"
    visit.act("admit", "other-clinician")
    visit.wait_told("patient-one", "waiting", "connected")


def _participants(world: Sandbox) -> list[dict[str, Any]]:
    rows = world.tables()["Visits"].values()
    return [row for row in rows if row["RowKey"].startswith("participant:")]


def _group_records(world: Sandbox) -> list[dict[str, Any]]:
    answer = world.http.get(f"{world.hospital}/control/records", params={"environment": "test"}).json()
    return [one for one in answer["records"] if one["kind"].startswith("group-")]
