"""The outbox: one participant's writebacks to the EHR, in order, by whoever holds the baton.

Retried is what another try may mend; everything else is given up at once and stays on record.
"""

import itertools
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import PEOPLE, ConnectionKey, VisitKey
from shared.presence.baton import renewed
from shared.presence.model import EHR_DOWN, THERE, Participant, State, Status, Writeback
from shared.telemetry import Event, log
from shared.visits.attendance import Attendance
from shared.visits.breaker import Breaker, Entry
from shared.visits.model import Phase, Visit
from shared.visits.ports import ConflictError, EhrUser, Pointer, Pointers, StatusMessage, StatusTeller, Told, VisitStore
from shared.visits.tries import tries

RETRY_FOR = timedelta(hours=76)
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(hours=2)
_BETWEEN_PROBES = timedelta(minutes=5)
"""Who probed for all comes back as soon as that: where few are waiting, nobody else may be there to do it."""
_MOST_IN_ONE_GO = 50
_REPLAYS_AT_ONCE = 8
_LOOKS_IN_A_ROW = 40
_LOOKING = timedelta(seconds=20)
"""So long one request may look for what can be replayed, if much of what it finds cannot be."""
_NAP = timedelta(seconds=1)
"""A queue counts whole seconds: what is due within one is waited for here."""

Place = tuple[VisitKey, str, int]
"""Where a writeback is: its visit, its participant, its sequence."""


@dataclass(frozen=True)
class Replayable:
    """Which of many given-up writebacks can be replayed, and how many cannot be."""

    which: Sequence[Place]
    refused: int
    last: Place | None
    """What was looked at last, if there may be more after it."""

    def by_connection(self) -> Counter[ConnectionKey]:
        """How many there are of each connection."""
        return Counter(key.connection for key, _, _ in self.which)


