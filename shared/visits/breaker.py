"""One dead EHR slows nobody else: a circuit breaker and a bulkhead for each connection.

The breaker's state is shared through storage, so that all instances together probe with one call; it is read and
written only when something fails, so that a healthy EHR costs nothing. The bulkhead is each process's own.
"""

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import Clock
from shared.identifiers import ConnectionKey, TenantKey
from shared.telemetry import Event, log
from shared.visits.circuit import (
    FAILURES_TO_OPEN,
    FORGOTTEN_AFTER,
    Circuit,
    claimed,
    closed,
    opened,
    spread,
    still_open,
)
from shared.visits.ports import ConflictError, Told

MOST_AT_ONCE = 12
"""Calls to one EHR at once from one process: half of what the queue hands out (host.json, 16 + 8)."""
MOST_FOR_A_TENANT = 18
"""Calls to all EHRs of one tenant: its test EHR leaves room to its production EHR, and both to other tenants."""
_BUSY_FOR = timedelta(seconds=1)
_QUICK_SECONDS = 0.5
"""An EHR that answers within this has room again before a worker that waits is missed elsewhere."""
_SHORT_WAIT_SECONDS = 1.0
_SOMEBODY_PROBES = timedelta(seconds=2)


class CircuitStore(Protocol):
    """Circuits that are open, or closed a short while ago."""

    def read(self, connection: ConnectionKey) -> Circuit | None:
        """The circuit, or None."""
        ...

    def save(self, connection: ConnectionKey, circuit: Circuit) -> Circuit:
        """Store it if nobody wrote since its version was read (empty: if there is none). Raises ConflictError."""
        ...

    def forget(self, connection: ConnectionKey, circuit: Circuit) -> None:
        """Delete it, if nobody wrote since. Raises ConflictError."""
        ...

    def all(self) -> Sequence[tuple[ConnectionKey, Circuit]]:
        """Every circuit of this geography."""
        ...


@dataclass(frozen=True)
class Entry:
    """Whether to try: `wait` is None, or how long to stay away; `busy` says that it is only for others' calls."""

    wait: timedelta | None = None
    busy: bool = False
    probe: bool = False
    began: float = field(default=0.0, compare=False)


