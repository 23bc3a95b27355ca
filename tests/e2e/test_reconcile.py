"""What no notification told is in the record after the call, with its source; and the EHR hears nothing stale."""

from typing import Any

from sandbox.demo.onboarding import SETTINGS, Onboarding
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox


def _transitions(world: Sandbox, role: str) -> list[tuple[str, str, str, str]]:
    found = world.api("admin", "GET", "/writebacks")["writebacks"]
    mine = sorted((one for one in found if one["participant"].startswith(role)), key=lambda one: str(one["at"]))
    return [(one["state"], one["source"], one["status"], one["reason"]) for one in mine]


def _reconciled(world: Sandbox, role: str, count: int) -> bool:
    world.run_timer("reconcile_visits")
    return len(_transitions(world, role)) == count


def test_notifications_that_were_lost_are_made_up_for(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    visit.patient()
    visit.clinician()
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")
    visit.wait_told("patient-one", "waiting")
    world.tune_notifications(lose=1.0)
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.act("leave", "Guest")
    visit.act("end", "provider-one")
    world.quiet()
    assert [one[0] for one in _transitions(world, "patient")] == ["waiting"]

    # Nobody told of the end: it is asked about so many first waits after the last event, 18 seconds here.
    world.until("the report to be read", lambda: _reconciled(world, "patient", 3), 40)

    visit.wait_told("provider-one", "connected", "disconnected")
    visit.wait_told("patient-one", "waiting", "disconnected")
    world.quiet()
    assert _transitions(world, "patient") == [
        ("waiting", "page", "delivered", ""),
        ("connected", "attendance_report", "not needed", "learned afterwards"),
        ("disconnected", "attendance_report", "delivered", ""),
    ]
    assert _transitions(world, "provider") == [
        ("connected", "call_events", "delivered", ""),
        ("disconnected", "attendance_report", "delivered", ""),
    ]
    world.run_timer("reconcile_visits")
    world.quiet()
    assert visit.log() == {"patient-one": ["waiting", "disconnected"], "provider-one": ["connected", "disconnected"]}


def test_what_was_heard_is_not_added_again(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    visit.patient()
    visit.clinician()
    visit.act("join", "provider-one")
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.wait_told("patient-one", "waiting", "connected")
    visit.act("end", "provider-one")
    visit.wait_told("patient-one", "waiting", "connected", "disconnected")
    visit.wait_told("provider-one", "connected", "disconnected")
    world.quiet()
    before = _transitions(world, "")
    with world.logged() as log:

        def asked_for_the_last_time() -> bool:
            world.run_timer_through("reconcile_visits", 20)
            return bool(visit.row().get("reports_done"))

        world.until("the report to be read", asked_for_the_last_time)
        lines = [one for one in log().splitlines() if "visit_reconciled" in one]
    assert lines
    assert all('"count":0' in line for line in lines)
    assert _transitions(world, "") == before


def test_where_reports_are_switched_off_call_records_can_be_asked(world: Sandbox) -> None:
    Onboarding(world).all_at_once({**SETTINGS, "reconcile": {"callRecords": True}})
    world.tune_notifications(attendanceReports=False, lose=1.0)
    visit = Visit(world, "consultation")
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.act("leave", "provider-one")
    world.until("the record to be read", lambda: _reconciled(world, "provider", 2), 50)
    assert _transitions(world, "provider") == [
        ("connected", "call_record", "not needed", "learned afterwards"),
        ("disconnected", "call_record", "not needed", "learned afterwards"),
    ]
    assert visit.log() == {}
