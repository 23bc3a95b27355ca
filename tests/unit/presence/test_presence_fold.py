"""From signals to steps: what `fold` makes of a participant's legs."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.presence.fold import fold
from shared.presence.model import PAGE_LEG, Kind, Legs, Signal, Source, State, Step

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DEBOUNCE = timedelta(seconds=20)
LOBBY, JOINED, LEFT = Kind.LOBBY, Kind.JOINED, Kind.LEFT
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED

Told = Mapping[str, Iterable[tuple[float, Kind]]]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def legs(told: Told) -> Legs:
    return {leg: frozenset(Signal(after(at), kind) for at, kind in signals) for leg, signals in told.items()}


def steps(told: Told, ends: Iterable[float] = (), debounce: timedelta = DEBOUNCE) -> list[tuple[State, float]]:
    folded = fold(legs(told), [after(end) for end in ends], debounce)
    return [(step.state, (step.at - START).total_seconds()) for step in folded]


def test_nobody_took_no_step() -> None:
    assert steps({}) == []
    assert steps({"a": []}) == []


def test_lobby_in_out() -> None:
    assert steps({"a": [(1, LOBBY), (5, JOINED), (90, LEFT)]}) == [(WAITING, 1), (CONNECTED, 5), (DISCONNECTED, 90)]


def test_from_our_page_through_the_lobby_is_one_waiting() -> None:
    assert steps({PAGE_LEG: [(0, LOBBY)], "a": [(30, LOBBY), (60, JOINED)]}) == [(WAITING, 0), (CONNECTED, 60)]


def test_where_we_know_it_from() -> None:
    told = legs({PAGE_LEG: [(0, LOBBY)], "a": [(60, JOINED)]})
    assert [step.source for step in fold(told, (), DEBOUNCE)] == [Source.PAGE, Source.CALL_EVENTS]


def test_who_was_only_seen_leaving_was_never_there() -> None:
    assert steps({"a": [(9, LEFT)]}) == []


def test_leaving_before_coming_is_no_step() -> None:
    assert steps({"a": [(9, LEFT), (12, JOINED)]}) == [(CONNECTED, 12)]


def test_back_within_the_debounce_never_left() -> None:
    assert steps({"a": [(0, JOINED), (50, LEFT)], "b": [(69, JOINED)]}) == [(CONNECTED, 0)]


def test_back_at_the_debounce_to_the_second_had_left() -> None:
    told: Told = {"a": [(0, JOINED), (50, LEFT)], "b": [(70, JOINED)]}
    assert steps(told) == [(CONNECTED, 0), (DISCONNECTED, 50), (CONNECTED, 70)]


def test_back_in_the_lobby_within_the_debounce_is_waiting_and_no_leave() -> None:
    told: Told = {"a": [(0, JOINED), (50, LEFT)], "b": [(55, LOBBY), (100, JOINED)]}
    assert steps(told) == [(CONNECTED, 0), (WAITING, 55), (CONNECTED, 100)]


def test_without_debounce_every_leave_counts() -> None:
    told: Told = {"a": [(0, JOINED), (1, LEFT)], "b": [(2, JOINED)]}
    assert steps(told, debounce=timedelta()) == [(CONNECTED, 0), (DISCONNECTED, 1), (CONNECTED, 2)]


def test_two_devices_are_one_person() -> None:
    told: Told = {"a": [(0, JOINED), (50, LEFT)], "b": [(10, JOINED), (100, LEFT)]}
    assert steps(told) == [(CONNECTED, 0), (DISCONNECTED, 100)]


def test_a_second_device_in_the_lobby_does_not_disturb() -> None:
    told: Told = {"a": [(0, JOINED)], "b": [(10, LOBBY), (40, LEFT)]}
    assert steps(told) == [(CONNECTED, 0)]


def test_at_the_same_instant_lobby_comes_first_and_leaving_last() -> None:
    assert steps({"a": [(5, JOINED), (5, LOBBY)]}) == [(CONNECTED, 5)]
    assert steps({"a": [(0, LOBBY), (5, JOINED), (5, LEFT)]}) == [(WAITING, 0), (DISCONNECTED, 5)]


def test_ending_for_all_takes_out_whoever_is_in() -> None:
    told: Told = {"a": [(0, JOINED)], "b": [(10, LOBBY)]}
    assert steps(told, ends=[50]) == [(CONNECTED, 0), (DISCONNECTED, 50)]


def test_ending_for_all_does_not_touch_who_came_later_or_left_before() -> None:
    assert steps({"a": [(0, JOINED), (20, LEFT)]}, ends=[50]) == [(CONNECTED, 0), (DISCONNECTED, 20)]
    assert steps({"a": [(60, JOINED)]}, ends=[50]) == [(CONNECTED, 60)]


def test_who_comes_in_at_the_instant_of_the_end_was_not_there() -> None:
    assert steps({"a": [(50, Kind.JOINED)]}, ends=[50]) == []


def test_a_meeting_can_be_ended_twice() -> None:
    told: Told = {"a": [(0, JOINED), (100, JOINED)]}
    expected = [(CONNECTED, 0), (DISCONNECTED, 50), (CONNECTED, 100), (DISCONNECTED, 150)]
    assert steps(told, ends=[150, 50]) == expected


def test_who_left_with_one_end_is_not_taken_out_by_the_next() -> None:
    told: Told = {"a": [(0, JOINED)], PAGE_LEG: [(100, LOBBY)]}
    assert steps(told, ends=[50, 150]) == [(CONNECTED, 0), (DISCONNECTED, 50), (WAITING, 100)]


def test_our_page_is_not_ended_with_the_meeting() -> None:
    assert steps({PAGE_LEG: [(0, LOBBY)]}, ends=[50]) == [(WAITING, 0)]


def test_the_page_of_before_does_not_hold_who_left_the_meeting() -> None:
    told: Told = {PAGE_LEG: [(0, LOBBY)], "a": [(10, JOINED), (50, LEFT)]}
    assert steps(told) == [(WAITING, 0), (CONNECTED, 10), (DISCONNECTED, 50)]


def test_who_comes_back_to_the_page_waits_again() -> None:
    told: Told = {PAGE_LEG: [(0, LOBBY), (200, LOBBY)], "a": [(10, JOINED), (50, LEFT)]}
    assert steps(told)[-2:] == [(DISCONNECTED, 50), (WAITING, 200)]


def test_the_page_between_two_devices_leavings_holds_nobody() -> None:
    told: Told = {"a": [(0, JOINED), (50, LEFT)], PAGE_LEG: [(100, LOBBY)], "b": [(10, JOINED), (150, LEFT)]}
    assert steps(told) == [(CONNECTED, 0), (DISCONNECTED, 150)]


def test_the_page_does_not_pull_a_person_out_of_the_meeting() -> None:
    told: Told = {PAGE_LEG: [(0, LOBBY), (30, LOBBY)], "a": [(10, JOINED)]}
    assert steps(told) == [(WAITING, 0), (CONNECTED, 10)]


# Few moments and few legs, so that collisions of every kind are common.
moments = st.integers(0, 60).map(lambda tick: after(tick * 5))
signals = st.builds(Signal, moments, st.sampled_from(Kind))
page_signals = st.builds(Signal, moments, st.just(LOBBY))
many_legs = st.fixed_dictionaries(
    {},
    optional={
        PAGE_LEG: st.frozensets(page_signals, max_size=3),
        "a": st.frozensets(signals, max_size=8),
        "b": st.frozensets(signals, max_size=8),
        "c": st.frozensets(signals, max_size=4),
    },
)
many_ends = st.lists(moments, max_size=2)


@settings(max_examples=200)
@given(many_legs, many_ends, st.randoms(use_true_random=False), st.integers(0, 60))
def test_order_and_repetition_of_signals_never_matter(
    told: Legs, ends: list[datetime], chance: Random, seconds: int
) -> None:
    debounce = timedelta(seconds=seconds)
    flat = [(leg, signal) for leg, found in told.items() for signal in found]
    again = [*flat, *flat[::2]]
    chance.shuffle(again)
    collected: dict[str, frozenset[Signal]] = {}
    for leg, signal in again:
        collected[leg] = collected.get(leg, frozenset()) | {signal}
    assert fold(collected, [*reversed(ends), *ends], debounce) == fold(told, ends, debounce)


@settings(max_examples=200)
@given(many_legs, many_ends, st.integers(0, 60))
def test_steps_alternate_in_time_and_begin_with_coming(told: Legs, ends: list[datetime], seconds: int) -> None:
    folded = fold(told, ends, timedelta(seconds=seconds))
    for one, following in pairwise(folded):
        assert one.state is not following.state
        assert one.at < following.at
    assert not folded or folded[0].state is not DISCONNECTED


@settings(max_examples=200)
@given(many_legs, many_ends, st.integers(0, 60))
def test_no_absence_inside_is_shorter_than_the_debounce(told: Legs, ends: list[datetime], seconds: int) -> None:
    debounce = timedelta(seconds=seconds)
    folded = fold(told, ends, debounce)
    for one, following in pairwise(folded):
        assert one.state is not DISCONNECTED or following.at - one.at >= debounce


@settings(max_examples=200)
@given(many_legs, many_ends, st.integers(0, 60))
def test_the_last_step_is_where_the_person_is(told: Legs, ends: list[datetime], seconds: int) -> None:
    folded = fold(told, ends, timedelta(seconds=seconds))
    last = folded[-1].state if folded else DISCONNECTED
    assert last is _present(told, ends)


def _present(told: Legs, ends: list[datetime]) -> State:
    """The end of the story, from the last signals only."""
    latest = {leg: max(found) for leg, found in told.items() if found}
    page = latest.pop(PAGE_LEG, None)
    for leg, last in latest.items():
        over = [end for end in ends if end >= last.at and last.kind is not LEFT]
        latest[leg] = max(last, Signal(min(over), LEFT)) if over else last
    kinds = {signal.kind for signal in latest.values()}
    if JOINED in kinds:
        return CONNECTED
    waits_on_page = page is not None and all(page.at > signal.at for signal in latest.values())
    return WAITING if LOBBY in kinds or waits_on_page else DISCONNECTED


@settings(max_examples=100)
@given(st.frozensets(signals, max_size=8), st.frozensets(signals, max_size=8))
def test_a_second_device_only_adds_presence(one: frozenset[Signal], other: frozenset[Signal]) -> None:
    alone = fold({"a": one}, (), timedelta())
    both = fold({"a": one, "b": other}, (), timedelta())
    for moment in sorted({signal.at for signal in one}):
        if _at(alone, moment) is CONNECTED:
            assert _at(both, moment) is CONNECTED


def _at(folded: tuple[Step, ...], moment: datetime) -> State | None:
    past = [step for step in folded if step.at <= moment]
    return past[-1].state if past else None
