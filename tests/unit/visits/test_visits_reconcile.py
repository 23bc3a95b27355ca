"""When reports are asked for, how often, and what then happens to the visit."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from shared.errors import ConnectorError
from shared.identifiers import TenantKey
from shared.presence.model import Kind, Source, State
from shared.visits.model import Meeting, Phase
from shared.visits.reconcile import Listed
from shared.visits.schedule import KEPT
from tests.support.house import CONNECTION, GUEST, QUIET, TENANT, House, after, entra, event
from tests.support.reports import ATTENDANCE_ONLY, BOTH, report

JOINED, LEFT = Kind.JOINED, Kind.LEFT
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED
REPORT, RECORD = Source.ATTENDANCE_REPORT, Source.CALL_RECORD
RECORDS_ONLY = frozenset({RECORD})
DOC = entra("oid-1")
END = 600.0


def over(sources: frozenset[Source] = ATTENDANCE_ONLY) -> House:
    """Clinician and patient launched, the clinician came and went, the patient's events were lost; all is told."""
    house = House(sources=sources)
    house.patient_launch()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    house.work()
    house.happen(event(END, "p", LEFT, DOC))
    house.work_until_quiet()
    return house


def meeting(house: House, session_id: str = "csn-1") -> Meeting:
    found = house.visit(session_id).meeting
    assert found is not None
    return found


def held(house: House, end: float = END) -> None:
    """An attendance report appears."""
    patient = (GUEST, [(after(100), after(500))])
    one = report(after(0), after(end), patient, (DOC, [(after(5), after(end))]))
    house.reports.held.setdefault(meeting(house).meeting_id, []).append(one)


def recorded(house: House, end: float = END, name: str = "record", join_url: str = "") -> None:
    """A call record appears."""
    one = report(after(0), after(end), (GUEST, [(after(100), after(500))]), source=RECORD)
    house.reports.recorded[name] = (Listed(name, join_url or meeting(house).join_url), one)


def at(house: House, *, minutes: float) -> list[str]:
    """The timer runs so long after the call; what Microsoft was asked."""
    house.clock.until(after(END) + timedelta(minutes=minutes))
    before = len(house.reports.asked)
    house.reconcile.run()
    house.work_until_quiet()
    return house.reports.asked[before:]


def test_reports_are_asked_for_ten_minutes_after_the_call_and_not_before() -> None:
    house = over()
    held(house)
    assert at(house, minutes=9.9) == []
    assert at(house, minutes=10) == ["attendance"]
    assert house.patient().state is DISCONNECTED
    assert [one.source for one in house.patient().writebacks][1:] == [REPORT, REPORT]
    assert house.told("PAT1") == [WAITING, DISCONNECTED]


def test_what_reaches_to_the_end_is_enough() -> None:
    house = over(BOTH)
    held(house)
    assert at(house, minutes=10) == ["attendance"]
    assert house.visit().asked.done
    for minutes in (15, 30, 90, 270, 1000):
        assert at(house, minutes=minutes) == []


def test_as_long_as_there_is_nothing_it_is_asked_for_later_and_later() -> None:
    house = over()
    asked = [minutes for minutes in range(0, 2000, 5) if at(house, minutes=minutes)]
    assert asked == [10, 30, 90, 270]
    assert house.visit().asked.done


def test_call_records_are_asked_for_from_half_an_hour_on_and_only_where_they_are_needed() -> None:
    house = over(BOTH)
    recorded(house)
    assert at(house, minutes=10) == ["attendance"]
    assert at(house, minutes=29) == []
    assert at(house, minutes=30) == ["attendance", "records", "record"]
    assert [one.source for one in house.patient().writebacks][1:] == [RECORD, RECORD]
    held(house)
    assert at(house, minutes=90) == ["attendance"]
    assert house.visit().asked.done


