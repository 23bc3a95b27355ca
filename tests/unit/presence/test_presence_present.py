"""What an EHR that stamps the time is never told, and that one told with times is told everything once."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.presence.model import (
    AFTERWARDS_ONLY,
    OVERTAKEN,
    THERE,
    TOO_OLD,
    Source,
    State,
    Status,
    Step,
    Writeback,
)
from shared.presence.plan import LONG_OVER, PRESENT_FOR, Hearer, plan

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DEBOUNCE = timedelta(seconds=20)
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED
EVENTS, REPORT = Source.CALL_EVENTS, Source.ATTENDANCE_REPORT
HOUR = 3600


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(state: State, seconds: float, source: Source = EVENTS) -> Step:
    return Step(state, after(seconds), source)


def planned(
    existing: tuple[Writeback, ...], *steps: Step, now: float, stamps_time: bool = True
) -> tuple[Writeback, ...]:
    hearer = Hearer(frozenset(State).__contains__, stamps_time=stamps_time)
    return plan(existing, steps, debounce=DEBOUNCE, now=after(now), hearer=hearer)


def told(existing: tuple[Writeback, ...], sequence: int, at: float) -> tuple[Writeback, ...]:
    return tried(existing, sequence, at, Status.DELIVERED)


def tried(existing: tuple[Writeback, ...], sequence: int, at: float, status: Status) -> tuple[Writeback, ...]:
    return tuple(
        replace(one, status=status, attempts=1, first_try=after(at), last_try=after(at))
        if one.sequence == sequence
        else one
        for one in existing
    )


def to_tell(writebacks: tuple[Writeback, ...]) -> list[State]:
    return [one.state for one in writebacks if not one.is_settled]


def reasons(writebacks: tuple[Writeback, ...]) -> list[tuple[State, str]]:
    return [(one.state, one.reason) for one in writebacks if one.status is Status.NOT_NEEDED]


def test_a_connect_that_is_older_than_its_disconnect_is_not_told() -> None:
    down = planned((), step(CONNECTED, 0), now=1)
    result = planned(down, step(CONNECTED, 0), step(DISCONNECTED, 600), now=1000)
    assert to_tell(result) == [DISCONNECTED]
    assert reasons(result) == [(CONNECTED, OVERTAKEN)]


def test_what_happened_a_moment_ago_is_told_in_order() -> None:
    result = planned((), step(CONNECTED, 0), step(DISCONNECTED, 60), now=PRESENT_FOR.total_seconds())
    assert to_tell(result) == [CONNECTED, DISCONNECTED]


def test_a_connect_is_not_overtaken_while_its_disconnect_may_be_taken_back() -> None:
    result = planned((), step(CONNECTED, 0), step(DISCONNECTED, 995), now=1000)
    assert to_tell(result) == [CONNECTED, DISCONNECTED]


def test_a_connect_that_is_still_true_is_told_however_long_the_ehr_was_down() -> None:
    down = planned((), step(CONNECTED, 0), now=1)
    assert planned(down, step(CONNECTED, 0), now=11 * HOUR) == down


def test_between_two_absences_only_the_last_word_is_told() -> None:
    known = told(planned((), step(CONNECTED, 0), now=1), 1, 1)
    steps = (step(CONNECTED, 0), step(DISCONNECTED, 100), step(CONNECTED, 200), step(DISCONNECTED, 300))
    result = planned(known, *steps, now=HOUR)
    assert to_tell(result) == [DISCONNECTED]
    assert reasons(result) == [(DISCONNECTED, OVERTAKEN), (CONNECTED, OVERTAKEN)]


def test_who_left_and_came_back_in_an_outage_never_left_for_the_ehr() -> None:
    known = told(planned((), step(CONNECTED, 0), now=1), 1, 1)
    result = planned(known, step(CONNECTED, 0), step(DISCONNECTED, 100), step(CONNECTED, 200), now=HOUR)
    assert to_tell(result) == []


@pytest.mark.parametrize(
    ("words", "wanted"),
    [({CONNECTED, DISCONNECTED}, [DISCONNECTED]), ({WAITING, CONNECTED, DISCONNECTED}, [WAITING])],
    ids=["no word for waiting", "a word for it"],
)
def test_what_the_ehr_has_no_word_for_does_not_leave_it_with_what_is_over(
    words: set[State], wanted: list[State]
) -> None:
    """An hour's outage in which a connected patient left, and waits in the lobby again."""
    known = told(planned((), step(CONNECTED, 0), now=1), 1, 1)
    steps = (step(CONNECTED, 0), step(DISCONNECTED, 100), step(WAITING, 200))
    result = plan(known, steps, debounce=DEBOUNCE, now=after(HOUR), hearer=Hearer(words.__contains__))
    assert to_tell(result) == wanted


