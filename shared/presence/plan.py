"""Steps to writebacks: what is still to be told, given what was told already.

An EHR that stamps its own time can only be told the present. So what became known too late is kept on the
record and not told; and if the last thing told is no longer true, the truth is told once more.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.presence.model import LATE, NO_WORD, REJOINED, SAID, State, Status, Step, Writeback

_TOLD = frozenset({Status.DELIVERED, Status.GIVEN_UP})


def plan(
    existing: Sequence[Writeback],
    steps: Sequence[Step],
    *,
    debounce: timedelta,
    now: datetime,
    has_word: Callable[[State], bool],
) -> tuple[Writeback, ...]:
    """All writebacks of one participant after the steps have become known.

    Args:
        existing: the writebacks so far; settled ones come back as they are.
        steps: every true step, in order (the answer of `fold`).
        debounce: how long a disconnect is held back, in case the participant is back at once.
        now: the present.
        has_word: whether the EHR can be told that state of this person at all.
    """
    told = max((one for one in existing if one.status in _TOLD), key=_moment_told, default=None)
    wanted = _still_to_be_told(steps, told, has_word)
    result = [_taken_back(one) if _is_obsolete(one, wanted) else one for one in existing]
    for step in steps:
        if any(_is_of(one, step) and (step not in wanted or not one.is_settled) for one in result):
            continue
        sequence = len(result) + 1
        if step in wanted:
            due = max(now, step.at + debounce) if step.state is State.DISCONNECTED else now
            result.append(Writeback(sequence, step.state, step.at, step.source, Status.PENDING, due))
        else:
            reason = _why_not(step, told, has_word)
            result.append(Writeback(sequence, step.state, step.at, step.source, Status.NOT_NEEDED, now, reason))
    return tuple(result)


def _moment_told(one: Writeback) -> tuple[datetime, int]:
    return (one.last_try or one.at, one.sequence)


def _still_to_be_told(
    steps: Sequence[Step], told: Writeback | None, has_word: Callable[[State], bool]
) -> Sequence[Step]:
    """What the EHR can be told, and does not know already: it may have no word for what lay between."""
    wanted: list[Step] = []
    said = told.state if told else None
    for step in steps:
        if not _is_late(step, told) and has_word(step.state) and step.state is not said:
            wanted.append(step)
            said = step.state
    contradicted = steps and steps[-1].state is not said and has_word(steps[-1].state)
    return wanted or (steps[-1:] if contradicted else [])


def _is_late(step: Step, told: Writeback | None) -> bool:
    return told is not None and step.at <= told.at


def _why_not(step: Step, told: Writeback | None, has_word: Callable[[State], bool]) -> str:
    if _is_late(step, told):
        return LATE
    return SAID if has_word(step.state) else NO_WORD


def _is_of(one: Writeback, step: Step) -> bool:
    return (one.state, one.at) == (step.state, step.at)


def _is_obsolete(one: Writeback, wanted: Sequence[Step]) -> bool:
    return not one.is_settled and not any(_is_of(one, step) for step in wanted)


def _taken_back(one: Writeback) -> Writeback:
    return replace(one, status=Status.NOT_NEEDED, reason=REJOINED)