def test_a_call_record_is_never_enough_for_its_later_versions_know_of_more_sessions() -> None:
    house = over(RECORDS_ONLY)
    first = report(after(0), after(END), (DOC, [(after(5), after(END))]), source=RECORD)
    house.reports.recorded["record"] = (Listed("record", meeting(house).join_url), first)
    assert at(house, minutes=30) == ["records", "record"]
    assert not house.visit().asked.done
    assert [one.state for one in house.patient().writebacks] == [WAITING]
    recorded(house)
    assert at(house, minutes=90) == ["records", "record"]
    assert [one.source for one in house.patient().writebacks][1:] == [RECORD, RECORD]
    assert not house.visit().asked.done
    assert at(house, minutes=270) == ["records", "record"]
    assert house.visit().asked.done
    assert at(house, minutes=1000) == []


def test_with_call_records_alone_the_first_time_is_left_out() -> None:
    house = over(RECORDS_ONLY)
    asked = [minutes for minutes in range(0, 2000, 5) if at(house, minutes=minutes)]
    assert asked == [30, 90, 270]
    assert set(house.reports.asked) == {"records"}


def test_the_list_of_a_tenant_is_read_for_the_time_of_its_visits_and_once_for_all_of_them() -> None:
    house = over(RECORDS_ONLY)
    house.clock.until(after(END) + timedelta(minutes=5))
    house.provider_launch("PROV2", "oid-2", "csn-2")
    url = meeting(house, "csn-2").join_url
    recorded(house)
    recorded(house, name="theirs", join_url=url)
    recorded(house, name="a stranger's", join_url="https://teams.example/l/meetup-join/99")
    assert at(house, minutes=300).count("records") == 1
    assert house.reports.asked.count("record") == 2
    ((since, until),) = house.reports.windows
    assert after(-60) <= since <= after(0)
    assert house.schedule.over(house.visit("csn-2"), house.clock.present) <= until <= house.clock.present


def test_visits_of_different_days_are_not_looked_for_in_the_days_between() -> None:
    house = over(RECORDS_ONLY)
    house.clock.forward(days=3)
    begun = house.clock.present
    house.provider_launch("PROV2", "oid-2", "csn-2")
    house.clock.forward(hours=2)
    house.reconcile.run()
    spans = [until - since for since, until in house.reports.windows]
    assert len(spans) == 2
    assert max(spans) < timedelta(hours=2)
    assert house.reports.windows[1][0] <= begun


def test_a_call_record_is_known_by_its_join_url_however_it_is_encoded() -> None:
    ours = Meeting("m", "https://Teams.example/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d", "oid-1")
    for url in (
        ours.join_url,
        "https://teams.EXAMPLE/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d",
        "https://teams.example/l/meetup-join/19%253ameeting_x%2540thread.v2/0?context=%257b%257d",
        "https://teams.example/l/meetup-join/19:meeting_x@thread.v2/0?context={}",
    ):
        assert Listed("r", url).is_of(ours), url
    for url in ("", "https://teams.example/l/meetup-join/19%3aMeeting_x%40thread.v2/0?context=%7b%7d", "x"):
        assert not Listed("r", url).is_of(ours), url


def test_a_report_on_an_earlier_call_is_used_and_is_not_enough() -> None:
    house = over()
    held(house, end=300)
    assert at(house, minutes=10) == ["attendance"]
    assert not house.visit().asked.done
    held(house)
    assert at(house, minutes=30) == ["attendance"]
    assert house.visit().asked.done


def test_a_second_call_is_asked_about_anew() -> None:
    house = over()
    held(house)
    at(house, minutes=10)
    begun = END + 900
    house.happen(event(begun, "q", JOINED, DOC))
    house.work()
    assert at(house, minutes=20) == []
    house.happen(event(begun + 1200, "q", LEFT, DOC))
    house.work_until_quiet()
    assert at(house, minutes=35 + 9) == []
    assert at(house, minutes=35 + 10) == ["attendance"]


def test_a_call_whose_end_nobody_told_is_taken_for_over_after_an_hour_without_events() -> None:
    house = House(sources=ATTENDANCE_ONLY)
    house.patient_launch()
    house.provider_launch()
    house.happen(event(END, "p", JOINED, DOC))
    house.work()
    assert at(house, minutes=69) == []
    assert at(house, minutes=70) == ["attendance"]
    held(house, end=END + 1800)
    assert at(house, minutes=90) == ["attendance"]
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]
    assert house.visit().asked.done


