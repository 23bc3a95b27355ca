"""After an absence of ours nothing from before it is forgotten as long as Graph may still tell of it."""

from datetime import timedelta

import pytest

from shared.presence.model import Kind
from shared.visits.model import Phase, Visit
from shared.visits.pulse import GRAPH_TRIES_FOR, Pulse, beaten, may_have_missed
from tests.support.fakes import START
from tests.support.house import QUIET, House, after, entra, event
from tests.support.reports import ATTENDANCE_ONLY, report

MINUTE = timedelta(minutes=1)


def test_the_first_beat_and_an_ordinary_one_are_after_no_absence() -> None:
    assert beaten(None, START) == Pulse(START)
    assert beaten(Pulse(START), START + 20 * MINUTE) == Pulse(START + 20 * MINUTE)


def test_a_gap_is_an_absence_and_stays_on_record() -> None:
    back = START + 21 * MINUTE
    assert beaten(Pulse(START), back) == Pulse(back, back)
    assert beaten(Pulse(back, back), back + 5 * MINUTE) == Pulse(back + 5 * MINUTE, back)


@pytest.mark.parametrize(
    ("age", "since", "missed"),
    [
        (MINUTE, timedelta(), True),
        (timedelta(), timedelta(), False),
        (MINUTE, GRAPH_TRIES_FOR - MINUTE, True),
        (MINUTE, GRAPH_TRIES_FOR, False),
    ],
)
def test_what_was_there_before_may_have_been_missed(age: timedelta, since: timedelta, missed: bool) -> None:  # noqa: FBT001
    visit = Visit(House().key(), START - age)
    assert may_have_missed(Pulse(START + since, START), visit) is missed
    assert not may_have_missed(Pulse(START + since), visit)


def test_a_visit_that_was_quiet_while_we_were_away_is_neither_ended_nor_forgotten_for_four_hours() -> None:
    house = House()
    house.pulses.steady = False
    house.provider_launch()
    house.happen(event(5, "p", Kind.JOINED, entra("oid-1")), event(60, "p", Kind.LEFT, entra("oid-1")))
    house.work_until_quiet()
    house.upkeep.settle()
    house.clock.forward(QUIET.total_seconds() + 60)
    house.upkeep.settle()
    assert house.visit().phase is Phase.OPEN
    assert house.visit().subscription is not None
    for _ in range(48):
        assert house.visit().phase is Phase.OPEN
        house.clock.forward(minutes=5)
        house.upkeep.settle()
    assert house.visit().phase is Phase.SETTLED


def test_reports_of_a_visit_from_before_are_asked_for_once_more() -> None:
    house = House(sources=ATTENDANCE_ONLY)
    house.pulses.steady = False
    house.provider_launch()
    house.happen(event(5, "p", Kind.JOINED, entra("oid-1")), event(60, "p", Kind.LEFT, entra("oid-1")))
    house.work_until_quiet()
    meeting = house.visit().meeting
    assert meeting is not None
    house.reports.held[meeting.meeting_id] = [report(after(5), after(60))]
    house.clock.forward(minutes=11)
    house.upkeep.settle()
    assert [house.reconcile.run() for _ in range(2)] == [1, 0]
    house.clock.forward(minutes=21)
    house.upkeep.settle()
    assert [house.reconcile.run() for _ in range(2)] == [1, 0]
    house.clock.forward(minutes=5)
    house.upkeep.settle()
    assert house.reconcile.run() == 0