@dataclass(frozen=True)
class Outbox:
    """What the outbox works with."""

    visits: VisitStore
    teller: StatusTeller
    attendance: Attendance
    pointers: Pointers
    now: Clock
    sleep: Callable[[float], None]
    breaker: Breaker

    def deliver(self, pointer: Pointer) -> None:
        """Tell the EHR what is due for the pointer's participant, as long as its baton is the valid one."""
        settled: Visit | None = None
        for _ in range(_MOST_IN_ONE_GO):
            visit, settled = settled or self.visits.read(pointer.visit), None
            participant = visit.participants.get(pointer.participant) if visit else None
            if visit is None or participant is None or not _holds(participant, pointer.baton):
                return
            fresh = self.attendance.planned(visit, participant.key)
            if fresh.participants[participant.key].writebacks != participant.writebacks:
                # What was to be told when it was planned may have grown too old since.
                self._save(visit, fresh)
                continue
            following = participant.unsettled[0] if participant.unsettled else None
            wait = following.due - self.now() if following else None
            if following is None or wait is None or wait > _NAP:
                if self._hand_back(visit, participant):
                    return
                continue
            if wait > timedelta():
                self.sleep(wait.total_seconds())
                continue
            in_hand = renewed(participant, self.now())
            if in_hand != participant:
                self._save(visit, replace(visit, participants=visit.with_participant(in_hand)))
                continue
            entry = self.breaker.enter(visit.key.connection)
            if entry.wait is not None:
                self._put_off(pointer, visit, participant, following, entry)
                return
            told = self._tell(visit, participant, following, entry)
            outcome = _outcome(following, told, self.now(), _BETWEEN_PROBES if entry.probe else _LONGEST_PAUSE)
            settled = self._settle(pointer, visit, outcome)
        self._pass_on(pointer)

    def _pass_on(self, pointer: Pointer) -> None:
        """There is more to tell than one worker may take time for: the next one goes on."""
        for _ in tries():
            visit = self.visits.read(pointer.visit)
            participant = visit.participants.get(pointer.participant) if visit else None
            if visit is None or participant is None or not _holds(participant, pointer.baton):
                return
            if self._hand_back(visit, participant):
                return
        raise ConnectorError("busy", retry_after=2)

    def _tell(self, visit: Visit, participant: Participant, following: Writeback, entry: Entry) -> Told:
        connection = visit.key.connection
        overtaken = self.attendance.is_overtaken(visit, participant, following.at)
        message = replace(_message(visit, participant, following), overtaken=overtaken)
        told: Told | None = None
        try:
            told = self.teller.tell(connection, message)
        finally:
            self.breaker.leave(connection, entry, told)
        return told

    def _put_off(
        self, pointer: Pointer, visit: Visit, participant: Participant, following: Writeback, entry: Entry
    ) -> None:
        """The EHR is down, or others of its visits are being told: the worker is free for other EHRs."""
        wait = entry.wait or timedelta()
        if entry.busy:
            self.pointers.send(pointer, wait)
            return
        now = self.now()
        first = following.first_try or now
        later = replace(following, due=now + wait, reason=following.reason or EHR_DOWN, first_try=first)
        if later.due > first + RETRY_FOR:
            later = replace(later, status=Status.GIVEN_UP, due=now)
            _log_outcome(pointer, later)
        if not self._save(visit, self._after(visit, participant, later)):
            self.pointers.send(pointer, timedelta())

    def replay(self, place: Place) -> bool:
        """Try a given-up writeback once more. False if there is none such, or what it says is of the past."""
        for _ in tries():
            change = self._replayed(place)
            if change is None:
                return False
            if self._save(*change):
                return True
        raise ConnectorError("busy", retry_after=2)

    def replay_all(self, which: Sequence[Place]) -> int:
        """Try many given-up writebacks once more, some side by side; how many are tried."""
        with ThreadPoolExecutor(_REPLAYS_AT_ONCE) as pool:
            return sum(pool.map(self.replay, which))

    def can_replay(self, place: Place) -> bool:
        """Whether `replay` would try it as things stand."""
        return self._replayed(place) is not None

    def replayable(self, places: Iterable[Place], most: int) -> Replayable:
        """The first of the writebacks that can be replayed, `most` of them unless looking for them takes too long."""
        places = iter(places)
        until = self.now() + _LOOKING
        which: list[Place] = []
        refused, last = 0, None
        with ThreadPoolExecutor(_REPLAYS_AT_ONCE) as pool:
            while len(which) < most and self.now() < until:
                row = list(itertools.islice(places, min(_LOOKS_IN_A_ROW, most - len(which))))
                if not row:
                    return Replayable(which, refused, None)
                can = [place for place, yes in zip(row, pool.map(self.can_replay, row), strict=True) if yes]
                which += can
                refused += len(row) - len(can)
                last = row[-1]
        return Replayable(which, refused, last)

    def _replayed(self, place: Place) -> tuple[Visit, Visit] | None:
        """The visit as it is, and with that given-up writeback due once more; None if that cannot be."""
        key, participant_key, sequence = place
        before = self.visits.read(key)
        if before is None or before.phase is Phase.SETTLED:
            return None
        participant = before.participants.get(participant_key)
        found = _by_sequence(participant, sequence) if participant else None
        if participant is None or found is None or found.status is not Status.GIVEN_UP:
            return None
        again = replace(found, status=Status.PENDING, due=self.now(), reason="", attempts=0, first_try=None)
        after = self._after(before, participant, again)
        return (before, after) if again in after.participants[participant_key].writebacks else None

    def _hand_back(self, visit: Visit, participant: Participant) -> bool:
        """Nothing is due: the baton is put down, or passed on to when something will be."""
        idle = replace(participant, baton=None)
        after = self.attendance.planned(replace(visit, participants=visit.with_participant(idle)), participant.key)
        try:
            saved = self.visits.save(visit, after)
        except ConflictError:
            return False
        self.attendance.send_new(visit, saved)
        return True

    def _settle(self, pointer: Pointer, before: Visit, outcome: Writeback) -> Visit | None:
        """Note how the try went; the visit afterwards, or None if it has to be read.

        What was told is noted even if it was taken back meanwhile: it was told.
        """
        _log_outcome(pointer, outcome)
        for number in tries():
            visit = self.visits.read(pointer.visit) if number else before
            participant = visit.participants.get(pointer.participant) if visit else None
            current = _by_sequence(participant, outcome.sequence) if participant else None
            if visit is None or participant is None or current is None:
                return None
            noted = _noted(current, outcome)
            if noted is None:
                return None
            # Whoever holds the baton knows what it told: nobody else has anything in hand.
            is_ours = _holds(participant, pointer.baton)
            after = self._after(visit, participant, _last(noted, participant), none_in_hand=is_ours)
            if saved := self._save(visit, after):
                return saved
        raise ConnectorError("busy", retry_after=2)

    def _after(
        self, before: Visit, participant: Participant, changed: Writeback, *, none_in_hand: bool = False
    ) -> Visit:
        """The visit with that writeback changed, and everything that follows from it."""
        writebacks = tuple(changed if one.sequence == changed.sequence else one for one in participant.writebacks)
        changed_participant = replace(participant, writebacks=writebacks)
        put_off = changed.due > self.now() and not changed.is_settled
        if put_off or not changed_participant.unsettled:
            changed_participant = replace(changed_participant, baton=None)
        after = replace(before, participants=before.with_participant(changed_participant))
        return self.attendance.planned(after, participant.key, none_in_hand=none_in_hand)

    def _save(self, before: Visit, after: Visit) -> Visit | None:
        """The visit as saved, or None if somebody else wrote first."""
        try:
            saved = self.visits.save(before, after)
        except ConflictError:
            return None
        self.attendance.send_new(before, saved)
        return saved