def test_a_visit_of_which_no_event_came_at_all_is_asked_about() -> None:
    house = House(sources=ATTENDANCE_ONLY)
    house.patient_launch()
    house.provider_launch()
    held(house)
    assert at(house, minutes=80) == ["attendance"]
    assert house.patient().state is DISCONNECTED
    assert house.provider().state is DISCONNECTED


def test_a_long_visit_is_not_closed_because_nothing_is_found() -> None:
    house = House(sources=ATTENDANCE_ONLY)
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    for minutes in (80, 100, 160, 340):
        at(house, minutes=minutes)
    assert house.provider().state is CONNECTED
    house.happen(event(END + 8 * 3600, "p", LEFT, DOC))
    house.work_until_quiet()
    assert at(house, minutes=8 * 60 + 10) == ["attendance"]


def test_after_an_outage_of_a_day_everything_is_asked_for_at_once_and_once() -> None:
    house = over(BOTH)
    assert at(house, minutes=24 * 60) == ["attendance", "records"]
    assert house.visit().asked.done
    assert at(house, minutes=24 * 60 + 5) == []


def test_what_cannot_exist_any_more_is_not_asked_for() -> None:
    house = over(BOTH)
    assert at(house, minutes=KEPT.total_seconds() / 60 + 1) == []
    assert not house.schedule.is_open(house.visit(), house.clock.present)


@pytest.mark.parametrize("code", ["meeting_access_policy", "meeting_refused", "no_consent"])
def test_where_we_may_not_ask_that_is_said_once_and_counts(code: str, caplog: pytest.LogCaptureFixture) -> None:
    house = over(BOTH)

    def refuses(what: str, tenant: TenantKey) -> None:
        raise ConnectorError(code)

    house.reports.before = refuses
    asked = [minutes for minutes in range(0, 400, 5) if at(house, minutes=minutes)]
    assert asked == [10, 30, 90, 270]
    said = [line.getMessage() for line in caplog.records if "reports_refused" in line.getMessage()]
    assert len(said) == 2
    assert "OnlineMeetingArtifact.Read.All" in said[0]
    assert "CallRecords.Read.All" in said[1]
    assert house.visit().asked.done


def another_tenant(house: House) -> House:
    """A house next door with the same Microsoft, and a visit whose time has come."""
    other = TenantKey(TENANT.geography, "99999999-2222-4333-8444-555555555555")
    visit = house.visit()
    key = replace(visit.key, connection=replace(CONNECTION, tenant=other))
    house.visits.create(replace(visit, key=key, version=""))
    return house


def test_a_tenant_that_throttles_rests_and_does_not_stop_the_others() -> None:
    house = another_tenant(over())
    throttled = [TENANT]

    def throttles(what: str, tenant: TenantKey) -> None:
        if tenant in throttled:
            raise ConnectorError("microsoft_throttled", retry_after=600)

    house.reports.before = throttles
    held(house)
    assert at(house, minutes=10) == ["attendance", "attendance"]
    assert sorted(visit.asked.done for visit in house.visits.kept.values()) == [False, True]
    assert at(house, minutes=15) == []
    throttled.clear()
    assert at(house, minutes=20) == ["attendance"]
    assert all(visit.asked.done for visit in house.visits.kept.values())


def test_a_tenant_of_which_nothing_can_be_had_is_asked_once_a_round() -> None:
    house = over()
    for number in range(2, 6):
        house.provider_launch(session_id=f"csn-{number}")

    def fails(what: str, tenant: TenantKey) -> None:
        raise ConnectorError("microsoft_unavailable")

    house.reports.before = fails
    assert at(house, minutes=200) == ["attendance"]
    assert at(house, minutes=204) == []
    assert at(house, minutes=205) == ["attendance"]
    assert {visit.asked.tries for visit in house.visits.kept.values()} == {0}


def test_what_takes_too_long_for_a_round_is_left_to_the_next() -> None:
    house = over()
    for number in range(2, 6):
        house.provider_launch(session_id=f"csn-{number}")

    def takes_long(what: str, tenant: TenantKey) -> None:
        house.clock.forward(80)

    house.reports.before = takes_long
    house.clock.until(after(END) + timedelta(hours=20))
    assert [house.reconcile.run() for _ in range(3)] == [3, 2, 0]


