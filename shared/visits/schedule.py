"""When a visit's reports are asked for: once they can exist, later and later, until they cannot come any more. Pure.

Attendance reports are there some minutes after a call, call records after 30 to 150 minutes (Graph, "Call records
API: frequently asked questions"); call records are gone after 30 days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.identifiers import ConnectionKey, Role
from shared.presence.call import ended
from shared.presence.model import Source
from shared.visits.model import Asked, Phase, Visit

_TIMES = (1, 3, 9, 27)
"""When to ask, in multiples of the first wait: after 10, 30, 90 and 270 minutes if that is ten."""
_FIRST_OF = {Source.ATTENDANCE_REPORT: 1, Source.CALL_RECORD: 2}
"""At which of these times a source can have something for the first time."""
_UNSEEN = 6
"""A call of whose end nobody told is taken for over after so many first waits without an event: an hour."""
KEPT = timedelta(days=29)
"""So long after the call there may be anything to ask for."""


@dataclass(frozen=True)
class Schedule:
    """What a schedule depends on: the first wait, the debounce, and which sources a connection allows."""

    first: timedelta
    debounce: timedelta
    sources: Callable[[ConnectionKey], frozenset[Source]]

    def due(self, visit: Visit, now: datetime) -> frozenset[Source]:
        """The sources that are to be asked about this visit now."""
        if not self.is_open(visit, now):
            return frozenset()
        passed = self._passed(visit, now)
        if passed <= self._tries(visit, now):
            return frozenset()
        return frozenset(one for one in self.sources(visit.key.connection) if _FIRST_OF[one] <= passed)

    def is_open(self, visit: Visit, now: datetime) -> bool:
        """Whether a report may still add something, so that the visit must not be forgotten."""
        if visit.meeting is None or visit.phase is Phase.SETTLED or not _is_anybody_expected(visit):
            return False
        if not self.sources(visit.key.connection) or now > self.over(visit, now) + KEPT:
            return False
        is_done = visit.asked.done and self._is_of_this_call(visit, now)
        return not is_done and self._tries(visit, now) < len(_TIMES)

    def asked(self, visit: Visit, now: datetime, *, covered: bool) -> Asked:
        """How far asking has come, now that it was done; `covered` if an attendance report reaches to the end."""
        passed = self._passed(visit, now)
        return Asked(tries=passed, last=now, done=covered or passed >= len(_TIMES))

    def over(self, visit: Visit, now: datetime) -> datetime:
        """When the call was over, or is taken for over as nobody told of its end."""
        known = known_end(visit, self.debounce, now)
        if known:
            return known
        latest = max(moment for moment in (visit.created, visit.opened, visit.last_signal) if moment)
        return latest + self.first * _UNSEEN

    def _passed(self, visit: Visit, now: datetime) -> int:
        waited = now - self.over(visit, now)
        return sum(1 for times in _TIMES if waited >= self.first * times)

    def _tries(self, visit: Visit, now: datetime) -> int:
        return visit.asked.tries if self._is_of_this_call(visit, now) else 0

    def _is_of_this_call(self, visit: Visit, now: datetime) -> bool:
        """Whether asking was about this call and not about one before it."""
        return visit.asked.last is not None and visit.asked.last >= self.over(visit, now)


def known_end(visit: Visit, debounce: timedelta, now: datetime) -> datetime | None:
    """When the visit's last call was over, as far as its events say so."""
    return ended((one.legs for one in visit.participants.values()), visit.ends, debounce, now)


def _is_anybody_expected(visit: Visit) -> bool:
    return any(one.role in (Role.PROVIDER, Role.PATIENT) for one in visit.participants.values())
