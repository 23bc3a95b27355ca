"""What is known after a call: reports on who was there and when. They only ever add to what events told. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.identifiers import PEOPLE
from shared.presence.fold import fold
from shared.presence.model import AFTERWARDS, PAGE_LEG, Kind, Legs, Participant, Signal, Source, State, Status
from shared.visits.model import Visit
from shared.visits.who import Identity

TOLERANCE = timedelta(seconds=30)
"""So far may the times of a report lie from those of the events without telling of something else."""
_A_MOMENT = timedelta(microseconds=1)
_FOR_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Interval:
    """From when to when somebody was in the meeting."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Attended:
    """One person in a report, without their name, and when that person was there."""

    identity: Identity
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class Report:
    """One report on one call: an attendance report or a call record."""

    source: Source
    start: datetime
    end: datetime
    attended: tuple[Attended, ...] = ()


Whose = Callable[[Visit, Identity], Participant | None]
"""The participant whom an identity in a report names, new if need be; None if it is nobody of ours."""


def with_reports(visit: Visit, reports: Iterable[Report], whose: Whose, debounce: timedelta) -> Visit:
    """The visit with the signals that the reports tell of and no event did.

    Somebody who came and never left, left when the report says so, or else with the end of the call. Somebody who
    was there at a time at which nobody knew of them, was there. Nothing else is touched: what overlaps something
    known is taken for the same thing. The same reports again, or other versions of them, add nothing.

    One addition may be what keeps a step true that another would have taken away. So as long as anything can be
    added, all of it is tried again.
    """
    order = (Source.ATTENDANCE_REPORT, Source.CALL_RECORD)
    in_order = sorted(reports, key=lambda one: (order.index(one.source), one.start))
    before: Visit | None = None
    while visit != before:
        before = visit
        for report in in_order:
            visit = _with_report(visit, report, whose, debounce)
    return visit


def heard(participant: Participant, signal: Signal) -> tuple[Signal, ...]:
    """What an event says of a participant of whom a report may have told already.

    It is the same thing at the time that is on record: else an EHR that is told times would hear of it twice, a few
    seconds apart. And who came at a time of which a report told when they left is not there any more, though that
    event may never come.
    """
    known = {one for signals in participant.legs.values() for one in signals if one.source in AFTERWARDS}
    same = [one for one in known if one.kind is signal.kind and abs(one.at - signal.at) <= TOLERANCE]
    recorded = min(same, key=lambda one: (abs(one.at - signal.at), one.at), default=signal)
    left = None if signal.kind is Kind.LEFT else _when_that_ended(participant, recorded)
    return (recorded, left) if left else (recorded,)


def _when_that_ended(participant: Participant, came: Signal) -> Signal | None:
    """The leaving that a report told of, of the stay in which somebody came; of the next one if it was the lobby."""
    stays = [
        (min(signals).at, left)
        for signals in participant.legs.values()
        for left in signals
        if left.kind is Kind.LEFT and left.source in AFTERWARDS
    ]
    fits = [
        left for start, left in stays if came.at < left.at and (start - TOLERANCE <= came.at or came.kind is Kind.LOBBY)
    ]
    return min(fits, default=None)


def end_as_recorded(visit: Visit, end: datetime) -> datetime:
    """An end for all that was heard of after the report: when the report has the last one leave with it."""
    leavings = (
        signal.at
        for one in visit.participants.values()
        for signals in one.legs.values()
        for signal in signals
        if signal.source in AFTERWARDS and signal.kind is Kind.LEFT
    )
    return max((at for at in leavings if end <= at <= end + TOLERANCE), default=end)


def _with_report(visit: Visit, report: Report, whose: Whose, debounce: timedelta) -> Visit:
    people = {key: one for key, one in visit.participants.items() if one.role in PEOPLE}
    found: dict[str, list[Interval]] = {}
    for attended in report.attended:
        participant = whose(visit, attended.identity)
        if participant and attended.intervals:
            people.setdefault(participant.key, participant)
            found.setdefault(participant.key, []).extend(attended.intervals)
    for key, participant in people.items():
        person = _Person(participant, visit.ends, debounce)
        person.hear(report, merged(found.get(key, ()), debounce))
        if person.legs != participant.legs:
            after = replace(participant, legs=person.legs)
            last = max(signal.at for signals in person.legs.values() for signal in signals)
            last = max(last, visit.last_signal or last)
            visit = replace(visit, participants=visit.with_participant(after), last_signal=last)
    return visit


