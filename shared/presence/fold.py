"""Signals to steps: a pure function of the set of all signals, so that order and repetition cannot matter.

State of a participant at an instant: connected while any leg is in the meeting, else waiting while any leg
is in the lobby or on our page, else disconnected. See `docs/presence.md` for the drawing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from shared.presence.model import PAGE_LEG, Kind, Legs, Signal, Source, State, Step


def fold(legs: Legs, ends: Iterable[datetime], debounce: timedelta) -> tuple[Step, ...]:
    """The steps that a participant really took.

    Args:
        legs: every signal ever seen, by leg; the same signal twice is the same signal.
        ends: when the meeting was ended for all; whoever was in then, left then.
        debounce: an absence shorter than this was none.
    """
    if not any(legs.values()):
        return ()
    told = with_ends(legs, tuple(ends))
    moments = sorted({signal.at for signals in told.values() for signal in signals})
    raw: list[Step] = []
    for moment in moments:
        state = _state_at(told, moment)
        if state is None or (raw and raw[-1].state is state):
            continue
        if not raw and state is State.DISCONNECTED:
            continue
        raw.append(Step(state, moment, _source_at(told, moment)))
    return _without_short_absences(raw, debounce)


def with_ends(legs: Legs, ends: Sequence[datetime]) -> dict[str, tuple[Signal, ...]]:
    """The signals of each leg, in order, with the leaving that an end of the meeting for all was to it."""
    told: dict[str, tuple[Signal, ...]] = {}
    for leg, signals in legs.items():
        known = set(signals)
        for end in sorted(ends) if leg != PAGE_LEG else ():
            # Whoever left with an earlier end is not there to leave with a later one.
            if _is_there(known, end):
                known.add(Signal(end, Kind.LEFT))
        told[leg] = tuple(sorted(known))
    return told


def _is_there(signals: Iterable[Signal], moment: datetime) -> bool:
    past = [signal for signal in signals if signal.at <= moment]
    return bool(past) and max(past).kind is not Kind.LEFT


def _state_at(legs: dict[str, tuple[Signal, ...]], moment: datetime) -> State | None:
    latest = {leg: signal for leg, signals in legs.items() if (signal := _latest(signals, moment))}
    page = latest.pop(PAGE_LEG, None)
    if not latest:
        return State.WAITING if page else None
    if any(signal.kind is Kind.JOINED for signal in latest.values()):
        return State.CONNECTED
    if any(signal.kind is Kind.LOBBY for signal in latest.values()):
        return State.WAITING
    came_back_to_page = page and all(signal.at < page.at for signal in latest.values())
    return State.WAITING if came_back_to_page else State.DISCONNECTED


def _latest(signals: Sequence[Signal], moment: datetime) -> Signal | None:
    past = [signal for signal in signals if signal.at <= moment]
    return past[-1] if past else None


def _source_at(legs: dict[str, tuple[Signal, ...]], moment: datetime) -> Source:
    """Who tells of that moment: the events of the call before any report on it, and the meeting before our page."""
    in_meeting = (signals for leg, signals in legs.items() if leg != PAGE_LEG)
    sources = {signal.source for signals in in_meeting for signal in signals if signal.at == moment}
    told_by = (Source.CALL_EVENTS, Source.ATTENDANCE_REPORT, Source.CALL_RECORD)
    return next((source for source in told_by if source in sources), Source.PAGE)


def _without_short_absences(raw: Sequence[Step], debounce: timedelta) -> tuple[Step, ...]:
    kept: list[Step] = []
    for position, step in enumerate(raw):
        following = raw[position + 1] if position + 1 < len(raw) else None
        short = following is not None and following.at - step.at < debounce
        if step.state is State.DISCONNECTED and short:
            continue
        if not kept or kept[-1].state is not step.state:
            kept.append(step)
    return tuple(kept)
