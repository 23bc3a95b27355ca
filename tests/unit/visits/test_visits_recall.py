"""What waits for an EHR that answers again is called back, and nothing else is touched."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.identifiers import Role
from shared.presence.model import EHR_DOWN, Participant, Source, State, Status, Writeback
from shared.visits.model import Visit
from shared.visits.recall import recalled
from tests.support.fakes import START
from tests.support.house import House

SECOND = timedelta(seconds=1)
ANSWERS_SINCE = START + timedelta(hours=2)
NOW = ANSWERS_SINCE + 10 * SECOND
LATER = NOW + timedelta(hours=1)

WAITS = Writeback(
    1,
    State.CONNECTED,
    START,
    Source.CALL_EVENTS,
    Status.RETRYING,
    LATER,
    reason="HTTP 503",
    attempts=3,
    first_try=START,
    last_try=ANSWERS_SINCE - 60 * SECOND,
)
NEVER_TRIED = replace(WAITS, status=Status.PENDING, reason=EHR_DOWN, attempts=0, last_try=None)


def visit_with(*of_each: tuple[Writeback, ...]) -> Visit:
    house = House()
    house.provider_launch()
    people = {
        f"patient-{number}": Participant(f"patient-{number}", Role.PATIENT, number, writebacks=writebacks)
        for number, writebacks in enumerate(of_each)
    }
    return replace(house.visit(), participants=people)


def dues(visit: Visit) -> list[datetime]:
    return [one.due for person in visit.participants.values() for one in person.writebacks]


@pytest.mark.parametrize("waits", [WAITS, NEVER_TRIED, replace(WAITS, last_try=ANSWERS_SINCE)])
def test_what_waits_is_due_within_twenty_seconds_but_not_all_at_once(waits: Writeback) -> None:
    visit = visit_with(*[(waits,)] * 40)
    after = recalled(visit, ANSWERS_SINCE, NOW)
    assert all(NOW <= due <= NOW + 20 * SECOND for due in dues(after))
    assert max(dues(after)) - min(dues(after)) > 5 * SECOND
    without_due = {
        key: replace(one, writebacks=tuple(replace(each, due=waits.due) for each in one.writebacks))
        for key, one in after.participants.items()
    }
    assert replace(after, participants=without_due) == visit


@pytest.mark.parametrize(
    "one",
    [
        replace(WAITS, last_try=ANSWERS_SINCE + SECOND),
        replace(WAITS, due=NOW + 30 * SECOND),
        replace(WAITS, status=Status.PENDING),
        replace(WAITS, status=Status.GIVEN_UP, reason=EHR_DOWN),
        replace(WAITS, status=Status.PENDING, reason=EHR_DOWN, first_try=None, last_try=None),
    ],
    ids=["tried since", "due soon", "waits for something else", "given up", "never asked for"],
)
def test_what_does_not_wait_for_the_ehr_stays_as_it_is(one: Writeback) -> None:
    visit = visit_with((one,))
    assert recalled(visit, ANSWERS_SINCE, NOW) is visit


def test_what_is_due_a_moment_after_soon_is_called_back() -> None:
    after = recalled(visit_with((replace(WAITS, due=NOW + 31 * SECOND),)), ANSWERS_SINCE, NOW)
    assert dues(after)[0] <= NOW + 20 * SECOND


def test_beside_one_that_waits_another_is_not_touched() -> None:
    settled = replace(WAITS, status=Status.DELIVERED)
    visit = visit_with((settled, replace(WAITS, sequence=2)), (settled,))
    after = recalled(visit, ANSWERS_SINCE, NOW)
    assert after.participants["patient-0"].writebacks[0] == settled
    assert after.participants["patient-0"].writebacks[1].due <= NOW + 20 * SECOND
    assert after.participants["patient-1"] is visit.participants["patient-1"]