@pytest.mark.parametrize("state", sorted(THERE))
def test_nobody_is_shown_as_there_in_a_visit_long_over(state: State) -> None:
    down = planned((), step(state, 0), now=1)
    result = planned(down, step(state, 0), now=LONG_OVER.total_seconds() + 1)
    assert to_tell(result) == []
    assert reasons(result) == [(state, TOO_OLD)]


def test_a_leave_that_the_ehr_waits_for_is_told_however_late() -> None:
    known = told(planned((), step(CONNECTED, 0), now=1), 1, 1)
    down = planned(known, step(CONNECTED, 0), step(DISCONNECTED, 60), now=80)
    assert to_tell(planned(down, step(CONNECTED, 0), step(DISCONNECTED, 60), now=70 * HOUR)) == [DISCONNECTED]


def test_a_leave_of_somebody_of_whom_the_ehr_knows_nothing_is_not_told_when_the_visit_is_long_over() -> None:
    result = planned((), step(CONNECTED, 0), step(DISCONNECTED, 60), now=13 * HOUR)
    assert to_tell(result) == []
    assert reasons(result) == [(CONNECTED, TOO_OLD), (DISCONNECTED, TOO_OLD)]


def test_a_coming_that_only_a_report_tells_of_is_kept_and_not_told() -> None:
    result = planned((), step(CONNECTED, 0, REPORT), step(DISCONNECTED, 60, REPORT), now=600)
    assert to_tell(result) == []
    assert reasons(result) == [(CONNECTED, AFTERWARDS_ONLY), (DISCONNECTED, AFTERWARDS_ONLY)]


def test_a_leave_that_only_a_report_tells_of_ends_what_the_ehr_shows() -> None:
    known = told(planned((), step(CONNECTED, 0), now=1), 1, 1)
    assert to_tell(planned(known, step(CONNECTED, 0), step(DISCONNECTED, 60, REPORT), now=HOUR)) == [DISCONNECTED]


def test_a_leave_that_may_have_been_heard_and_was_none_is_corrected() -> None:
    known = told(planned((), step(CONNECTED, 0), now=1), 1, 1)
    leaving = planned(known, step(CONNECTED, 0), step(DISCONNECTED, 50), now=51)
    unanswered = tried(leaving, 2, 71, Status.RETRYING)
    back = planned(unanswered, step(CONNECTED, 0), now=75)
    assert to_tell(back) == [CONNECTED]
    assert planned(back, step(CONNECTED, 0), now=76) == back
    corrected = told(back, 3, 77)
    assert planned(corrected, step(CONNECTED, 0), now=78) == corrected


def test_a_leave_that_was_never_tried_and_was_none_is_not_corrected() -> None:
    known = told(planned((), step(CONNECTED, 0), now=1), 1, 1)
    leaving = planned(known, step(CONNECTED, 0), step(DISCONNECTED, 50), now=51)
    assert to_tell(planned(leaving, step(CONNECTED, 0), now=60)) == []


def test_one_that_is_told_with_times_is_told_what_comes_late() -> None:
    known = told(planned((), step(CONNECTED, 50), now=51, stamps_time=False), 1, 51)
    result = planned(known, step(WAITING, 0, REPORT), step(CONNECTED, 50), now=30 * HOUR, stamps_time=False)
    assert to_tell(result) == [WAITING]


def test_one_that_is_told_with_times_is_told_again_what_a_false_leave_contradicts() -> None:
    first = planned((), step(CONNECTED, 0), step(DISCONNECTED, 50), now=71, stamps_time=False)
    known = told(told(first, 1, 71), 2, 71)
    back = planned(known, step(CONNECTED, 0), now=80, stamps_time=False)
    assert to_tell(back) == [CONNECTED]
    corrected = told(back, 3, 82)
    assert planned(corrected, step(CONNECTED, 0), now=83, stamps_time=False) == corrected


def test_one_that_is_told_with_times_is_told_again_that_a_leave_was_none_after_all_wrong() -> None:
    """Two devices, told of out of order: the leave was true, then it seemed none, and then it was true again."""
    first = planned((), step(CONNECTED, 0), step(DISCONNECTED, 50), now=71, stamps_time=False)
    known = told(told(first, 1, 71), 2, 71)
    corrected = told(planned(known, step(CONNECTED, 0), now=80, stamps_time=False), 3, 82)
    again = planned(corrected, step(CONNECTED, 0), step(DISCONNECTED, 50), now=90, stamps_time=False)
    assert to_tell(again) == [DISCONNECTED]
    settled = told(again, 4, 91)
    assert planned(settled, step(CONNECTED, 0), step(DISCONNECTED, 50), now=92, stamps_time=False) == settled
    back = planned(settled, step(CONNECTED, 0), step(DISCONNECTED, 50), step(CONNECTED, 95), now=96, stamps_time=False)
    assert to_tell(back) == [CONNECTED]