class _Person:
    """One participant while a report is read; `legs` grow as far as nothing that was told becomes untrue."""

    def __init__(self, participant: Participant, ends: Sequence[datetime], debounce: timedelta) -> None:
        self.legs: Legs = participant.legs
        self._ends = ends
        self._debounce = debounce
        tried = [one for one in participant.writebacks if one.attempts or one.status is Status.DELIVERED]
        told = {(one.state, one.at) for one in tried}
        self._told = told & self._steps(participant.legs)

    def hear(self, report: Report, intervals: Sequence[Interval]) -> None:
        """Add what this report tells of this person."""
        for leg in list(self.legs):
            left = self._when_left(leg, report, intervals)
            if left is not None:
                self._add(leg, Signal(left, Kind.LEFT, report.source))
        for interval in intervals:
            unknown = self._unknown(interval, report.source)
            if unknown:
                leg = f"{report.source.value} {interval.start.isoformat()}"
                fitted = self._fitted(unknown)
                joined = Signal(fitted.start, Kind.JOINED, report.source)
                self._add(leg, joined, Signal(fitted.end, Kind.LEFT, report.source))

    def _add(self, leg: str, *signals: Signal) -> None:
        legs = {**self.legs, leg: self.legs.get(leg, frozenset[Signal]()) | set(signals)}
        if self._told <= self._steps(legs):
            self.legs = legs

    def _steps(self, legs: Legs) -> set[tuple[State, datetime]]:
        return {(step.state, step.at) for step in fold(legs, self._ends, self._debounce)}

    def _when_left(self, leg: str, report: Report, intervals: Sequence[Interval]) -> datetime | None:
        """When the leg left, if no event says so and it is one of this report's call.

        That the meeting was ended for all is no word on this leg: it may have left before. The lobby may be entered
        long before anybody is in the meeting, which is when Graph says that the call began.
        """
        latest = max(self.legs[leg], default=None)
        if leg == PAGE_LEG or latest is None or latest.kind is Kind.LEFT:
            return None
        began = latest.kind is Kind.LOBBY or report.start - TOLERANCE <= latest.at
        if not began or latest.at > report.end:
            return None
        own = _of(latest, intervals)
        left = max(own.end, latest.at) if own else report.end
        for_all = min((end for end in self._ends if end >= latest.at), default=None)
        return left if for_all is None or left < for_all - TOLERANCE else None

    def _unknown(self, interval: Interval, source: Source) -> Interval | None:
        """What of the interval no known stay can be, as near as the times of two sources go; None if there is nothing.

        A stay that ends where a known one begins, or begins where it ends, is another one if it goes on for longer
        than any doubt. What is known stands: there is an absence in between.
        """
        early, late = interval.start - TOLERANCE, interval.end + TOLERANCE
        near = [one for one in self._stays() if one.start < late and early < one.end]
        rest = interval
        for known in near:
            beside = _beside(interval, known, self._debounce)
            if beside is None:
                return None
            rest = Interval(max(rest.start, beside.start), min(rest.end, beside.end))
        if near and rest.end - rest.start <= TOLERANCE:
            return None
        # A call record cannot tell the lobby from the meeting.
        in_lobby = any(
            signal.kind is Kind.LOBBY and early <= signal.at <= late
            for leg, signals in self.legs.items()
            for signal in signals
            if leg != PAGE_LEG
        )
        return None if source is Source.CALL_RECORD and in_lobby else rest

    def _fitted(self, interval: Interval) -> Interval:
        """The interval with times of what is known already, where they are the same but for the tolerance."""
        steps = fold(self.legs, self._ends, self._debounce)
        waits = [one.at for one in steps if one.state is State.WAITING]
        gone = [one.at for one in steps if one.state is State.DISCONNECTED]
        late = [at + _A_MOMENT for at in waits if interval.start <= at <= interval.start + TOLERANCE]
        start = max([interval.start, *(at for at in late if at < interval.end)])
        near = [at for at in gone if at > start and abs(at - interval.end) <= TOLERANCE]
        return Interval(start, min(near, key=lambda at: abs(at - interval.end), default=interval.end))

    def _stays(self) -> list[Interval]:
        """When the person was in the meeting, as far as is known; who is there now is there for ever."""
        steps = fold(self.legs, self._ends, self._debounce)
        ends = [*(step.at for step in steps[1:]), _FOR_EVER][: len(steps)]
        return [Interval(step.at, end) for step, end in zip(steps, ends, strict=True) if step.state is State.CONNECTED]


def _beside(interval: Interval, known: Interval, debounce: timedelta) -> Interval | None:
    """The interval with an absence between it and a known stay; None if it is that stay, shorter or longer.

    Its times are changed by no more than two sources may differ.
    """
    if known.end <= interval.start + TOLERANCE - debounce and known.start + TOLERANCE < interval.start:
        return Interval(max(interval.start, known.end + debounce), interval.end)
    if interval.end - TOLERANCE + debounce <= known.start and interval.end + TOLERANCE < known.end:
        return Interval(interval.start, min(interval.end, known.start - debounce))
    return None


def _of(latest: Signal, intervals: Sequence[Interval]) -> Interval | None:
    """The interval at whose end somebody left of whom this was the last that was seen."""
    if latest.kind is Kind.LOBBY:
        return next((one for one in intervals if latest.at < one.end), None)
    near = [one for one in intervals if one.start - TOLERANCE <= latest.at <= one.end + TOLERANCE]
    inside = [one for one in near if one.start <= latest.at <= one.end]
    return min(inside or near, key=lambda one: abs(one.start - latest.at), default=None)


def merged(intervals: Iterable[Interval], gap: timedelta) -> list[Interval]:
    """The intervals in order, those that overlap or lie closer together than that as one."""
    found: list[Interval] = []
    for one in sorted(one for one in intervals if one.start < one.end):
        if found and one.start - found[-1].end < gap:
            found[-1] = Interval(found[-1].start, max(found[-1].end, one.end))
        else:
            found.append(one)
    return found
