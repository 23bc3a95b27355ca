"""One visit, one meeting, one subscription: however many launches arrive at once, and whatever fails."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from shared.errors import ConnectorError
from shared.identifiers import Role
from shared.visits.launch import PendingLaunch
from shared.visits.model import Phase, Visit
from shared.visits.ports import EhrUser
from shared.visits.subscriptions import SUBSCRIPTION_LIFETIME
from shared.visits.ways import Departure, ToMeeting
from tests.support.fakes import START, CrashError
from tests.support.house import CONNECTION, LIFETIME, TARGET, House


def new_visit(house: House) -> Visit:
    return house.visits.create(Visit(house.key(), START, session_id="csn-1"))


def open_for(house: House, organizer: str) -> Visit:
    visit = house.visits.read(house.key())
    assert visit is not None
    return house.room.open(visit, organizer, organizer, "Virtual visit")


def test_the_first_clinician_organizes_the_meeting() -> None:
    house = House()
    new_visit(house)
    opened = open_for(house, "oid-1")
    assert opened.phase is Phase.OPEN
    assert opened.meeting is not None
    assert opened.meeting.organizer == "oid-1"
    assert opened == house.visit()
    assert house.meetings.calls.count("create_or_get") == 1
    assert sorted(house.meetings.calls) == ["configure", "create_or_get", "subscribe"]
    assert opened.subscription is not None
    assert opened.subscription.expires == START + SUBSCRIPTION_LIFETIME
    assert (opened.claim, opened.claimed_until) == ("", None)


def test_what_is_wished_names_nobody_and_lasts_as_long_as_a_visit() -> None:
    house = House()
    new_visit(house)
    open_for(house, "oid-1")
    wish = house.meetings.wishes[0]
    assert wish.subject == "Virtual visit"
    assert (wish.starts, wish.ends) == (START, START + LIFETIME)
    assert "csn-1" not in wish.external_id
    assert len(wish.external_id) == 32


def test_fifty_launches_at_once_make_one_meeting_and_one_subscription() -> None:
    house = House(waiting_takes_time=False)
    launches = []
    for number in range(50):
        house.clinicians.link(CONNECTION, EhrUser(f"PROV{number}", "1"), f"oid-{number}")
        launches.append(house.begun(Role.PROVIDER, {"sessionId": "csn-1", "externalId": f"PROV{number}"}))
    start = Barrier(50)

    def arrive(launch: tuple[PendingLaunch, str]) -> str:
        start.wait()
        for _ in range(20):
            try:
                way = house.desk.complete(TARGET, *launch)
            except ConnectorError as busy:
                # Fifty at once for one row: whoever is told that it is busy presses the button again.
                if busy.code != "busy":
                    raise
                continue
            assert isinstance(way, ToMeeting)
            return way.join_url
        raise AssertionError("always busy")

    with ThreadPoolExecutor(50) as pool:
        urls = [*pool.map(arrive, launches)]
    assert len(set(urls)) == 1
    assert house.meetings.count("create_or_get") == 1
    assert house.meetings.count("subscribe") == 1
    visit = house.visit()
    assert len(visit.participants) == 50
    assert visit.meeting is not None
    assert len({visit.meeting.organizer, *visit.co_organizers}) == 50
    assert set(house.meetings.co_organizers[visit.meeting.meeting_id]) == set(visit.co_organizers)
    created = [before for before, _ in house.visits.history if before is None]
    assert len(created) == 1


def test_a_refused_organizer_releases_the_claim() -> None:
    house = House()
    new_visit(house)
    house.meetings.refused["oid-1"] = "meeting_access_policy"
    with pytest.raises(ConnectorError) as refused:
        open_for(house, "oid-1")
    assert refused.value.code == "meeting_access_policy"
    free = house.visit()
    assert (free.phase, free.claim, free.claimed_until, free.organizer) == (Phase.WAITING, "", None, "")
    assert open_for(house, "oid-2").organizer == "oid-2"


def test_settings_that_cannot_be_made_leave_no_open_meeting_without_a_lobby() -> None:
    house = House()
    new_visit(house)
    house.meetings.failing["configure"] = "microsoft_unavailable"
    with pytest.raises(ConnectorError):
        open_for(house, "oid-1")
    assert house.visit().phase is Phase.WAITING
    assert house.visit().meeting is None
    house.meetings.failing.clear()
    assert open_for(house, "oid-1").phase is Phase.OPEN
    assert len(house.meetings.meetings) == 1


def test_a_conflict_while_releasing_is_read_again() -> None:
    house = House()
    new_visit(house)
    house.meetings.refused["oid-1"] = "meeting_refused"
    house.visits.conflict_at(2, 3)
    with pytest.raises(ConnectorError):
        open_for(house, "oid-1")
    assert house.visit().phase is Phase.WAITING


def test_without_live_events_the_meeting_opens_all_the_same() -> None:
    house = House()
    new_visit(house)
    house.meetings.failing["subscribe"] = "microsoft_unavailable"
    opened = open_for(house, "oid-1")
    assert opened.phase is Phase.OPEN
    assert opened.subscription is None


@pytest.mark.parametrize("step", ["create_or_get", "configure", "store"])
def test_after_a_crash_the_claim_runs_out_and_the_same_meeting_is_found(step: str) -> None:
    house = House()
    new_visit(house)

    def crash(method: str) -> None:
        if method == step:
            raise CrashError

    if step == "store":
        house.visits.crash_at(2)
    else:
        house.meetings.during = crash
    with pytest.raises(CrashError):
        open_for(house, "oid-1")
    house.meetings.during = lambda method: None
    assert house.visit().phase is Phase.OPENING
    before = house.clock.present
    opened = open_for(house, "oid-2")
    assert (house.clock.present - before).total_seconds() <= 21
    assert opened.meeting is not None
    assert opened.meeting.organizer == "oid-1"
    assert len(house.meetings.meetings) == 1
    assert len(house.meetings.subscriptions) == 1
    assert opened.co_organizers == ("oid-2",)


def test_who_waits_for_a_meeting_that_does_not_come_is_told_to_try_again() -> None:
    house = House()
    visit = new_visit(house)
    until = START.replace(hour=23)
    house.visits.save(visit, replace(visit, phase=Phase.OPENING, claim="somebody", claimed_until=until))
    with pytest.raises(ConnectorError) as busy:
        open_for(house, "oid-1")
    assert busy.value.code == "busy"
    assert busy.value.retry_after == 5


def test_a_second_clinician_becomes_co_organizer_of_the_same_meeting_once() -> None:
    house = House()
    first = house.provider_launch("PROV1", "oid-1")
    second = house.provider_launch("PROV2", "oid-2")
    assert first.join_url == second.join_url
    meeting = house.visit().meeting
    assert meeting is not None
    assert house.meetings.co_organizers == {meeting.meeting_id: ("oid-2",)}
    configured = house.meetings.count("configure")
    house.provider_launch("PROV2", "oid-2")
    house.provider_launch("PROV1", "oid-1")
    assert house.meetings.count("configure") == configured
    house.provider_launch("PROV3", "oid-3")
    assert house.meetings.co_organizers == {meeting.meeting_id: ("oid-2", "oid-3")}
    assert house.meetings.count("create_or_get") == 1


def test_whoever_is_added_while_graph_is_told_is_told_too() -> None:
    house = House()
    house.provider_launch("PROV1", "oid-1")

    def another_joins(method: str) -> None:
        house.meetings.during = lambda method: None
        house.provider_launch("PROV3", "oid-3")

    house.meetings.during = another_joins
    house.provider_launch("PROV2", "oid-2")
    assert [set(one) for one in house.meetings.co_organizers.values()] == [{"oid-2", "oid-3"}]


def test_a_co_organizer_whom_graph_refuses_gets_into_the_meeting_all_the_same() -> None:
    house = House()
    house.provider_launch("PROV1", "oid-1")
    house.meetings.failing["configure"] = "microsoft_unavailable"
    assert house.provider_launch("PROV2", "oid-2").join_url


def test_a_shared_account_organizes_and_the_clinician_is_co_organizer() -> None:
    house = House(target=replace(TARGET, organizer="oid-shared"))
    house.provider_launch("PROV1", "oid-1")
    visit = house.visit()
    assert visit.meeting is not None
    assert visit.meeting.organizer == "oid-shared"
    assert visit.co_organizers == ("oid-1",)


def test_who_was_slow_does_not_put_a_second_meeting_in_place_of_the_first() -> None:
    house = House()
    new_visit(house)

    def slow(method: str) -> None:
        """The first maker's call takes so long that its claim runs out; another fails, a third one succeeds."""
        if method != "create_or_get":
            return
        house.meetings.during = lambda method: None
        house.clock.forward(21)
        house.meetings.refused["oid-1"] = "microsoft_unavailable"
        with pytest.raises(ConnectorError):
            open_for(house, "oid-2")
        del house.meetings.refused["oid-1"]
        open_for(house, "oid-3")

    house.meetings.during = slow
    late = open_for(house, "oid-1")
    assert late.meeting is not None
    assert late.meeting.organizer == "oid-3"
    assert house.visit().meeting == late.meeting
    assert "oid-1" in house.visit().co_organizers


def test_conflicts_while_the_meeting_is_stored_lose_neither_meeting_nor_people() -> None:
    house = House()
    house.clinicians.link(CONNECTION, EhrUser("PROV1", "1"), "oid-1")

    def a_patient_comes(method: str) -> None:
        if method == "configure":
            house.meetings.during = lambda method: None
            house.patient_launch()

    house.meetings.during = a_patient_comes
    way = house.launch(Role.PROVIDER, {"sessionId": "csn-1", "externalId": "PROV1"})
    assert not isinstance(way, Departure)
    assert house.visit().phase is Phase.OPEN
    assert {one.role for one in house.visit().participants.values()} == {Role.PROVIDER, Role.PATIENT}
