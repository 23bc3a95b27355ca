"""Reports after a call: they add what no event told, and change nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.identifiers import Role
from shared.presence.fold import fold
from shared.presence.model import (
    AFTERWARDS_ONLY,
    PAGE_LEG,
    Kind,
    Participant,
    Source,
    State,
    Status,
    Step,
)
from shared.visits.ports import EhrUser
from shared.visits.report import TOLERANCE, Report
from shared.visits.who import CallEvent, Identity
from tests.support.house import CONNECTION, DEBOUNCE, GUEST, MACHINE, House, after, ended, entra, event
from tests.support.reports import report

LOBBY, JOINED, LEFT = Kind.LOBBY, Kind.JOINED, Kind.LEFT
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED
DOC = entra("oid-1")
REPORT, RECORD = Source.ATTENDANCE_REPORT, Source.CALL_RECORD


def opened(*, group: bool = False) -> House:
    """Patient and clinician have launched, and the EHR knows of the patient."""
    house = House()
    more = {"visit": "group"} if group else {}
    house.patient_launch(**more)
    house.provider_launch(**more)
    house.work()
    return house


def times(*intervals: tuple[float, float]) -> list[tuple[datetime, datetime]]:
    return [(after(start), after(end)) for start, end in intervals]


def told_by(source: Source, *people: tuple[Identity, Sequence[tuple[datetime, datetime]]], end: float = 600) -> Report:
    return report(after(0), after(end), *people, source=source)


def hear(house: House, *reports: Report) -> None:
    """The reports are read, some time after the call."""
    house.clock.until(after(3600))
    before = house.visit()
    house.attendance.send_new(before, house.visits.save(before, house.attendance.with_reports(before, reports)))
    house.work_until_quiet()


def steps(house: House, person: Participant) -> list[tuple[State, float, Source]]:
    found = fold(person.legs, house.visit().ends, DEBOUNCE)
    return [(step.state, (step.at - after(0)).total_seconds(), step.source) for step in found]


@pytest.mark.parametrize("source", [REPORT, RECORD])
def test_who_was_there_unseen_is_added_with_the_source_and_not_told_as_there(source: Source) -> None:
    house = opened()
    hear(house, told_by(source, (GUEST, times((100, 500))), (DOC, times((60, 600)))))
    assert steps(house, house.patient())[1:] == [(CONNECTED, 100, source), (DISCONNECTED, 500, source)]
    assert steps(house, house.provider()) == [(CONNECTED, 60, source), (DISCONNECTED, 600, source)]
    assert house.told("PROV1") == []
    assert house.told("PAT1") == [WAITING, DISCONNECTED]
    assert {(one.source, one.reason) for one in house.provider().writebacks} == {(source, AFTERWARDS_ONLY)}


def test_an_ehr_that_is_told_times_hears_everything() -> None:
    house = opened()
    house.teller.stamps_time = False
    hear(house, told_by(REPORT, (GUEST, times((100, 500))), (DOC, times((60, 600)))))
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]
    assert house.told("PAT1") == [WAITING, CONNECTED, DISCONNECTED]
    assert {message.source for message in house.teller.log} == {Source.PAGE, REPORT}


def test_who_never_left_left_when_the_report_says_so() -> None:
    house = opened()
    house.happen(event(60, "p", JOINED, DOC), event(100, "a", JOINED))
    house.work()
    hear(house, told_by(REPORT, (GUEST, times((101, 500))), (DOC, times((61, 600)))))
    assert steps(house, house.provider()) == [(CONNECTED, 60, Source.CALL_EVENTS), (DISCONNECTED, 600, REPORT)]
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]
    assert house.told("PAT1") == [WAITING, CONNECTED, DISCONNECTED]


def test_every_device_of_who_never_left_left() -> None:
    house = opened()
    house.happen(event(60, "p", JOINED, DOC), event(70, "q", JOINED, DOC), event(80, "r", JOINED, DOC))
    house.happen(event(90, "r", LEFT, DOC))
    hear(house, told_by(REPORT, (DOC, times((61, 600), (70, 400), (80, 90)))))
    assert steps(house, house.provider())[1:] == [(DISCONNECTED, 600, REPORT)]


def test_who_waited_in_the_lobby_and_was_admitted_unseen_was_there_and_left() -> None:
    house = opened()
    house.happen(event(60, "a", LOBBY))
    hear(house, told_by(REPORT, (GUEST, times((100, 500)))))
    assert [(state, at) for state, at, _ in steps(house, house.patient())] == [
        (WAITING, 0),
        (CONNECTED, 100),
        (DISCONNECTED, 500),
    ]


def test_who_waits_in_the_lobby_when_the_call_ends_is_not_there_any_more() -> None:
    house = opened()
    house.happen(event(60, "a", LOBBY))
    hear(house, told_by(REPORT, (DOC, times((50, 600)))))
    assert steps(house, house.patient())[-1] == (DISCONNECTED, 600, REPORT)
    assert house.told("PAT1") == [WAITING, DISCONNECTED]


@pytest.mark.parametrize("intervals", [[(400, 500)], []])
def test_who_waited_in_the_lobby_before_the_call_began_is_not_there_after_it(
    intervals: list[tuple[float, float]],
) -> None:
    house = opened()
    house.happen(event(60, "a", LOBBY))
    house.work()
    hear(house, report(after(300), after(600), (GUEST, times(*intervals))))
    assert house.patient().state is DISCONNECTED
    assert house.told("PAT1") == [WAITING, DISCONNECTED]


def test_who_joined_in_an_earlier_call_is_not_judged_by_a_report_on_a_later_one() -> None:
    house = opened()
    house.happen(event(60, "p", JOINED, DOC))
    house.work()
    hear(house, report(after(300), after(600), (DOC, times((300, 600)))))
    assert steps(house, house.provider()) == [(CONNECTED, 60, Source.CALL_EVENTS)]
    hear(house, report(after(50), after(200), (DOC, times((60, 150)))))
    hear(house, report(after(300), after(600), (DOC, times((300, 600)))))
    assert [(state, at) for state, at, _ in steps(house, house.provider())] == [
        (CONNECTED, 60),
        (DISCONNECTED, 150),
        (CONNECTED, 300),
        (DISCONNECTED, 600),
    ]


@pytest.mark.parametrize("stamps_time", [True, False])
def test_events_that_come_after_the_report_tell_nothing_twice(*, stamps_time: bool) -> None:
    house = opened()
    house.teller.stamps_time = stamps_time
    hear(house, told_by(REPORT, (GUEST, times((101, 499))), (DOC, times((61, 604))), end=604))
    told, before = list(house.teller.log), true_steps(house)
    events = [event(100, "a", JOINED), event(500, "a", LEFT), event(60, "p", JOINED, DOC), ended(600)]
    for one in [*events, *events]:
        house.happen(one)
        house.work_until_quiet()
    assert true_steps(house) == before
    assert house.teller.log == told
    house.happen(event(95, "a", LOBBY))
    house.work_until_quiet()
    assert house.patient().state is DISCONNECTED


def test_a_call_record_does_not_tell_the_lobby_from_the_meeting() -> None:
    house = opened()
    house.happen(event(60, "a", LOBBY), event(300, "a", LEFT))
    hear(house, told_by(RECORD, (GUEST, times((60, 300)))))
    assert [state for state, _, _ in steps(house, house.patient())] == [WAITING, DISCONNECTED]


@pytest.mark.parametrize(
    "interval",
    [
        (100, 500),
        (90, 510),
        (129, 470),
        (90, 900),
        (60, 110),
        (130, 900),
        (489, 900),
        (20, 111),
        (505, 550),
        (525, 555),
        (50, 75),
        (60, 95),
    ],
)
def test_what_overlaps_something_known_changes_nothing(interval: tuple[float, float]) -> None:
    house = opened()
    house.happen(event(100, "a", JOINED), event(500, "a", LEFT))
    house.work_until_quiet()
    before = house.visit()
    hear(house, told_by(REPORT, (GUEST, times(interval)), end=1000))
    assert house.visit().participants == before.participants


def test_what_lies_beside_something_known_is_added() -> None:
    house = opened()
    house.happen(event(100, "a", JOINED), event(500, "a", LEFT))
    hear(house, told_by(REPORT, (GUEST, times((100, 500), (531, 600)))))
    assert steps(house, house.patient())[-2:] == [(CONNECTED, 531, REPORT), (DISCONNECTED, 600, REPORT)]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("interval", "added"),
    [
        ((525, 900), (525, 900)),
        ((521, 552), (521, 552)),
        ((510, 900), (520, 900)),
        ((490, 900), (520, 900)),
        ((10, 71), (10, 71)),
        ((10, 95), (10, 80)),
        ((10, 110), (10, 80)),
    ],
)
def test_what_goes_on_for_longer_than_doubt_beside_something_known_is_a_stay_of_its_own(
    interval: tuple[float, float], added: tuple[float, float], *, told: bool
) -> None:
    house = opened()
    house.happen(event(100, "a", JOINED), event(500, "a", LEFT))
    if told:
        house.work_until_quiet()
    before = house.visit()
    known = true_steps(house)[house.patient_key()]
    reports = [
        told_by(REPORT, (GUEST, times((100, 500))), end=1000),
        told_by(REPORT, (GUEST, times(interval)), end=1000),
    ]
    house.visits.save(before, house.attendance.with_reports(before, reports))
    assert connected(house, "PAT1") == sorted([(100.0, 500.0), added])
    assert known <= true_steps(house)[house.patient_key()], "what events told of stands"
    again = house.visit()
    for late in (0, 9, -9):
        shifted = told_by(RECORD, (GUEST, times((interval[0] + late, interval[1] + late))), end=1000)
        hear(house, *reports, shifted)
        assert house.visit().participants[house.patient_key()].legs == again.participants[house.patient_key()].legs


def test_a_short_stay_that_a_report_stretches_is_not_another_one() -> None:
    house = opened()
    house.happen(event(480, "a", JOINED), event(500, "a", LEFT))
    house.work_until_quiet()
    before = house.visit()
    hear(house, told_by(REPORT, (GUEST, times((485, 900))), end=1000))
    assert house.visit().participants == before.participants


def test_who_is_still_there_was_there_before_too() -> None:
    house = opened()
    house.happen(event(400, "a", JOINED))
    hear(house, report(after(0), after(390), (GUEST, times((100, 375)))))
    assert connected(house, "PAT1") == [(100.0, 375.0), (400.0, float("inf"))]


@pytest.mark.parametrize("debounce", [0, 61, 300])
def test_with_any_debounce_a_known_stay_is_only_added_to_beside_it(debounce: float) -> None:
    house = opened()
    house.happen(event(500, "a", JOINED))
    before = house.visit()
    attendance = replace(house.attendance, debounce=timedelta(seconds=debounce))
    changed = attendance.with_reports(before, [report(after(0), after(480), (GUEST, times((10, 480))))])
    legs = changed.participants[house.patient_key()].legs
    assert (legs != before.participants[house.patient_key()].legs) == (debounce == 0)


def test_between_two_known_stays_there_is_room_for_a_third() -> None:
    house = opened()
    house.happen(event(100, "a", JOINED), event(200, "a", LEFT), event(500, "b", JOINED), event(600, "b", LEFT))
    house.work_until_quiet()
    hear(house, told_by(REPORT, (GUEST, times((225, 490)))))
    assert connected(house, "PAT1") == [(100.0, 200.0), (225.0, 480.0), (500.0, 600.0)]


def test_the_devices_of_a_report_are_one_person() -> None:
    house = opened()
    hear(house, told_by(REPORT, (DOC, times((60, 200), (100, 400))), (DOC, times((410, 500), (450, 460)))))
    assert steps(house, house.provider()) == [(CONNECTED, 60, REPORT), (DISCONNECTED, 500, REPORT)]


def test_an_end_for_all_that_was_heard_closes_everybody_and_leaves_nothing_to_add() -> None:
    house = opened()
    house.happen(event(60, "p", JOINED, DOC), ended(600))
    house.work_until_quiet()
    before = house.visit()
    hear(house, told_by(REPORT, (DOC, times((60, 640))), end=640))
    assert house.visit().participants == before.participants


def test_who_left_before_the_end_for_all_left_then_if_nothing_else_was_told() -> None:
    house = opened()
    house.happen(event(60, "p", JOINED, DOC), ended(600))
    before = house.visit()
    house.visits.save(before, house.attendance.with_reports(before, [told_by(REPORT, (DOC, times((60, 300))))]))
    assert steps(house, house.provider()) == [(CONNECTED, 60, Source.CALL_EVENTS), (DISCONNECTED, 300, REPORT)]


def test_who_was_told_to_have_left_with_the_end_for_all_did() -> None:
    house = opened()
    house.happen(event(60, "p", JOINED, DOC), ended(600))
    house.work_until_quiet()
    hear(house, told_by(REPORT, (DOC, times((60, 300)))))
    assert steps(house, house.provider())[-1] == (DISCONNECTED, 600, Source.CALL_EVENTS)


def test_who_joined_after_the_reported_call_is_still_there() -> None:
    house = opened()
    house.happen(event(700, "p", JOINED, DOC))
    hear(house, told_by(REPORT, (DOC, times((60, 600)))))
    assert [(state, at) for state, at, _ in steps(house, house.provider())] == [
        (CONNECTED, 60),
        (DISCONNECTED, 600),
        (CONNECTED, 700),
    ]
    assert house.provider().state is CONNECTED


def test_a_report_never_makes_untrue_what_was_told() -> None:
    house = opened()
    house.happen(event(60, "a", LOBBY))
    house.work()
    before = steps(house, house.patient())
    hear(house, report(after(-60), after(600), (GUEST, times((-40, 500)))))
    assert steps(house, house.patient())[: len(before)] == before


def test_who_is_reported_a_second_before_our_page_saw_them_came_just_after() -> None:
    house = opened()
    hear(house, report(after(-60), after(600), (GUEST, times((-1, 500)))))
    found = steps(house, house.patient())
    assert [(state, round(at, 3)) for state, at, _ in found] == [(WAITING, 0), (CONNECTED, 0), (DISCONNECTED, 500)]


@pytest.mark.parametrize("end", [480, 500, 529])
def test_a_leaving_that_was_heard_is_when_they_left(end: float) -> None:
    house = opened()
    house.happen(event(500, "a", LEFT))
    house.work_until_quiet()
    hear(house, told_by(REPORT, (GUEST, times((100, end)))))
    assert [(state, at) for state, at, _ in steps(house, house.patient())] == [
        (WAITING, 0),
        (CONNECTED, 100),
        (DISCONNECTED, 500),
    ]


def test_staff_machines_and_strangers_of_a_group_are_nobody() -> None:
    house = opened(group=True)
    before = house.visit()
    hear(house, told_by(REPORT, (entra("oid-9"), times((1, 9))), (MACHINE, times((1, 9))), (GUEST, times((1, 9)))))
    assert house.visit().participants == before.participants


def test_in_a_group_who_is_known_by_a_leg_left_with_the_call() -> None:
    house = opened(group=True)
    house.patient_launch(visit="group")
    house.happen(event(20, "a", JOINED), event(400, "stranger", JOINED))
    house.work()
    hear(house, told_by(REPORT, (GUEST, times((20, 300))), (GUEST, times((400, 500)))))
    assert steps(house, house.patient())[-1] == (DISCONNECTED, 600, REPORT)
    guest = next(one for one in house.visit().participants.values() if one.role is Role.GUEST)
    assert guest.state is DISCONNECTED
    assert house.told("PAT1") == [WAITING, CONNECTED, DISCONNECTED]


def test_a_clinician_who_never_launched_but_is_linked_is_a_provider_of_the_visit() -> None:
    house = opened()
    house.clinicians.link(CONNECTION, EhrUser("PROV2", "1"), "oid-2")
    hear(house, told_by(REPORT, (entra("oid-2"), times((60, 500)))))
    assert steps(house, house.provider("PROV2")) == [(CONNECTED, 60, REPORT), (DISCONNECTED, 500, REPORT)]


def test_somebody_from_elsewhere_is_on_the_patients_side_of_a_one_to_one_visit() -> None:
    house = opened()
    hear(house, told_by(REPORT, (entra("oid-1", "99999999-2222-4333-8444-555555555555"), times((60, 500)))))
    assert steps(house, house.patient())[1:] == [(CONNECTED, 60, REPORT), (DISCONNECTED, 500, REPORT)]


def test_an_empty_report_still_ends_the_call() -> None:
    house = opened()
    house.happen(event(60, "p", JOINED, DOC))
    house.work()
    hear(house, told_by(REPORT))
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]


def test_the_last_signal_is_what_the_report_knows() -> None:
    house = opened()
    hear(house, told_by(REPORT, (DOC, times((60, 500)))))
    assert house.visit().last_signal == after(500)


SKEW = st.integers(-5, 5)
DOUBT = TOLERANCE.total_seconds() + 5
WHO = {"PAT1": GUEST, "PROV1": DOC}


@dataclass(frozen=True)
class Truth:
    """What really happened: when each was in the meeting, one device after the other; and when it ended for all."""

    there: dict[str, list[tuple[float, float]]]
    lobby: bool
    for_all: bool

    def events(self) -> list[CallEvent]:
        """All events of it."""
        found: list[CallEvent] = []
        for who, intervals in self.there.items():
            for number, (start, end) in enumerate(intervals):
                leg = f"{who}-{number}"
                if self.lobby and who == "PAT1":
                    found.append(event(start - 3, leg, LOBBY, WHO[who]))
                found += [event(start, leg, JOINED, WHO[who]), event(end, leg, LEFT, WHO[who])]
        return [*found, ended(self.end)] if self.for_all else found

    @property
    def end(self) -> float:
        """When the last one left."""
        return max(end for intervals in self.there.values() for _, end in intervals)


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    """Everybody comes and goes a few times, and is away, or there each time, for longer than any doubt about times."""
    briefly_away = draw(st.booleans())
    away = int((DEBOUNCE if briefly_away else DEBOUNCE + 2 * TOLERANCE).total_seconds())
    shortest = 2 * int(TOLERANCE.total_seconds()) if briefly_away else 15
    there: dict[str, list[tuple[float, float]]] = {}
    for who in WHO:
        moment = 60.0
        there[who] = []
        for _ in range(draw(st.integers(1, 3))):
            start = moment + draw(st.integers(away + 10, away + 25) | st.integers(away + 10, 400))
            moment = start + draw(st.integers(shortest, 600))
            there[who].append((start, moment))
    return Truth(there, draw(st.booleans()), draw(st.booleans()))


def reported(truth: Truth, source: Source, skew: Sequence[int]) -> Report:
    """A report on it, its times a few seconds off; each stay on its own line."""
    shifts = cycle(skew)
    people = [
        (WHO[who], times((start + next(shifts), end + next(shifts))))
        for who, intervals in truth.there.items()
        for start, end in intervals
    ]
    return report(after(0), after(truth.end + 5), *people, source=source)


def connected(house: House, external_id: str) -> list[tuple[float, float]]:
    """When somebody was connected, as the record has it."""
    person = house.patient(external_id) if external_id == "PAT1" else house.provider(external_id)
    found = [(state, at) for state, at, _ in steps(house, person)]
    ends = [at for _, at in found[1:]] + [float("inf")]
    return [(at, end) for (state, at), end in zip(found, ends, strict=True) if state is CONNECTED]


def key_of(house: House, external_id: str) -> str:
    """The key of the patient or of the clinician."""
    return house.patient_key() if external_id == "PAT1" else house.provider_key()


def told_steps(house: House) -> dict[str, set[tuple[State, datetime]]]:
    """The steps of each that the EHR was told of, or that was tried."""
    return {
        key: {(one.state, one.at) for one in person.writebacks if one.attempts}
        for key, person in house.visit().participants.items()
    }


def true_steps(house: House) -> dict[str, set[tuple[State, datetime]]]:
    """The steps of each as the record has them."""
    visit = house.visit()
    return {key: _brief(fold(one.legs, visit.ends, DEBOUNCE)) for key, one in visit.participants.items()}


def _brief(found: Sequence[Step]) -> set[tuple[State, datetime]]:
    return {(step.state, step.at) for step in found}


@settings(max_examples=150)
@given(
    truths(),
    st.data(),
    st.lists(st.lists(SKEW, min_size=7, max_size=7), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_whatever_events_are_lost_the_record_is_the_truth_afterwards(
    truth: Truth,
    data: st.DataObject,
    skews: list[list[int]],
    stamps_time: bool,  # noqa: FBT001
    work: bool,  # noqa: FBT001
) -> None:
    house = opened()
    house.teller.stamps_time = stamps_time
    events = truth.events()
    kept = data.draw(st.lists(st.sampled_from(events), unique_by=id, max_size=len(events)))
    for one in [*sorted(kept, key=lambda one: one.at), *kept[:2]]:
        house.happen(one)
        if work:
            house.work()
    before, told = true_steps(house), told_steps(house)

    hear(house, *(reported(truth, REPORT, skew) for skew in skews))

    for who, intervals in truth.there.items():
        if (DISCONNECTED, after(truth.end)) in told[key_of(house, who)] and truth.for_all:
            continue  # told as left with the end for all, though it was before: what was told stays
        found = connected(house, who)
        assert len(found) == len(intervals), (who, found, intervals)
        for (start, end), (true_start, true_end) in zip(found, intervals, strict=True):
            assert abs(start - true_start) <= DOUBT
            assert abs(end - true_end) <= DOUBT
    now = true_steps(house)
    assert all(told[key] & before[key] <= now[key] for key in told), "what was told stays true"
    again = house.visit()
    hear(house, *(reported(truth, REPORT, skew) for skew in reversed(skews)), reported(truth, RECORD, skews[0]))
    assert house.visit().participants == again.participants, "again, in any version and from any source, adds nothing"
    log = list(house.teller.log)
    for one in truth.events():
        if truth.lobby or one in kept:
            continue
        house.happen(one)
    house.work_until_quiet()
    assert house.teller.log == log, "events that come after the reports tell nothing twice"
    if stamps_time:
        late = [message for message in house.teller.log if message.source in (REPORT, RECORD)]
        assert {message.state for message in late} <= {DISCONNECTED}, "nobody is shown as there who is gone"


ANY_TIMES = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 400)), max_size=4)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.sampled_from(["a", "b", "p", "q"]), st.sampled_from(Kind)), max_size=8),
    st.lists(st.tuples(st.sampled_from([GUEST, DOC]), ANY_TIMES, st.sampled_from([REPORT, RECORD])), max_size=4),
    st.booleans(),
)
def test_whatever_the_reports_say_what_was_told_stays_true_and_twice_is_once(
    signals: list[tuple[int, str, Kind]],
    people: list[tuple[Identity, list[tuple[int, int]], Source]],
    stamps_time: bool,  # noqa: FBT001
) -> None:
    house = opened()
    house.teller.stamps_time = stamps_time
    for at, leg, kind in sorted(signals):
        house.happen(event(at, leg, kind, DOC if leg in "pq" else GUEST))
        house.work()
    before, told = true_steps(house), told_steps(house)
    reports = [
        told_by(source, (who, times(*((start, start + length) for start, length in intervals))), end=1300)
        for who, intervals, source in people
    ]
    hear(house, *reports)
    now = true_steps(house)
    assert all(told[key] & before[key] <= now[key] for key in told)
    once = house.visit()
    hear(house, *reports)
    assert house.visit().participants == once.participants
    for key, person in once.participants.items():
        assert PAGE_LEG not in person.legs or person.legs[PAGE_LEG] == house.visit().participants[key].legs[PAGE_LEG]
        assert all(one.status is not Status.PENDING for one in person.writebacks)


def test_a_change_is_a_change_of_the_visit_alone() -> None:
    house = opened()
    before = house.visit()
    after_all = house.attendance.with_reports(before, [told_by(REPORT, (DOC, times((60, 500))))])
    assert replace(after_all, participants=before.participants, last_signal=before.last_signal) == before
    assert after_all.last_signal == after(0) + timedelta(seconds=500)