def test_tenants_are_asked_side_by_side() -> None:
    house = another_tenant(over())
    held(house)
    house.clock.until(after(END) + timedelta(hours=1))
    together = Barrier(2, timeout=5)

    def waits(what: str, tenant: TenantKey) -> None:
        together.wait()

    house.reports.before = waits
    reconcile = replace(house.reconcile, rounds=replace(house.rounds, workers=2))
    assert reconcile.run() == 2
    assert all(visit.asked.done for visit in house.visits.kept.values())


def test_trouble_of_ours_with_one_visit_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    house = over()
    house.provider_launch(session_id="csn-2")
    failures = iter([True, False])

    def first_fails(what: str, tenant: TenantKey) -> None:
        if next(failures):
            raise ZeroDivisionError

    house.reports.before = first_fails
    assert at(house, minutes=200) == ["attendance", "attendance"]
    assert sorted(visit.asked.tries for visit in house.visits.kept.values()) == [0, 3]
    assert "builtins.ZeroDivisionError" in caplog.text


def test_a_conflict_is_read_again() -> None:
    house = over()
    held(house)
    house.visits.conflict_at(1, 2)
    at(house, minutes=10)
    assert house.patient().state is DISCONNECTED
    assert house.visit().asked.done


def test_the_number_of_requests_of_a_visit_is_small() -> None:
    house = over(BOTH)
    for minutes in range(0, 3000, 5):
        at(house, minutes=minutes)
    assert house.reports.asked.count("attendance") == 4
    assert house.reports.asked.count("records") == 3
    found = over(BOTH)
    held(found)
    for minutes in range(0, 3000, 5):
        at(found, minutes=minutes)
    assert found.reports.asked == ["attendance"]


def both_over(sources: frozenset[Source] = ATTENDANCE_ONLY) -> House:
    """Both came and went, and every event of it came."""
    house = over(sources)
    house.happen(event(100, "a", JOINED), event(500, "a", LEFT))
    house.work_until_quiet()
    return house


def settles(house: House, wait: timedelta) -> bool:
    house.clock.until(after(END) + wait)
    house.upkeep.settle()
    return house.visit().phase is Phase.SETTLED


def test_a_visit_is_not_forgotten_before_its_reports_were_asked_for() -> None:
    house = both_over()
    assert not settles(house, QUIET)
    assert house.meetings.subscriptions == {}, "its subscription is ended all the same"
    at(house, minutes=31)
    assert not settles(house, timedelta(minutes=32))
    held(house)
    at(house, minutes=90)
    assert settles(house, timedelta(minutes=91))


def test_a_visit_is_forgotten_when_no_report_can_come_any_more() -> None:
    house = both_over(BOTH)
    assert not settles(house, timedelta(hours=5))
    house.clock.until(after(END) + KEPT)
    assert settles(house, KEPT + timedelta(minutes=1))


def test_where_nothing_may_be_asked_nothing_is_waited_for() -> None:
    assert settles(both_over(frozenset()), QUIET)


def test_where_there_never_was_a_meeting_nothing_is_waited_for() -> None:
    house = House(sources=BOTH)
    house.patient_launch()
    house.work_until_quiet()
    house.clock.forward(hours=13)
    house.upkeep.settle()
    assert house.visit().phase is Phase.SETTLED
    assert house.reports.asked == []


def test_a_settled_visit_is_left_alone() -> None:
    house = over()
    house.visits.kept[house.key()] = replace(house.visit(), phase=Phase.SETTLED)
    assert at(house, minutes=10) == []


def test_what_was_settled_meanwhile_is_left_alone() -> None:
    house = over()
    held(house)

    def settled_meanwhile(what: str, tenant: TenantKey) -> None:
        house.visits.kept[house.key()] = replace(house.visit(), phase=Phase.SETTLED)

    house.reports.before = settled_meanwhile
    at(house, minutes=10)
    assert house.visit().asked.tries == 0
