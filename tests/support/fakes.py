"""In-memory stand-ins for everything the visits need from outside (`shared/visits/ports.py`), and a clock to set."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Role, TenantKey, VisitKey
from shared.oauth import Proof
from shared.presence.model import State, Writeback
from shared.visits.circuit import Circuit
from shared.visits.model import Meeting, Subscription, Visit
from shared.visits.ports import (
    Abilities,
    ConflictError,
    EhrAnswer,
    EhrSignInRequest,
    EhrUser,
    MeetingWish,
    Pointer,
    StatusMessage,
    Told,
)
from shared.visits.pulse import Pulse

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DELIVERED = Told(delivered=True)
LATER = Told(delivered=False, retry=True, reason="HTTP 503")
PRESENCE = frozenset({State.WAITING, State.CONNECTED, State.DISCONNECTED})
NEVER = Told(delivered=False, reason="INVALID-USER-ID")


class CrashError(BaseException):
    """The process ended here, as far as the code under test can see: nothing catches it."""


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    present: datetime = START

    def __call__(self) -> datetime:
        """The present."""
        return self.present

    def forward(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
        """Lets time pass."""
        self.present += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self.present

    def until(self, moment: datetime) -> None:
        """Lets time pass until then; never goes back."""
        self.present = max(self.present, moment)


class FakeVisits:
    """A VisitStore that keeps versions; any write can be made to conflict, to crash, or to crash once it is done."""

    def __init__(self) -> None:
        self.kept: dict[VisitKey, Visit] = {}
        self.reads = 0
        self.writes = 0
        self.history: list[tuple[Visit | None, Visit]] = []
        self.before_write: Callable[[int, Visit], None] = lambda number, visit: None
        self._conflicts: set[int] = set()
        self._crashes: set[int] = set()
        self._late_crashes: set[int] = set()
        self._versions = 0
        self._lock = threading.RLock()

    def conflict_at(self, *numbers: int) -> None:
        """The n-th write from now on meets a conflict."""
        self._conflicts |= {self.writes + number for number in numbers}

    def crash_at(self, number: int, *, done: bool = False) -> None:
        """The n-th write from now on never returns; with `done`, its effect is there all the same."""
        (self._late_crashes if done else self._crashes).add(self.writes + number)

    def read(self, key: VisitKey) -> Visit | None:
        """The visit, or None."""
        with self._lock:
            self.reads += 1
            return self.kept.get(key)

    def create(self, visit: Visit) -> Visit:
        """Store a new visit."""
        return self._write(None, visit)

    def save(self, before: Visit, after: Visit) -> Visit:
        """Store the visit if it still is as it was read."""
        return self._write(before, after)

    def live(self) -> Sequence[VisitKey]:
        """Every visit that is not done with."""
        with self._lock:
            return [key for key, visit in self.kept.items() if not visit.is_done_with]

    def writebacks(
        self, tenant: TenantKey, after: tuple[VisitKey, str, int] | None = None
    ) -> Iterator[tuple[VisitKey, str, Writeback]]:
        """Every writeback of a tenant, in order; `after` goes on after that one."""
        found = {
            (visit.key.routing, participant.key, one.sequence): (visit.key, participant.key, one)
            for visit in self.kept.values()
            for participant in visit.participants.values()
            for one in participant.writebacks
            if visit.key.connection.tenant == tenant
        }
        last = (after[0].routing, *after[1:]) if after else ("", "", 0)
        return (found[place] for place in sorted(found) if place > last)

    def _write(self, before: Visit | None, after: Visit) -> Visit:
        with self._lock:
            self.writes += 1
            number = self.writes
        # Outside the lock: a test's hook may write as another worker would.
        self.before_write(number, after)
        with self._lock:
            present = self.kept.get(after.key)
            if number in self._crashes:
                raise CrashError
            if number in self._conflicts or (present.version if present else "") != (before.version if before else ""):
                raise ConflictError
            self._versions += 1
            saved = replace(after, version=f"v{self._versions}")
            self.kept[after.key] = saved
            self.history.append((present, saved))
            if number in self._late_crashes:
                raise CrashError
            return saved


class FakeCircuits:
    """A CircuitStore that keeps versions."""

    def __init__(self) -> None:
        self.kept: dict[ConnectionKey, Circuit] = {}
        self.reads = 0
        self._versions = 0

    def read(self, connection: ConnectionKey) -> Circuit | None:
        """The circuit, or None."""
        self.reads += 1
        return self.kept.get(connection)

    def save(self, connection: ConnectionKey, circuit: Circuit) -> Circuit:
        """Store it if nobody wrote since."""
        self._check(connection, circuit)
        self._versions += 1
        self.kept[connection] = replace(circuit, version=f"c{self._versions}")
        return self.kept[connection]

    def forget(self, connection: ConnectionKey, circuit: Circuit) -> None:
        """Delete it if nobody wrote since."""
        self._check(connection, circuit)
        del self.kept[connection]

    def all(self) -> Sequence[tuple[ConnectionKey, Circuit]]:
        """Every circuit."""
        return [*self.kept.items()]

    def _check(self, connection: ConnectionKey, circuit: Circuit) -> None:
        present = self.kept.get(connection)
        if (present.version if present else "") != circuit.version:
            raise ConflictError


class FakePulses:
    """A PulseStore; while `steady`, a clock that jumps is no absence."""

    def __init__(self) -> None:
        self.kept: Pulse | None = None
        self.steady = True

    def read(self) -> Pulse | None:
        """The pulse, or None before the first beat."""
        return None if self.steady else self.kept

    def write(self, pulse: Pulse) -> None:
        """Keep it."""
        self.kept = pulse


class FakeClinicians:
    """A ClinicianStore."""

    def __init__(self) -> None:
        self._by_ehr: dict[tuple[ConnectionKey, str], str] = {}
        self._by_entra: dict[tuple[ConnectionKey, str], EhrUser] = {}

    def object_id(self, connection: ConnectionKey, ehr_user: str) -> str | None:
        """The Entra object id of an EHR user."""
        return self._by_ehr.get((connection, ehr_user))

    def ehr_user(self, connection: ConnectionKey, object_id: str) -> EhrUser | None:
        """The EHR user that an Entra user is."""
        return self._by_entra.get((connection, object_id))

    def link(self, connection: ConnectionKey, ehr_user: EhrUser, object_id: str) -> None:
        """Keep the link."""
        self._by_ehr[connection, ehr_user.external_id] = object_id
        self._by_entra[connection, object_id] = ehr_user


class FakeMeetings:
    """Teams, with the identity rule of createOrGet and one subscription per meeting. Counts what it is asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.wishes: list[MeetingWish] = []
        self.meetings: dict[tuple[TenantKey, str, str], Meeting] = {}
        self.co_organizers: dict[str, tuple[str, ...]] = {}
        self.subscriptions: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        """Organizers who get no meeting, and the code that says why."""
        self.failing: dict[str, str] = {}
        """Methods that fail, and the code that says why."""
        self.during: Callable[[str], None] = lambda method: None
        self._lock = threading.Lock()

    def count(self, method: str) -> int:
        """How often a method was called."""
        return self.calls.count(method)

    def create_or_get(self, tenant: TenantKey, organizer: str, wish: MeetingWish) -> Meeting:
        """The meeting of that organizer with that external id."""
        self._enter("create_or_get")
        if organizer in self.refused:
            raise ConnectorError(self.refused[organizer])
        with self._lock:
            self.wishes.append(wish)
            number = len(self.meetings) + 1
            new = Meeting(f"meeting-{number}", f"https://teams.example/l/meetup-join/{number}", organizer)
            return self.meetings.setdefault((tenant, organizer, wish.external_id), new)

    def configure(self, tenant: TenantKey, meeting: Meeting, co_organizers: Sequence[str]) -> None:
        """Remember the co-organizers; the list replaces the one before."""
        self._enter("configure")
        with self._lock:
            if co_organizers:
                self.co_organizers[meeting.meeting_id] = tuple(co_organizers)

    def subscribe(self, key: VisitKey, meeting: Meeting, expires: datetime) -> Subscription | None:
        """A subscription to the meeting; None if it has one."""
        self._enter("subscribe")
        with self._lock:
            if meeting.join_url in self.subscriptions.values():
                return None
            name = f"subscription-{self.calls.count('subscribe')}"
            self.subscriptions[name] = meeting.join_url
            return Subscription(name, expires)

    def renew(self, tenant: TenantKey, subscription: Subscription, expires: datetime) -> Subscription | None:
        """The subscription with its new end, or None if it is gone."""
        self._enter("renew")
        if subscription.subscription_id not in self.subscriptions:
            return None
        return replace(subscription, expires=expires)

    def unsubscribe(self, tenant: TenantKey, subscription: Subscription) -> None:
        """End it."""
        self._enter("unsubscribe")
        self.subscriptions.pop(subscription.subscription_id, None)

    def _enter(self, method: str) -> None:
        with self._lock:
            self.calls.append(method)
        self.during(method)
        if method in self.failing:
            raise ConnectorError(self.failing[method])