class Breaker:
    """Asked before each call to an EHR, and told of its outcome."""

    def __init__(self, store: CircuitStore, now: Clock, ticks: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._ticks = ticks
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._took: dict[ConnectionKey, float] = {}
        self._under_way: defaultdict[ConnectionKey, list[float]] = defaultdict(list)
        self._of_tenant: Counter[TenantKey] = Counter()
        self._failures: Counter[ConnectionKey] = Counter()
        self._waiting: Counter[ConnectionKey] = Counter()
        self._open: dict[ConnectionKey, Circuit] = {}

    def enter(self, connection: ConnectionKey) -> Entry:
        """Ask to make a call. Whoever gets no `wait` must `leave` afterwards."""
        known = self._open.get(connection)
        entry = self._probing(connection, known) if known else Entry()
        if entry.wait is not None:
            return entry
        with self._lock:
            self._wait_for_room(connection)
            if not self._has_room(connection):
                return Entry(wait=_BUSY_FOR, busy=True)
            began = self._ticks()
            self._under_way[connection].append(began)
            self._of_tenant[connection.tenant] += 1
        return replace(entry, began=began)

    def leave(self, connection: ConnectionKey, entry: Entry, told: Told | None) -> None:
        """The call is over; `told` is None if it ended without an outcome."""
        with self._lock:
            self._under_way[connection].remove(entry.began)
            self._of_tenant[connection.tenant] -= 1
            self._took[connection] = self._ticks() - entry.began
            self._room.notify_all()
            self._failures[connection] = self._failures[connection] + 1 if told and told.down else 0
            failures = self._failures[connection]
        if told is None:
            return
        known = self._open.get(connection)
        if not told.down:
            if known:
                self._close(connection)
        elif known is None:
            self._after_failure(connection, failures, told.retry_after)
        elif entry.probe:
            self._keep(connection, still_open(known, self._now(), told.retry_after))

    def _has_room(self, connection: ConnectionKey) -> bool:
        calls = len(self._under_way[connection])
        return calls < MOST_AT_ONCE and self._of_tenant[connection.tenant] < MOST_FOR_A_TENANT

    def _wait_for_room(self, connection: ConnectionKey) -> None:
        """Wait for a place at an EHR that answers: put off by a whole second, as the queue counts, it would be idle.

        Once a call takes longer than those before, nobody waits: the EHR may hang, and others need the worker.
        """
        until = self._ticks() + _SHORT_WAIT_SECONDS
        while self._took.get(connection, _SHORT_WAIT_SECONDS) <= _QUICK_SECONDS and not self._has_room(connection):
            present = self._ticks()
            oldest = min(self._under_way[connection], default=present - _QUICK_SECONDS)
            patience = min(oldest + _QUICK_SECONDS, until) - present
            if patience <= 0:
                return
            self._room.wait(patience)

    def _probing(self, connection: ConnectionKey, known: Circuit) -> Entry:
        """Whether it is time for a probe, and ours to make."""
        if known.probe_at > self._now():
            return self._stay_away(connection, known)
        present = self._store.read(connection)
        if present is None or not present.is_open:
            self._forget(connection)
            return Entry()
        if present.probe_at > self._now():
            self._open[connection] = present
            return self._stay_away(connection, present)
        try:
            self._open[connection] = self._store.save(connection, claimed(present, self._now()))
        except ConflictError:
            return Entry(wait=_SOMEBODY_PROBES)
        with self._lock:
            # Who waits is counted from probe to probe: over days the same few would look like a crowd.
            self._waiting.pop(connection, None)
        return Entry(probe=True)

    def _stay_away(self, connection: ConnectionKey, circuit: Circuit) -> Entry:
        with self._lock:
            self._waiting[connection] += 1
            waiting = self._waiting[connection]
        return Entry(wait=circuit.probe_at - self._now() + spread(waiting - 1))

    def _after_failure(self, connection: ConnectionKey, failures: int, asked: timedelta | None) -> None:
        """The first failure looks whether others know more; enough in a row open the circuit, and as many again."""
        enough = failures % FAILURES_TO_OPEN == 0
        if failures != 1 and not enough:
            return
        present = self._store.read(connection)
        if present is not None and present.is_open:
            self._open[connection] = present
        elif enough:
            fresh = opened(self._now(), asked)
            self._keep(connection, fresh if present is None else _in_place_of(present, fresh))
            log(Event.EHR_CIRCUIT_OPENED, level=logging.ERROR, connection=connection.connection)

    def _close(self, connection: ConnectionKey) -> None:
        self._forget(connection)
        present = self._store.read(connection)
        if present is None or not present.is_open:
            return
        try:
            self._store.save(connection, closed(present, self._now()))
        except ConflictError:
            return
        log(Event.EHR_CIRCUIT_CLOSED, connection=connection.connection)

    def _keep(self, connection: ConnectionKey, circuit: Circuit) -> None:
        try:
            self._open[connection] = self._store.save(connection, circuit)
        except ConflictError:
            present = self._store.read(connection)
            if present is not None and present.is_open:
                self._open[connection] = present

    def _forget(self, connection: ConnectionKey) -> None:
        with self._lock:
            self._open.pop(connection, None)
            self._waiting.pop(connection, None)
            self._failures.pop(connection, None)


def _in_place_of(old: Circuit, fresh: Circuit) -> Circuit:
    return Circuit(fresh.opened, fresh.probe_at, version=old.version)


def closed_since(store: CircuitStore, now: datetime) -> Mapping[ConnectionKey, datetime]:
    """The connections whose EHR answers again, and since when; those of longer ago are forgotten.

    So are open ones that nobody has probed for as long: nobody waits for them.
    """
    found: dict[ConnectionKey, datetime] = {}
    for connection, circuit in store.all():
        if now - (circuit.closed or circuit.probe_at) > FORGOTTEN_AFTER:
            try:
                store.forget(connection, circuit)
            except ConflictError:
                continue
        elif circuit.closed:
            found[connection] = circuit.closed
    return found