def test_what_comes_late_after_a_correction_does_not_hide_it() -> None:
    first = planned((), step(CONNECTED, 10), step(DISCONNECTED, 50), now=71, stamps_time=False)
    known = told(told(first, 1, 71), 2, 71)
    corrected = told(planned(known, step(CONNECTED, 10), now=80, stamps_time=False), 3, 82)
    late = planned(corrected, step(WAITING, 0), step(CONNECTED, 10), now=90, stamps_time=False)
    assert to_tell(late) == [WAITING]
    heard = told(late, 4, 91)
    assert planned(heard, step(WAITING, 0), step(CONNECTED, 10), now=92, stamps_time=False) == heard


moments = st.lists(st.integers(0, 20 * HOUR), min_size=1, max_size=8, unique=True).map(sorted)
tellings = st.lists(st.tuples(st.integers(0, 4 * HOUR), st.sampled_from(["heard", "failed", "nothing"])), max_size=20)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Step, ...]:
    """Steps as the fold gives them: never the same state twice in a row, never beginning with a leave."""
    steps: list[Step] = []
    for moment in draw(moments):
        before = steps[-1].state if steps else DISCONNECTED
        state = draw(st.sampled_from([one for one in (WAITING, CONNECTED, DISCONNECTED) if one is not before]))
        steps.append(Step(state, after(moment), draw(st.sampled_from([EVENTS, EVENTS, REPORT]))))
    return tuple(steps)


def _heard_over_time(
    history: tuple[Step, ...], course: list[tuple[int, str]], *, stamps_time: bool
) -> tuple[list[tuple[Writeback, float]], tuple[Writeback, ...]]:
    """The EHR is tried at chosen moments, each time with what had happened by then, and at last until all is quiet."""
    heard: list[tuple[Writeback, float]] = []
    writebacks: tuple[Writeback, ...] = ()
    now = 0.0
    for wait, outcome in [*course, *[(HOUR, "heard")] * 60]:
        now += wait
        known = [one for one in history if one.at <= after(now)]
        writebacks = planned(writebacks, *known, now=now, stamps_time=stamps_time)
        due = sorted((one for one in writebacks if not one.is_settled), key=lambda one: (one.at, one.sequence))
        if not due or due[0].due > after(now) or outcome == "nothing":
            continue
        if outcome == "heard":
            heard.append((due[0], now))
        status = Status.DELIVERED if outcome == "heard" else Status.RETRYING
        writebacks = tried(writebacks, due[0].sequence, now, status)
    return heard, writebacks


@settings(max_examples=300)
@given(histories(), tellings)
def test_what_is_stale_never_reaches_an_ehr_that_stamps_the_time(
    history: tuple[Step, ...], course: list[tuple[int, str]]
) -> None:
    heard, writebacks = _heard_over_time(history, course, stamps_time=True)
    for one, now in heard:
        age = after(now) - one.at
        later = [step for step in history if one.at < step.at <= after(now) - DEBOUNCE]
        assert age <= PRESENT_FOR or not later, "told although something later was known"
        assert one.state not in THERE or age <= LONG_OVER, "shown as there in a visit long over"
        assert one.state not in THERE or one.source is EVENTS, "a coming that only a report tells of"
    states = [one.state for one, _ in heard]
    if not any(one.status is Status.NOT_NEEDED and one.last_try for one in writebacks):
        # What was due or tried when it was taken back may have been heard, and then the truth is told once more.
        assert all(before is not following for before, following in itertools.pairwise(states))
    if states and history[-1].state is DISCONNECTED:
        assert states[-1] is DISCONNECTED, "the EHR still shows somebody who has gone"
    assert all(one.is_settled for one in writebacks)


@settings(max_examples=300)
@given(histories(), tellings)
def test_one_that_is_told_with_times_is_told_every_step_once_and_in_order(
    history: tuple[Step, ...], course: list[tuple[int, str]]
) -> None:
    heard, _ = _heard_over_time(history, course, stamps_time=False)
    assert [(one.state, one.at) for one, _ in heard] == [(step.state, step.at) for step in history]
