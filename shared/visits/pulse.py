"""Whether we were away. Pure.

Graph tries a notification for four hours (Graph, "Change notifications through webhooks"). After an absence of ours a
visit may look over that is not: what happened meanwhile is still to come. So for these hours no visit from before is
ended or forgotten.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.visits.model import Visit

GRAPH_TRIES_FOR = timedelta(hours=4)
_AWAY_AFTER = timedelta(minutes=20)
"""The timer that asks runs every five minutes."""


@dataclass(frozen=True)
class Pulse:
    """When the timers last ran, and since when they run again after the last absence, if there was one."""

    last: datetime
    back: datetime | None = None


class PulseStore(Protocol):
    """Where the pulse is kept, for all processes of this geography."""

    def read(self) -> Pulse | None:
        """The pulse, or None before the first beat."""
        ...

    def write(self, pulse: Pulse) -> None:
        """Keep it."""
        ...


def beaten(before: Pulse | None, now: datetime) -> Pulse:
    """The pulse after one more beat."""
    if before and now - before.last > _AWAY_AFTER:
        return Pulse(now, now)
    return Pulse(now, before.back if before else None)


def may_have_missed(pulse: Pulse, visit: Visit) -> bool:
    """Whether Graph may still have something to tell of the visit that happened while we were away."""
    if pulse.back is None or visit.created >= pulse.back:
        return False
    return pulse.last < pulse.back + GRAPH_TRIES_FOR
