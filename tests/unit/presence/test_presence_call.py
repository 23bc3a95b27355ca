"""When the call is over."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.presence.call import ended
from shared.presence.fold import fold
from shared.presence.model import PAGE_LEG, Kind, Legs, Signal, State

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GRACE = timedelta(seconds=20)
LOBBY, JOINED, LEFT = Kind.LOBBY, Kind.JOINED, Kind.LEFT
Told = Mapping[str, Iterable[tuple[float, Kind]]]
IN_AND_OUT: Told = {"a": [(5, JOINED), (90, LEFT)]}


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def legs(told: Told) -> Legs:
    return {leg: frozenset(Signal(after(at), kind) for at, kind in signals) for leg, signals in told.items()}


def over_at(*everybody: Told, ends: Iterable[float] = (), now: float = 10_000) -> float | None:
    found = ended([legs(one) for one in everybody], [after(end) for end in ends], GRACE, after(now))
    return None if found is None else (found - START).total_seconds()


def test_where_nobody_was_there_was_no_call() -> None:
    assert over_at() is None
    assert over_at({}, {"a": []}) is None


def test_our_page_is_no_part_of_the_call() -> None:
    assert over_at({PAGE_LEG: [(0, LOBBY)]}) is None
    assert over_at({PAGE_LEG: [(0, LOBBY)]}, IN_AND_OUT) == 90
    assert over_at({PAGE_LEG: [(95, LOBBY)]}, ends=[90]) == 90


@pytest.mark.parametrize(("now", "over"), [(90, None), (109.999, None), (110, 90), (5000, 90)])
def test_an_empty_meeting_is_over_after_the_grace(now: float, over: float | None) -> None:
    assert over_at(IN_AND_OUT, now=now) == over


@pytest.mark.parametrize("kind", [LOBBY, JOINED])
def test_as_long_as_one_is_there_or_in_the_lobby_it_is_not_over(kind: Kind) -> None:
    assert over_at(IN_AND_OUT, {"b": [(10, kind)]}) is None


def test_it_is_over_when_the_last_one_left() -> None:
    assert over_at(IN_AND_OUT, {"b": [(10, JOINED), (300, LEFT)], "c": [(11, LOBBY), (12, LEFT)]}) == 300


def test_an_end_for_all_needs_no_grace() -> None:
    assert over_at({"a": [(5, JOINED)]}, ends=[60], now=60) == 60
    assert over_at({}, ends=[60], now=60) == 60
    assert over_at(IN_AND_OUT, ends=[90], now=90) == 90
    assert over_at(IN_AND_OUT, ends=[95], now=95) == 95


def test_a_second_call_is_a_new_start() -> None:
    again: Told = {"a": [(5, JOINED)], "b": [(100, JOINED)]}
    assert over_at(again, ends=[60]) is None
    assert over_at({**again, "b": [(100, JOINED), (200, LEFT)]}, ends=[60], now=210) is None
    assert over_at({**again, "b": [(100, JOINED), (200, LEFT)]}, ends=[60]) == 200
    assert over_at(again, ends=[60, 150]) == 150


def test_what_the_roster_says_just_after_the_end_does_not_open_the_call_again() -> None:
    assert over_at({"a": [(5, JOINED), (61, LEFT)]}, ends=[60], now=81) == 61


TIMES = st.integers(0, 300).map(float)
SIGNALS = st.dictionaries(
    st.sampled_from(["a", "b", PAGE_LEG]), st.lists(st.tuples(TIMES, st.sampled_from(Kind)), max_size=5), max_size=3
)


@given(st.lists(SIGNALS, max_size=3), st.lists(TIMES, max_size=2), TIMES, TIMES)
def test_over_means_that_nobody_is_in_it(everybody: list[Told], ends: list[float], now: float, later: float) -> None:
    over = over_at(*everybody, ends=ends, now=now)
    if over is None:
        return
    for one in everybody:
        in_meeting = {leg: signals for leg, signals in one.items() if leg != PAGE_LEG}
        steps = fold(legs(in_meeting), [after(end) for end in ends], GRACE)
        assert not steps or steps[-1].state is State.DISCONNECTED
        assert not steps or steps[-1].at <= after(over)
    assert over_at(*everybody, ends=ends, now=now + later) == over, "what is over stays over if nothing happens"
