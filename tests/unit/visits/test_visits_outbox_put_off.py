"""What the outbox does when it may not call the EHR now, when others write first, and what it logs."""

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import ConnectorError
from shared.presence.model import EHR_DOWN, REPLAY_FOR, Kind, Status, Writeback
from shared.visits.breaker import MOST_AT_ONCE
from shared.visits.circuit import FAILURES_TO_OPEN
from shared.visits.model import Phase, Visit
from shared.visits.outbox import RETRY_FOR
from shared.visits.ports import Pointer, Told
from tests.support.fakes import LATER, NEVER
from tests.support.house import CONNECTION, House, entra, event

DOC = entra("oid-1")
DOWN = Told(delivered=False, retry=True, reason="ReadTimeout", down=True)


def opened() -> House:
    """A visit of one clinician, whose first joining waits to be told."""
    house = House()
    house.teller.stamps_time = False
    house.provider_launch()
    house.happen(event(5, "p", Kind.JOINED, DOC))
    return house


def down() -> House:
    """The same at an EHR that others have found down."""
    return found_down(opened())


def found_down(house: House) -> House:
    for _ in range(FAILURES_TO_OPEN):
        house.breaker.leave(CONNECTION, house.breaker.enter(CONNECTION), DOWN)
    return house


def only(house: House) -> Writeback:
    (one,) = house.provider().writebacks
    return one


def keep(house: House, one: Writeback) -> None:
    """Put it on record as it would have come to be."""
    visit = house.visit()
    person = replace(house.provider(), writebacks=(one,))
    house.visits.kept[visit.key] = replace(visit, participants=visit.with_participant(person))


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, dict[str, Any]]]:
    split = [(record.levelname, *record.getMessage().partition(" ")[::2]) for record in caplog.records]
    return [(level, name, json.loads(fields)) for level, name, fields in split if name.startswith(("writeback", "ehr"))]


def test_while_others_of_its_visits_are_being_told_the_same_message_comes_back_in_a_second() -> None:
    house = opened()
    before = house.visit()
    entries = [house.breaker.enter(CONNECTION) for _ in range(MOST_AT_ONCE)]
    pointer = house.pointers.waiting[0][1]
    assert house.work() == 1
    assert house.pointers.sent[-1] == (pointer, timedelta(seconds=1))
    assert house.visit() == before
    house.breaker.leave(CONNECTION, entries[0], Told(delivered=True))
    house.work_until_quiet()
    assert only(house).status is Status.DELIVERED


def test_put_off_untried_it_says_why_and_since_when() -> None:
    house = down()
    before, now = only(house), house.clock.present
    house.work()
    put_off = only(house)
    assert put_off == replace(before, due=put_off.due, reason=EHR_DOWN, first_try=now)
    assert put_off.due >= house.circuits.kept[CONNECTION].probe_at
    assert house.pointers.sent[-1][1] == put_off.due - now
    assert house.teller.tries == []


def test_put_off_again_it_keeps_its_first_time_and_its_own_reason() -> None:
    house = down()
    first_try = house.clock.present - timedelta(hours=1)
    keep(house, replace(only(house), status=Status.RETRYING, reason="HTTP 503", attempts=2, first_try=first_try))
    house.work()
    put_off = only(house)
    assert (put_off.status, put_off.reason, put_off.attempts) == (Status.RETRYING, "HTTP 503", 2)
    assert put_off.first_try == first_try
    assert put_off.due > house.clock.present


def test_put_off_beyond_the_longest_time_it_is_given_up_and_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    house = down()
    keep(house, replace(only(house), attempts=3, first_try=house.clock.present - RETRY_FOR))
    caplog.set_level(logging.INFO)
    caplog.clear()
    house.work()
    assert (only(house).status, only(house).reason) == (Status.GIVEN_UP, EHR_DOWN)
    assert house.provider().baton is None
    assert lines(caplog) == [("ERROR", "writeback_given_up", logged(house, attempt=3, reason=EHR_DOWN))]