class FakeTeller:
    """An EHR: its log of what it was told, and a script of how it answers."""

    def __init__(self) -> None:
        self.vocabulary = PRESENCE
        self.stamps_time = True
        self.by_role: dict[Role, frozenset[State]] = {}
        self.tries: list[StatusMessage] = []
        self.called: list[ConnectionKey] = []
        """Whose EHR each of the tries was for."""
        self.log: list[StatusMessage] = []
        self.script: deque[Told] = deque()
        self.otherwise = DELIVERED
        self.while_telling: Callable[[StatusMessage], None] = lambda message: None

    def abilities(self, connection: ConnectionKey) -> Abilities:
        """What it can be told."""
        return Abilities(self.vocabulary, self.stamps_time, self.by_role)

    def tell(self, connection: ConnectionKey, message: StatusMessage) -> Told:
        """Answers by the script, and after its end as `otherwise` says."""
        self.tries.append(message)
        self.called.append(connection)
        self.while_telling(message)
        told = self.script.popleft() if self.script else self.otherwise
        if told.delivered:
            self.log.append(message)
        return told

    def states(self, external_id: str) -> list[State]:
        """What it was told of one person, in order."""
        return [message.state for message in self.log if message.user.external_id == external_id]


class FakePointers:
    """The queue of writebacks: messages that become visible after their delay."""

    def __init__(self, clock: Clock) -> None:
        self.sent: list[tuple[Pointer, timedelta]] = []
        self.waiting: list[tuple[datetime, Pointer]] = []
        self.losing = False
        self._clock = clock

    def send(self, pointer: Pointer, delay: timedelta) -> None:
        """Put the pointer on the queue; while `losing`, the process ends just before."""
        if self.losing:
            raise CrashError
        self.sent.append((pointer, delay))
        self.waiting.append((self._clock() + delay, pointer))

    def take(self) -> Pointer | None:
        """The message that has been visible longest, if any is."""
        visible = [one for one in self.waiting if one[0] <= self._clock()]
        if not visible:
            return None
        first = min(visible, key=lambda one: one[0])
        self.waiting.remove(first)
        return first[1]

    def next_due(self) -> datetime | None:
        """When the next message becomes visible."""
        return min((due for due, _ in self.waiting), default=None)


