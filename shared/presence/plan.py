"""Steps to writebacks: what is still to be told, given what was told already.

An EHR that is told when something happened is told every step. One that stamps its own time can only be told the
present: what became known too late is kept on the record and not told; and if the last thing told is no longer
true, the truth is told once more. `docs/presence.md` lists the rules.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.presence.model import (
    AFTERWARDS,
    AFTERWARDS_ONLY,
    LATE,
    NO_WORD,
    OVERTAKEN,
    REJOINED,
    SAID,
    THERE,
    TOO_OLD,
    State,
    Status,
    Step,
    Writeback,
)

PRESENT_FOR = timedelta(minutes=5)
"""A step that another one followed may still be told so long after it happened; later it would mislead."""
LONG_OVER = timedelta(hours=12)
"""So long after a step its visit is over for everybody who looks at the EHR: nobody is shown as there any more."""
_IN_DOUBT_AFTER = timedelta(seconds=2)
"""By then a message has found its worker, if all is well."""
_TOLD = frozenset({Status.DELIVERED, Status.GIVEN_UP})


@dataclass(frozen=True)
class Hearer:
    """The EHR that is told: which states it has a word for, and whether it stamps the time itself.

    `repeats` are the states that count each time that somebody comes into them, even if there is no word for what was
    in between.
    """

    has_word: Callable[[State], bool]
    stamps_time: bool = True
    repeats: frozenset[State] = frozenset()


def plan(
    existing: Sequence[Writeback],
    steps: Sequence[Step],
    *,
    debounce: timedelta,
    now: datetime,
    hearer: Hearer,
    none_in_hand: bool = False,
) -> tuple[Writeback, ...]:
    """All writebacks of one participant after the steps have become known.

    Args:
        existing: the writebacks so far; settled ones come back as they are.
        steps: every true step, in order (the answer of `fold`).
        debounce: how long a disconnect is held back, in case the participant is back at once.
        now: the present.
        hearer: the EHR, as far as it matters here.
        none_in_hand: whether nobody can be telling any of the unsettled writebacks, or have died over it.
    """
    judge = _Present(existing, debounce, now, hearer) if hearer.stamps_time else _Chronicle(existing, hearer)
    wanted, reasons = judge.judged(steps)
    result = [_taken_back(one, steps, reasons) if _is_obsolete(one, wanted) else one for one in existing]
    if result != [*existing]:
        if not none_in_hand:
            # What was taken back may have been heard: that is judged with the rest.
            in_hand = min((one for one in existing if not one.is_settled), key=lambda one: (one.at, one.sequence))
            result = [_perhaps_heard(one, now) if one.sequence == in_hand.sequence else one for one in result]
        return plan(result, steps, debounce=debounce, now=now, hearer=hearer)
    for step in steps:
        if any(_is_of(one, step) and (step not in wanted or not one.is_settled) for one in result):
            continue
        sequence = len(result) + 1
        if step in wanted:
            due = max(now, step.at + debounce) if step.state is State.DISCONNECTED else now
            result.append(Writeback(sequence, step.state, step.at, step.source, Status.PENDING, due))
        else:
            reason = reasons[step]
            result.append(Writeback(sequence, step.state, step.at, step.source, Status.NOT_NEEDED, now, reason))
    return tuple(result)


Judgement = tuple[Sequence[Step], dict[Step, str]]
"""The steps that are still to be told, and why each of the others is not."""


class _Present:
    """For an EHR that stamps the time: it is told what is so now, and what was so a moment ago."""

    def __init__(self, existing: Sequence[Writeback], debounce: timedelta, now: datetime, hearer: Hearer) -> None:
        latest = max((one for one in existing if _may_be_heard(one)), key=_moment_told, default=None)
        self._told = max((one for one in existing if one.status in _TOLD), key=_moment_told, default=None)
        # What was tried without an answer and then taken back may have been heard.
        self._unsure = latest is not None and latest.status not in _TOLD
        self._debounce = debounce
        self._now = now
        self._hearer = hearer

    def judged(self, steps: Sequence[Step]) -> Judgement:
        reasons = {step: reason for step in steps if (reason := self._why_never(step))}
        for step, following in itertools.pairwise(steps):
            by = following if step.state in THERE else self._next_word(steps, step)
            if by and step not in reasons and _is_overtaken(step.at, by, self._debounce, self._now):
                reasons[step] = OVERTAKEN
        wanted: list[Step] = []
        said = self._told.state if self._told else None
        for step in [one for one in steps if one not in reasons]:
            if step.state is said and step.state not in self._hearer.repeats:
                reasons[step] = SAID
            elif said is None and self._is_pointless_alone(step):
                reasons[step] = AFTERWARDS_ONLY if step.source in AFTERWARDS else TOO_OLD
            else:
                wanted.append(step)
                said = step.state
        return (wanted or self._correction(steps, said)), reasons

    def _why_never(self, step: Step) -> str:
        if self._told is not None and step.at <= self._told.at:
            return LATE
        if not self._hearer.has_word(step.state):
            return NO_WORD
        if step.state in THERE and step.source in AFTERWARDS:
            return AFTERWARDS_ONLY
        if step.state in THERE and self._now - step.at > LONG_OVER:
            return TOO_OLD
        return ""

    def _next_word(self, steps: Sequence[Step], step: Step) -> Step | None:
        """What the EHR is told after a leaving. What it has no word for must not leave it with "connected"."""
        return next((one for one in steps if one.at > step.at and self._hearer.has_word(one.state)), None)

    def _is_pointless_alone(self, step: Step) -> bool:
        """A leaving of somebody of whose coming the EHR knows nothing, when nobody asks for it any more."""
        if step.state in self._hearer.repeats:
            return False
        return step.source in AFTERWARDS or self._now - step.at > LONG_OVER

    def _correction(self, steps: Sequence[Step], said: State | None) -> Sequence[Step]:
        """The truth once more, if the EHR was told otherwise, or may have been."""
        if not steps or not self._hearer.has_word(steps[-1].state):
            return ()
        last = steps[-1]
        if last.state in THERE and (self._now - last.at > LONG_OVER or last.source in AFTERWARDS):
            return ()
        contradicted = said is not None and last.state is not said
        return steps[-1:] if contradicted or self._unsure else ()


class _Chronicle:
    """For an EHR that is told when something happened: it is told every step, whenever it becomes known."""

    def __init__(self, existing: Sequence[Writeback], hearer: Hearer) -> None:
        self._told = [one for one in existing if one.status in _TOLD]
        self._heard = [one for one in existing if _may_be_heard(one)]
        self._hearer = hearer

    def judged(self, steps: Sequence[Step]) -> Judgement:
        reasons: dict[Step, str] = {}
        wanted: list[Step] = []
        before: State | None = None
        for step in steps:
            if not self._hearer.has_word(step.state):
                reasons[step] = NO_WORD
                continue
            is_repeated = step.state is before and step.state not in self._hearer.repeats
            if is_repeated or any(_is_of(one, step) for one in self._told):
                reasons[step] = SAID
            else:
                wanted.append(step)
            before = step.state
        return (wanted or self._correction(steps)), reasons

    def _correction(self, steps: Sequence[Step]) -> Sequence[Step]:
        if not self._heard or not steps:
            return ()
        last, last_word = steps[-1], self._last_word()
        if last_word.state is last.state:
            return ()
        told_since = any(_is_of(one, last) and _moment_told(one) > _moment_told(last_word) for one in self._told)
        return () if told_since or not self._hearer.has_word(last.state) else (last,)

    def _last_word(self) -> Writeback:
        """What the EHR takes for the present: what happened last, or what it was told once more after that."""
        newest = max(self._heard, key=lambda one: (one.at, _moment_told(one)))
        first_told: dict[tuple[State, datetime], tuple[datetime, int]] = {}
        for one in self._heard:
            moment = _moment_told(one)
            first_told[one.state, one.at] = min(moment, first_told.get((one.state, one.at), moment))
        told_again = [one for one in self._heard if _moment_told(one) > first_told[one.state, one.at]]
        return max([newest, *told_again], key=_moment_told)


def is_overtaken(at: datetime, steps: Sequence[Step], debounce: timedelta, now: datetime) -> bool:
    """Whether what a participant did at that moment would mislead whoever takes it for the present."""
    following = next((step for step in steps if step.at > at), None)
    return following is not None and _is_overtaken(at, following, debounce, now)


def _is_overtaken(at: datetime, following: Step, debounce: timedelta, now: datetime) -> bool:
    held = debounce if following.state is State.DISCONNECTED else timedelta()
    return now - at > PRESENT_FOR and following.at + held <= now


def _may_be_heard(one: Writeback) -> bool:
    return one.status in _TOLD or one.last_try is not None


def _moment_told(one: Writeback) -> tuple[datetime, int]:
    return (one.last_try or one.at, one.sequence)


def _is_of(one: Writeback, step: Step) -> bool:
    return (one.state, one.at) == (step.state, step.at)


def _is_obsolete(one: Writeback, wanted: Sequence[Step]) -> bool:
    return not one.is_settled and not any(_is_of(one, step) for step in wanted)


def _perhaps_heard(one: Writeback, now: datetime) -> Writeback:
    """The first in line: if it is taken back a while after it was due, its worker may have told it and died over it."""
    return replace(one, last_try=now) if one.is_settled and one.due <= now - _IN_DOUBT_AFTER else one


def _taken_back(one: Writeback, steps: Sequence[Step], reasons: dict[Step, str]) -> Writeback:
    still_true = next((step for step in steps if _is_of(one, step)), None)
    reason = reasons.get(still_true, SAID) if still_true else REJOINED
    return replace(one, status=Status.NOT_NEEDED, reason=reason)
