"""From steps to writebacks: what is still to be told, whatever was told already and in whatever order we learn."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.presence.fold import fold
from shared.presence.model import (
    LATE,
    NO_WORD,
    OVERTAKEN,
    PAGE_LEG,
    REJOINED,
    SAID,
    Kind,
    Signal,
    Source,
    State,
    Status,
    Step,
    Writeback,
)
from shared.presence.plan import Hearer, plan

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DEBOUNCE = timedelta(seconds=20)
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED
TWO_WORDS = frozenset({CONNECTED, DISCONNECTED})


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def step(state: State, seconds: float) -> Step:
    return Step(state, after(seconds), Source.CALL_EVENTS)


def planned(
    existing: tuple[Writeback, ...],
    *steps: Step,
    now: float,
    words: frozenset[State] = frozenset(State),
    stamps_time: bool = True,
    repeats: frozenset[State] = frozenset(),
) -> tuple[Writeback, ...]:
    hearer = Hearer(words.__contains__, stamps_time=stamps_time, repeats=repeats)
    return plan(existing, steps, debounce=DEBOUNCE, now=after(now), hearer=hearer)


def delivered(writebacks: tuple[Writeback, ...], sequence: int, at: float) -> tuple[Writeback, ...]:
    return tuple(
        replace(one, status=Status.DELIVERED, last_try=after(at)) if one.sequence == sequence else one
        for one in writebacks
    )


def brief(writebacks: tuple[Writeback, ...]) -> list[tuple[State, float, Status, str]]:
    return [(one.state, (one.at - START).total_seconds(), one.status, one.reason) for one in writebacks]


def pending(state: State, seconds: float) -> tuple[State, float, Status, str]:
    return (state, seconds, Status.PENDING, "")


def test_nothing_happened_nothing_is_told() -> None:
    assert planned((), now=0) == ()


def test_every_step_is_told_and_a_leave_only_after_the_debounce() -> None:
    result = planned((), step(WAITING, 0), step(CONNECTED, 5), step(DISCONNECTED, 90), now=91)
    assert brief(result) == [pending(WAITING, 0), pending(CONNECTED, 5), pending(DISCONNECTED, 90)]
    assert [one.due for one in result] == [after(91), after(91), after(110)]
    assert [one.sequence for one in result] == [1, 2, 3]


def test_a_leave_learned_of_late_is_told_at_once() -> None:
    assert planned((), step(CONNECTED, 0), step(DISCONNECTED, 10), now=500)[1].due == after(500)


def test_only_a_leave_is_held_back() -> None:
    assert planned((), step(CONNECTED, 0), now=5)[0].due == after(5)


def test_what_is_not_told_keeps_when_it_was_where_it_is_known_from_and_since_when() -> None:
    kept = planned((), step(WAITING, 0), now=8, words=TWO_WORDS)
    assert kept == (Writeback(1, WAITING, after(0), Source.CALL_EVENTS, Status.NOT_NEEDED, after(8), NO_WORD),)


def test_a_coming_in_overtakes_at_once_and_a_leave_only_after_the_debounce() -> None:
    for following, since, status in (
        (CONNECTED, 0, (Status.NOT_NEEDED, OVERTAKEN)),
        (DISCONNECTED, 19, (Status.PENDING, "")),
        (DISCONNECTED, 20, (Status.NOT_NEEDED, OVERTAKEN)),
    ):
        first = planned((), step(WAITING, 0), step(following, 400), now=400 + since)[0]
        assert (first.status, first.reason) == status


def test_who_is_told_with_times_hears_no_state_twice_and_none_without_a_word() -> None:
    seen = (step(WAITING, 0), step(CONNECTED, 5), step(WAITING, 60), step(CONNECTED, 70), step(DISCONNECTED, 90))
    assert brief(planned((), *seen, now=120, words=TWO_WORDS, stamps_time=False)) == [
        (WAITING, 0, Status.NOT_NEEDED, NO_WORD),
        pending(CONNECTED, 5),
        (WAITING, 60, Status.NOT_NEEDED, NO_WORD),
        (CONNECTED, 70, Status.NOT_NEEDED, SAID),
        pending(DISCONNECTED, 90),
    ]


def test_planning_twice_changes_nothing() -> None:
    once = planned((), step(CONNECTED, 5), step(DISCONNECTED, 90), now=91)
    assert planned(once, step(CONNECTED, 5), step(DISCONNECTED, 90), now=95) == once


def test_back_within_the_debounce_takes_the_leave_back() -> None:
    first = delivered(planned((), step(CONNECTED, 0), step(DISCONNECTED, 50), now=51), 1, 51)
    result = planned(first, step(CONNECTED, 0), now=60)
    assert brief(result) == [
        (CONNECTED, 0, Status.DELIVERED, ""),
        (DISCONNECTED, 50, Status.NOT_NEEDED, REJOINED),
    ]


def test_what_was_taken_back_and_is_true_after_all_is_told() -> None:
    first = delivered(planned((), step(CONNECTED, 0), step(DISCONNECTED, 50), now=51), 1, 51)
    back = planned(first, step(CONNECTED, 0), now=60)
    result = planned(back, step(CONNECTED, 0), step(DISCONNECTED, 50), now=65)
    assert brief(result)[1:] == [(DISCONNECTED, 50, Status.NOT_NEEDED, REJOINED), pending(DISCONNECTED, 50)]


def test_what_comes_too_late_is_kept_and_not_told() -> None:
    first = delivered(planned((), step(CONNECTED, 5), now=6), 1, 6)
    result = planned(first, step(WAITING, 0), step(CONNECTED, 5), now=8)
    assert brief(result) == [(CONNECTED, 5, Status.DELIVERED, ""), (WAITING, 0, Status.NOT_NEEDED, LATE)]


def test_a_told_leave_that_was_none_is_corrected_once() -> None:
    first = planned((), step(CONNECTED, 0), step(DISCONNECTED, 50), now=71)
    first = delivered(delivered(first, 1, 1), 2, 71)
    result = planned(first, step(CONNECTED, 0), now=80)
    assert brief(result)[2:] == [pending(CONNECTED, 0)]
    assert planned(result, step(CONNECTED, 0), now=81) == result
    told = delivered(result, 3, 82)
    assert planned(told, step(CONNECTED, 0), now=83) == told


def test_a_correction_that_is_overtaken_is_not_told_but_may_have_been_heard() -> None:
    first = planned((), step(CONNECTED, 0), step(DISCONNECTED, 50), now=71)
    corrected = planned(delivered(delivered(first, 1, 1), 2, 71), step(CONNECTED, 0), now=80)
    result = planned(corrected, step(CONNECTED, 0), step(DISCONNECTED, 78), now=85)
    assert [(one.state, one.due) for one in result if one.status is Status.PENDING] == [(DISCONNECTED, after(98))]
    not_yet_due = tuple(replace(one, due=after(86)) if one.status is Status.PENDING else one for one in corrected)
    result = planned(not_yet_due, step(CONNECTED, 0), step(DISCONNECTED, 78), now=85)
    assert not any(one.status is Status.PENDING for one in result)


def test_only_the_first_in_line_may_have_been_heard_when_it_is_taken_back() -> None:
    first = planned((), step(CONNECTED, 0), step(DISCONNECTED, 50), step(WAITING, 80), now=81)
    result = planned(first, step(CONNECTED, 0), step(DISCONNECTED, 50), now=84)
    assert [(one.reason, one.last_try) for one in result if one.status is Status.NOT_NEEDED] == [(REJOINED, None)]
    result = planned(first, step(WAITING, 80), now=83)
    assert [one.last_try for one in result if one.status is Status.NOT_NEEDED] == [after(83), None]
    result = planned(first, step(WAITING, 80), now=82.9)
    assert [one.last_try for one in result if one.status is Status.NOT_NEEDED] == [None, None]


def test_what_was_given_up_counts_as_said() -> None:
    first = planned((), step(CONNECTED, 0), now=1)
    failed = (replace(first[0], status=Status.GIVEN_UP, last_try=after(1)),)
    result = planned(failed, step(CONNECTED, 0), step(DISCONNECTED, 50), now=51)
    assert brief(result) == [(CONNECTED, 0, Status.GIVEN_UP, ""), pending(DISCONNECTED, 50)]


def test_for_what_the_ehr_has_no_word_nothing_is_told() -> None:
    result = planned((), step(WAITING, 0), step(CONNECTED, 5), now=6, words=TWO_WORDS)
    assert brief(result) == [(WAITING, 0, Status.NOT_NEEDED, NO_WORD), pending(CONNECTED, 5)]
    assert planned(result, step(WAITING, 0), step(CONNECTED, 5), now=7, words=TWO_WORDS) == result


def test_through_the_lobby_again_is_not_told_as_a_second_coming() -> None:
    first = delivered(planned((), step(CONNECTED, 5), now=6, words=TWO_WORDS), 1, 6)
    result = planned(first, step(CONNECTED, 5), step(WAITING, 60), step(CONNECTED, 90), now=91, words=TWO_WORDS)
    assert [one.state for one in result if one.status is Status.PENDING] == []
    assert len(result) == 3
    assert planned(result, *steps_of(result), now=92, words=TWO_WORDS) == result


def test_a_second_wait_in_vain_is_not_told_as_a_second_leaving() -> None:
    steps = (step(CONNECTED, 5), step(DISCONNECTED, 50), step(WAITING, 100), step(DISCONNECTED, 130))
    result = planned((), *steps, now=131, words=TWO_WORDS)
    assert [(one.state, one.at) for one in result if one.status is Status.PENDING] == [
        (CONNECTED, after(5)),
        (DISCONNECTED, after(50)),
    ]


def test_nobody_is_told_as_connected_who_waits_again() -> None:
    first = planned((), step(CONNECTED, 5), step(DISCONNECTED, 50), now=71, words=TWO_WORDS)
    told = delivered(delivered(first, 1, 6), 2, 71)
    result = planned(told, step(CONNECTED, 5), step(WAITING, 55), now=80, words=TWO_WORDS)
    assert not any(one.status is Status.PENDING for one in result)


LEAVES = frozenset({DISCONNECTED})


@pytest.mark.parametrize("stamps_time", [True, False])
def test_a_later_leave_is_told_where_it_counts_even_if_there_is_no_word_for_what_came_between(
    stamps_time: bool,  # noqa: FBT001
) -> None:
    def planned_so_far(existing: tuple[Writeback, ...], count: int, now: float) -> tuple[Writeback, ...]:
        steps = (step(CONNECTED, 5), step(DISCONNECTED, 50), step(CONNECTED, 150), step(DISCONNECTED, 300))
        return planned(existing, *steps[:count], now=now, words=LEAVES, stamps_time=stamps_time, repeats=LEAVES)

    first = delivered(planned_so_far((), 2, 51), 2, 70)
    back = planned_so_far(first, 3, 151)
    assert not any(one.status is Status.PENDING for one in back)
    again = planned_so_far(back, 4, 301)
    assert brief(again)[3:] == [pending(DISCONNECTED, 300)]
    assert planned_so_far(delivered(again, 4, 320), 4, 400) == delivered(again, 4, 320)
    assert [one.at for one in planned_so_far((), 4, 301) if one.status is Status.PENDING] == [after(50), after(300)]


def test_a_leave_that_counts_is_told_even_if_only_a_report_tells_of_it_or_it_was_long_ago() -> None:
    steps = (step(CONNECTED, 5), Step(DISCONNECTED, after(50), Source.ATTENDANCE_REPORT))
    reported = planned((), *steps, now=600, words=LEAVES, repeats=LEAVES)
    assert brief(reported)[1:] == [pending(DISCONNECTED, 50)]
    late = planned((), step(CONNECTED, 5), step(DISCONNECTED, 50), now=13 * 3600, words=LEAVES, repeats=LEAVES)
    assert brief(late)[1:] == [pending(DISCONNECTED, 50)]


def steps_of(writebacks: tuple[Writeback, ...]) -> list[Step]:
    return sorted((Step(one.state, one.at, one.source) for one in writebacks), key=lambda one: one.at)


# What follows plays a whole participant: signals arrive in any order and batches, tries at telling go well or not,
# and news may arrive while a try is under way.


@dataclass
class Telling:
    """One participant, with an EHR that remembers what it was told."""

    words: frozenset[State]
    repeats: frozenset[State] = frozenset()
    stamps_time: bool = True
    now: datetime = START
    legs: dict[str, frozenset[Signal]] = field(default_factory=dict)
    ends: frozenset[datetime] = frozenset()
    writebacks: tuple[Writeback, ...] = ()
    ehr: list[Writeback] = field(default_factory=list)

    @property
    def steps(self) -> tuple[Step, ...]:
        return fold(self.legs, self.ends, DEBOUNCE)

    def learn(self, leg: str, signal: Signal) -> None:
        self.now = max(self.now, signal.at)
        self.legs[leg] = self.legs.get(leg, frozenset()) | {signal}

    def replan(self) -> None:
        before = {one.sequence: one for one in self.writebacks}
        hearer = Hearer(self.words.__contains__, stamps_time=self.stamps_time, repeats=self.repeats)
        self.writebacks = plan(self.writebacks, self.steps, debounce=DEBOUNCE, now=self.now, hearer=hearer)
        present = {one.sequence: one for one in self.writebacks}
        assert len(present) == len(self.writebacks), "a sequence number was given twice"
        for sequence, one in before.items():
            assert sequence in present, "a writeback is gone"
            if one.is_settled:
                assert present[sequence] == one, "a settled writeback changed"

    def try_one(self) -> Writeback | None:
        """What a worker finds to be told now; all that was learned has been planned before."""
        self.replan()
        waiting = sorted((one for one in self.writebacks if not one.is_settled), key=lambda one: (one.at, one.sequence))
        if not waiting or waiting[0].due > self.now:
            return None
        self.at_try = self.steps[-1]
        return waiting[0]

    def heard(self, one: Writeback) -> None:
        """The EHR takes it in."""
        if self.ehr:
            last = self.ehr[-1]
            # What was due for a while when it was taken back may have been heard: then the truth is told once more.
            perhaps = any(other.status is Status.NOT_NEEDED and other.last_try for other in self.writebacks)
            again = one.state in self.repeats and one.at != last.at
            assert perhaps or again or one.state is not last.state, "the same state was told twice in a row"
            if one.at <= last.at and self.stamps_time:
                assert one.state is self.at_try.state, "told out of order, and not as the correction to the truth"
        self.ehr.append(one)

    def settle(self, tried: Writeback, *, delivered: bool) -> None:
        """As the outbox does: what was told is noted even if it was taken back meanwhile."""
        tries = [one.last_try for one in self.writebacks if one.last_try]
        last_try = max([self.now, *(moment + timedelta(microseconds=1) for moment in tries)])
        current = next(one for one in self.writebacks if one.sequence == tried.sequence)
        if delivered:
            self.heard(tried)
            changed = replace(tried, status=Status.DELIVERED, last_try=last_try)
        elif current.is_settled:
            changed = replace(current, last_try=last_try)
        else:
            due = self.now + timedelta(seconds=2)
            changed = replace(tried, status=Status.RETRYING, last_try=last_try, due=due)
        self.writebacks = tuple(changed if one.sequence == changed.sequence else one for one in self.writebacks)
        self.replan()

    def finish(self) -> None:
        """All is known; time goes on, and the EHR takes in whatever it is told."""
        self.replan()
        for _ in range(100):
            waiting = [one for one in self.writebacks if not one.is_settled]
            if not waiting:
                return
            self.now = max(self.now, *(one.due for one in waiting))
            if one := self.try_one():
                self.settle(one, delivered=True)
        raise AssertionError("there was always something more to tell")


ticks = st.integers(0, 40).map(lambda tick: after(tick * 5))
device = st.sampled_from(["a", "b"])
call_signals = st.tuples(device, st.builds(Signal, ticks, st.sampled_from(Kind)))
page_signals = st.tuples(st.just(PAGE_LEG), st.builds(Signal, ticks, st.just(Kind.LOBBY)))
news = st.lists(st.one_of(call_signals, call_signals, page_signals), min_size=1, max_size=10)
# What happens between one piece of news and the next: nothing at all (a batch), planning, a try that goes well or not,
# a try during which the next piece of news arrives, or time.
acts = st.lists(st.sampled_from(["batch", "plan", "ok", "fail", "ok meanwhile", "fail meanwhile", "wait"]), max_size=24)
vocabularies = st.sampled_from([frozenset(State), TWO_WORDS])


@settings(max_examples=200)
@given(news, acts, vocabularies, st.one_of(st.none(), ticks))
def test_whatever_comes_in_whatever_order_the_ehr_ends_with_the_truth(
    told: list[tuple[str, Signal]], course: list[str], words: frozenset[State], end: datetime | None
) -> None:
    telling = Telling(words)
    _play(telling, told, course, end)
    telling.finish()
    _check_truth(telling)


@settings(max_examples=200)
@given(news, acts, st.one_of(st.none(), ticks), st.booleans())
def test_whoever_leaves_for_good_is_told_of_where_leaves_count(
    told: list[tuple[str, Signal]],
    course: list[str],
    end: datetime | None,
    stamps_time: bool,  # noqa: FBT001
) -> None:
    telling = Telling(LEAVES, LEAVES, stamps_time)
    _play(telling, told, course, end)
    telling.finish()
    if telling.steps and telling.steps[-1].state is DISCONNECTED:
        assert max(one.at for one in telling.ehr) >= telling.steps[-1].at


@settings(max_examples=100)
@given(news, st.permutations(range(10)), vocabularies)
def test_what_is_known_before_anything_was_told_is_told_in_full(
    told: list[tuple[str, Signal]], order: list[int], words: frozenset[State]
) -> None:
    telling = Telling(words)
    for position in (one for one in order if one < len(told)):
        telling.learn(*told[position])
        telling.replan()
    telling.finish()
    expected: list[State] = []
    for one in telling.steps:
        if one.state in words and expected[-1:] != [one.state]:
            expected.append(one.state)
    assert [one.state for one in telling.ehr] == expected


def _play(telling: Telling, told: list[tuple[str, Signal]], course: list[str], end: datetime | None) -> None:
    remaining = [*told]
    for act in course:
        meanwhile = act.endswith("meanwhile")
        one = telling.try_one() if act.startswith(("ok", "fail")) else None
        if remaining and (meanwhile or act in ("batch", "plan")):
            telling.learn(*remaining.pop())
            if act != "batch":
                telling.replan()
        if act == "wait":
            telling.now += timedelta(seconds=25)
        if one:
            telling.settle(one, delivered=act.startswith("ok"))
    for leg, signal in remaining:
        telling.learn(leg, signal)
    if end:
        telling.ends = frozenset({end})
        telling.now = max(telling.now, end)


def _check_truth(telling: Telling) -> None:
    truth = telling.steps[-1].state if telling.steps else None
    if truth in telling.words:
        assert telling.ehr
        assert telling.ehr[-1].state is truth
    assert [one.sequence for one in telling.writebacks] == [*range(1, len(telling.writebacks) + 1)]
