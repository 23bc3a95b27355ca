"""A fuse in every effect: the process ends before or after the n-th of them, or somebody else acts just then."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from shared.identifiers import ConnectionKey, TenantKey, VisitKey
from shared.visits.circuit import Circuit
from shared.visits.model import Meeting, Subscription, Visit
from shared.visits.ports import EhrUser, MeetingWish, Pointer, StatusMessage, Told
from tests.support.blobs import FakeBlobs
from tests.support.fakes import (
    Clock,
    CrashError,
    FakeCircuits,
    FakeClinicians,
    FakeMeetings,
    FakePointers,
    FakeTeller,
    FakeVisits,
)

Act = Callable[[], None]


def crash() -> None:
    """The process ends here."""
    raise CrashError


class Fuse:
    """Counts effects. What is set for a number happens once, before or after that effect; within it nothing counts."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.blew = False
        self._set: list[tuple[str, int, bool, Act]] = []
        self._busy = False
        self._lock = threading.Lock()

    def set(self, number: int, act: Act, *, after: bool = False, name: str = "") -> None:
        """At the n-th effect from now on, or the n-th of that name, `act`."""
        self._set.append((name, self._count(name) + number, after, act))

    def clear(self) -> None:
        """Nothing is set any more, and nothing has happened yet."""
        self._set.clear()
        self.effects.clear()
        self.blew = False

    @contextlib.contextmanager
    def effect(self, name: str) -> Iterator[None]:
        """One effect on the world outside."""
        if self._busy:
            yield
            return
        with self._lock:
            self.effects.append(name)
            numbers = {"": len(self.effects), name: self._count(name)}
        self._strike(numbers, after=False)
        yield
        self._strike(numbers, after=True)

    def _count(self, name: str) -> int:
        return self.effects.count(name) if name else len(self.effects)

    def _strike(self, numbers: dict[str, int], *, after: bool) -> None:
        struck = [one for one in self._set if numbers.get(one[0]) == one[1] and one[2] is after]
        for one in struck:
            self._set.remove(one)
            self.blew = True
            self._busy = True
            try:
                one[3]()
            finally:
                self._busy = False


class FusedVisits(FakeVisits):
    """A store whose writes are effects."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def forgive(self) -> None:
        """No write meets a conflict that was ordered for it."""
        self._conflicts.clear()

    def _write(self, before: Visit | None, after: Visit) -> Visit:
        with self._fuse.effect("store"):
            return super()._write(before, after)


class FusedClinicians(FakeClinicians):
    """Links whose writing is an effect."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def link(self, connection: ConnectionKey, ehr_user: EhrUser, object_id: str) -> None:
        """Keep the link."""
        with self._fuse.effect("link"):
            super().link(connection, ehr_user, object_id)


class FusedPointers(FakePointers):
    """A queue whose sends are effects."""

    def __init__(self, clock: Clock, fuse: Fuse) -> None:
        super().__init__(clock)
        self.on_send: Callable[[Pointer, timedelta], None] | None = None
        """Takes what is sent, in place of the queue."""
        self._fuse = fuse

    def send(self, pointer: Pointer, delay: timedelta) -> None:
        """Put the pointer on the queue."""
        with self._fuse.effect("pointer"):
            if self.on_send:
                self.on_send(pointer, delay)
            else:
                super().send(pointer, delay)


class FusedTeller(FakeTeller):
    """An EHR whose calls are effects: a crash after one means that it heard."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def tell(self, connection: ConnectionKey, message: StatusMessage) -> Told:
        """Answers by the script."""
        with self._fuse.effect("tell"):
            return super().tell(connection, message)


class FusedMeetings(FakeMeetings):
    """A Graph whose calls are effects."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def create_or_get(self, tenant: TenantKey, organizer: str, wish: MeetingWish) -> Meeting:
        """The meeting of that organizer with that external id."""
        with self._fuse.effect("create_or_get"):
            return super().create_or_get(tenant, organizer, wish)

    def configure(self, tenant: TenantKey, meeting: Meeting, co_organizers: Sequence[str]) -> None:
        """Remember the co-organizers."""
        with self._fuse.effect("configure"):
            super().configure(tenant, meeting, co_organizers)

    def subscribe(self, key: VisitKey, meeting: Meeting, expires: datetime) -> Subscription | None:
        """A subscription to the meeting; Graph names the one that is there."""
        with self._fuse.effect("subscribe"):
            made = super().subscribe(key, meeting, expires)
        there = next(name for name, url in self.subscriptions.items() if url == meeting.join_url)
        return made or Subscription(there, expires)

    def renew(self, tenant: TenantKey, subscription: Subscription, expires: datetime) -> Subscription | None:
        """The subscription with its new end."""
        with self._fuse.effect("renew"):
            return super().renew(tenant, subscription, expires)

    def unsubscribe(self, tenant: TenantKey, subscription: Subscription) -> None:
        """End it."""
        with self._fuse.effect("unsubscribe"):
            super().unsubscribe(tenant, subscription)


class FusedCircuits(FakeCircuits):
    """Circuits whose writing is an effect."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def save(self, connection: ConnectionKey, circuit: Circuit) -> Circuit:
        """Store it."""
        with self._fuse.effect("circuit"):
            return super().save(connection, circuit)

    def forget(self, connection: ConnectionKey, circuit: Circuit) -> None:
        """Delete it."""
        with self._fuse.effect("circuit"):
            super().forget(connection, circuit)


class FusedBlobs(FakeBlobs):
    """Blobs whose writing and deleting are effects."""

    def __init__(self, fuse: Fuse, now: Clock) -> None:
        super().__init__(now)
        self._fuse = fuse

    def write(self, name: str, text: str, facts: Mapping[str, str] | None = None) -> None:
        """Keep it."""
        with self._fuse.effect("blob"):
            super().write(name, text, facts)

    def note(self, name: str, facts: Mapping[str, str]) -> None:
        """Other facts."""
        with self._fuse.effect("blob"):
            super().note(name, facts)

    def delete(self, name: str) -> None:
        """Gone."""
        with self._fuse.effect("blob"):
            super().delete(name)
