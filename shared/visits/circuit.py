"""The circuit breaker of one connection: what is known of an EHR that does not answer. Pure.

Closed is the normal case and is stored nowhere. Open means that nobody tries until `probe_at`; then one may, and
its outcome closes the circuit or moves `probe_at` further away. `closed` says since when the EHR answers again, so
that what waits can be called back; soon after that the circuit is forgotten.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FAILURES_TO_OPEN = 5
"""So many tries in a row without an answer, of whatever visits, open the circuit."""
PROBE_TAKES = timedelta(seconds=90)
"""Nobody else probes for so long: longer than telling an EHR may take, which is up to six requests of 15 seconds.

A crash while probing costs no more.
"""
FORGOTTEN_AFTER = timedelta(hours=1)
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=5)
_SPREAD_FOR_EACH = timedelta(seconds=2)
_WIDEST_SPREAD = timedelta(minutes=30)


@dataclass(frozen=True)
class Circuit:
    """An open circuit, or one that closed a short while ago. `version` is the storage's mark of what was read."""

    opened: datetime
    probe_at: datetime
    probes: int = 0
    closed: datetime | None = None
    version: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody may try without being the one that probes."""
        return self.closed is None


def opened(now: datetime, asked: timedelta | None) -> Circuit:
    """A circuit that has just opened; `asked` is how long the EHR itself wants to be left alone."""
    return Circuit(now, now + _pause(0, asked))


def claimed(circuit: Circuit, now: datetime) -> Circuit:
    """The circuit with one probe under way."""
    return replace(circuit, probe_at=now + PROBE_TAKES, probes=circuit.probes + 1)


def still_open(circuit: Circuit, now: datetime, asked: timedelta | None) -> Circuit:
    """The circuit after a probe in vain."""
    return replace(circuit, probe_at=now + _pause(circuit.probes, asked))


def closed(circuit: Circuit, now: datetime) -> Circuit:
    """The circuit after the EHR answered."""
    return replace(circuit, closed=now)


def spread(waiting: int) -> timedelta:
    """How long after the next probe to come back, by chance: the more are waiting, the further apart."""
    return min(_SPREAD_FOR_EACH * waiting, _WIDEST_SPREAD) * random.random()  # noqa: S311 - jitter, no secret


def _pause(probes: int, asked: timedelta | None) -> timedelta:
    doubled: int = 2 ** min(probes, 10)
    pause = min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter
    return max(pause, asked or timedelta())