def test_given_up_untried_it_can_be_replayed_for_as_long_as_anything_else() -> None:
    house = opened()
    house.clock.forward(hours=76)
    found_down(house)
    keep(house, replace(only(house), first_try=house.clock.present - RETRY_FOR))
    house.work()
    assert (only(house).status, only(house).last_try) == (Status.GIVEN_UP, None)
    given_up = house.clock.present
    house.clock.forward(days=30, minutes=-1)
    house.upkeep.settle()
    assert house.visit().phase is not Phase.SETTLED
    house.clock.present = given_up + REPLAY_FOR
    house.upkeep.settle()
    assert house.visit().phase is Phase.SETTLED


def test_put_off_while_others_write_the_message_comes_back_at_once() -> None:
    house = down()
    pointer = house.pointers.waiting[0][1]
    house.visits.conflict_at(1)
    sent = len(house.pointers.sent)
    house.outbox.deliver(house.pointers.take() or pointer)
    assert house.pointers.sent[sent:] == [(pointer, timedelta())]
    house.work()
    assert only(house).reason == EHR_DOWN


def logged(house: House, **more: object) -> dict[str, Any]:
    return {"visit": house.key().session, "participant": house.provider_key(), "state": "connected", **more}


def test_each_outcome_is_logged_with_its_reason_and_nothing_of_a_person(caplog: pytest.LogCaptureFixture) -> None:
    house = opened()
    caplog.set_level(logging.INFO)
    house.teller.script += [LATER, Told(delivered=True)]
    house.work_until_quiet()
    assert lines(caplog) == [
        ("WARNING", "writeback_retrying", logged(house, attempt=1, reason="HTTP 503")),
        ("INFO", "writeback_delivered", logged(house, attempt=2, reason="")),
    ]


def given_up() -> tuple[House, Writeback, datetime]:
    house = opened()
    house.teller.script.append(NEVER)
    house.work_until_quiet()
    return house, only(house), house.clock.forward(30)


def test_a_replay_begins_like_new_and_remembers_when_it_was_last_tried() -> None:
    house, before, now = given_up()
    assert house.outbox.replay((house.key(), house.provider_key(), 1))
    assert only(house) == replace(
        before, status=Status.PENDING, due=now, reason="", attempts=0, first_try=None, last_try=before.last_try
    )


def test_who_meets_nothing_but_conflicts_is_told_to_try_again_in_two_seconds() -> None:
    house, _, _ = given_up()
    house.visits.conflict_at(*range(1, 200))
    with pytest.raises(ConnectorError) as busy:
        house.outbox.replay((house.key(), house.provider_key(), 1))
    assert (busy.value.code, busy.value.retry_after) == ("busy", 2)


def much_to_tell() -> tuple[House, Pointer]:
    """More than one worker takes time for, and the message that is good for it."""
    house = opened()
    kinds = (Kind.JOINED, Kind.LEFT)
    house.happen(*(event(100 * number, "p", kinds[number % 2], DOC) for number in range(1, 121)))
    house.clock.forward(60)
    baton = house.provider().baton
    return house, next(one for _, one in house.pointers.waiting if baton is not None and one.baton == baton.token)


@pytest.mark.parametrize("saves", [0, 50])
def test_a_message_whose_outcome_or_rest_cannot_be_kept_stays_on_the_queue(saves: int) -> None:
    house, pointer = much_to_tell()
    house.visits.conflict_at(*range(saves + 1, saves + 200))
    with pytest.raises(ConnectorError) as busy:
        house.outbox.deliver(pointer)
    assert (busy.value.code, busy.value.retry_after) == ("busy", 2)
    assert len(house.teller.log) == max(saves, 1)
    house.visits.writes += 1000
    house.outbox.deliver(pointer)
    house.work_until_quiet()
    assert house.provider().unsettled == ()


def test_whoever_lost_its_baton_meanwhile_passes_nothing_on() -> None:
    house, pointer = much_to_tell()
    house.pointers.waiting.clear()
    writes = house.visits.writes

    def lost(number: int, _visit: Visit) -> None:
        if number == writes + 51:
            house.visits.before_write = lambda number, visit: None
            visit = house.visit()
            person = replace(house.provider(), baton=None)
            house.visits.kept[visit.key] = replace(visit, participants=visit.with_participant(person), version="other")

    house.visits.before_write = lost
    house.outbox.deliver(pointer)
    assert len(house.teller.log) == 50
    assert house.pointers.waiting == []