def _holds(participant: Participant, baton: str) -> bool:
    return participant.baton is not None and participant.baton.token == baton


def _by_sequence(participant: Participant, sequence: int) -> Writeback | None:
    return next((one for one in participant.writebacks if one.sequence == sequence), None)


def _message(visit: Visit, participant: Participant, one: Writeback) -> StatusMessage:
    people = [other for other in visit.participants.values() if other.role in PEOPLE and other.key != participant.key]
    return StatusMessage(
        session_id=visit.session_id,
        user=EhrUser(participant.external_id, participant.external_id_type),
        role=participant.role,
        state=one.state,
        at=one.at,
        key=f"{visit.key.session}.{participant.key}.{one.sequence}",
        source=one.source,
        references=visit.references,
        join_url=visit.meeting.join_url if visit.meeting and one.state is State.OPENED else "",
        last=one.state is State.DISCONNECTED and not any(other.state in THERE for other in people),
    )


def _outcome(tried: Writeback, told: Told, now: datetime, longest: timedelta) -> Writeback:
    first_try = tried.first_try or now
    tried = replace(tried, attempts=tried.attempts + 1, first_try=first_try, last_try=now, reason=told.reason)
    if told.delivered:
        return replace(tried, status=Status.DELIVERED, reason="")
    pause = told.retry_after or min(pause_before(tried.attempts + 1), longest)
    if not told.retry or now + pause > first_try + RETRY_FOR:
        return replace(tried, status=Status.GIVEN_UP)
    return replace(tried, status=Status.RETRYING, due=now + pause)


def _noted(current: Writeback, outcome: Writeback) -> Writeback | None:
    """What the outcome makes of the writeback as it stands now; None if others know more."""
    if not current.is_settled or outcome.status is not Status.RETRYING:
        return outcome
    if current.status is not Status.NOT_NEEDED:
        return None
    # Taken back meanwhile, and perhaps heard all the same: that stays on record, and is made good.
    return replace(outcome, status=current.status, reason=current.reason, due=current.due)


def _last(outcome: Writeback, participant: Participant) -> Writeback:
    """The outcome as the last of all tries, even if the worker before had a clock that was ahead."""
    times = [one.last_try for one in participant.writebacks if one.last_try and one.sequence != outcome.sequence]
    if not outcome.last_try or not times:
        return outcome
    return replace(outcome, last_try=max(outcome.last_try, max(times) + timedelta(microseconds=1)))


def pause_before(attempt: int) -> timedelta:
    """How long to wait before a try: doubling from two seconds to two hours, less up to half by chance."""
    doublings: int = 2 ** min(attempt - 2, 20)
    full = min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE)
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


def _log_outcome(pointer: Pointer, outcome: Writeback) -> None:
    event, level = {
        Status.DELIVERED: (Event.WRITEBACK_DELIVERED, logging.INFO),
        Status.RETRYING: (Event.WRITEBACK_RETRYING, logging.WARNING),
        Status.GIVEN_UP: (Event.WRITEBACK_GIVEN_UP, logging.ERROR),
    }[outcome.status]
    log(
        event,
        level=level,
        visit=pointer.visit.session,
        participant=pointer.participant,
        state=outcome.state.value,
        attempt=outcome.attempts,
        reason=outcome.reason,
    )