@dataclass
class FakeEhr:
    """An EHR to sign in at: answers by code."""

    answers: dict[str, EhrAnswer] = field(default_factory=dict)
    asked: list[EhrSignInRequest] = field(default_factory=list)
    redeemed: list[tuple[EhrSignInRequest, str]] = field(default_factory=list)

    def authorize_url(self, request: EhrSignInRequest) -> str:
        """Where to send the browser."""
        self.asked.append(request)
        return f"{request.base_url}/authorize?state={request.proof.state}"

    def redeem(self, request: EhrSignInRequest, code: str) -> EhrAnswer:
        """The answer that was prepared for the code. Raises ehr_refused for any other."""
        self.redeemed.append((request, code))
        if code not in self.answers:
            raise ConnectorError("ehr_refused")
        return self.answers[code]

    def will_say(self, code: str, fields: Mapping[str, str], subject: str = "fhir-user") -> str:
        """Prepares the answer for a code."""
        self.answers[code] = EhrAnswer(subject, fields)
        return code


@dataclass
class FakeSignIn:
    """Microsoft's sign-in: object ids by code."""

    accounts: dict[str, str] = field(default_factory=dict)
    redeemed: list[tuple[TenantKey, str, Proof]] = field(default_factory=list)

    def authorize_url(self, tenant: TenantKey, redirect_uri: str, proof: Proof) -> str:
        """Where to send the browser."""
        return f"https://login.example/{tenant.tenant}/authorize?state={proof.state}"

    def redeem(self, tenant: TenantKey, redirect_uri: str, proof: Proof, code: str) -> str:
        """The object id prepared for the code. Raises sign_in_failed for any other."""
        self.redeemed.append((tenant, redirect_uri, proof))
        if code not in self.accounts:
            raise ConnectorError("sign_in_failed")
        return self.accounts[code]
