"""Who may deliver: a participant's baton."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.identifiers import Role
from shared.presence.baton import ABANDONED_AFTER, renewed, with_baton
from shared.presence.model import Baton, Participant, Source, State, Status, Writeback

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def person(*dues: datetime, baton: Baton | None = None) -> Participant:
    writebacks = tuple(
        Writeback(number, State.CONNECTED, NOW + number * SECOND, Source.CALL_EVENTS, Status.PENDING, due)
        for number, due in enumerate(dues, 1)
    )
    return Participant("patient-1", Role.PATIENT, 1, writebacks=writebacks, baton=baton)


def test_nothing_to_tell_no_baton() -> None:
    assert with_baton(person(), NOW).baton is None


def test_the_baton_is_due_with_the_first_in_order_not_with_the_soonest() -> None:
    made = with_baton(person(NOW + 20 * SECOND, NOW), NOW).baton
    assert made is not None
    assert made.due == NOW + 20 * SECOND


def test_every_baton_is_another() -> None:
    one, other = (with_baton(person(NOW), NOW).baton for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.token != other.token


def test_who_works_on_it_keeps_it() -> None:
    held = Baton("held", NOW - SECOND)
    assert with_baton(person(NOW, baton=held), NOW).baton == held
    assert with_baton(person(NOW, baton=Baton("held", NOW)), NOW).baton == Baton("held", NOW)


def test_a_baton_for_later_is_replaced_when_something_is_due_sooner() -> None:
    later = Baton("later", NOW + 20 * SECOND)
    made = with_baton(person(NOW, baton=later), NOW).baton
    assert made is not None
    assert made.token != "later"
    assert made.due == NOW


def test_a_baton_for_later_that_still_fits_is_kept() -> None:
    later = Baton("later", NOW + 20 * SECOND)
    assert with_baton(person(later.due, baton=later), NOW).baton == later


def test_a_baton_for_later_goes_when_nothing_is_left_to_tell() -> None:
    assert with_baton(person(baton=Baton("later", NOW + SECOND)), NOW).baton is None


def test_a_baton_under_work_stays_although_nothing_is_left_to_tell() -> None:
    held = Baton("held", NOW - SECOND)
    assert with_baton(person(baton=held), NOW).baton == held


def test_a_baton_that_is_long_overdue_was_lost() -> None:
    lost = Baton("lost", NOW - ABANDONED_AFTER - SECOND)
    made = with_baton(person(NOW - 3600 * SECOND, baton=lost), NOW).baton
    assert made is not None
    assert made.token != "lost"
    barely = replace(lost, due=NOW - ABANDONED_AFTER)
    assert with_baton(person(NOW - 3600 * SECOND, baton=barely), NOW).baton == barely


def test_a_baton_that_is_due_now_goes_to_whoever_works_on_it() -> None:
    held = Baton("held", NOW)
    assert with_baton(person(baton=held), NOW).baton == held
    assert with_baton(person(NOW + 20 * SECOND, baton=held), NOW).baton == held


def test_a_baton_in_hand_that_has_been_due_for_long_is_due_anew_and_stays_the_same() -> None:
    old = person(NOW, baton=Baton("held", NOW - 61 * SECOND))
    assert renewed(old, NOW) == replace(old, baton=Baton("held", NOW))


def test_a_baton_in_hand_that_was_due_a_moment_ago_stays_as_it_is() -> None:
    for seconds in (-20, 0, 60):
        fresh = person(NOW, baton=Baton("held", NOW - seconds * SECOND))
        assert renewed(fresh, NOW) is fresh
    idle = person(NOW)
    assert renewed(idle, NOW) is idle
