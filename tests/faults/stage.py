"""The whole way on fakes: people in Teams meetings, Graph between, our doors, queues and workers, and two EHRs.

Two tenants with a connection each; the EHR of the first stamps the time itself, that of the second is told it.
What really happened is kept as facts, what the EHRs heard as a log; `tests/faults/verdict.py` compares them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.batches import Batches
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Geography, Role, TenantKey, VisitKey
from shared.inbox import Inbox
from shared.jose import KeysUnavailableError
from shared.microsoft.door import accept, client_state, packed
from shared.microsoft.notifications import Tenants
from shared.parking import Parking
from shared.presence.model import PAGE_LEG, State
from shared.visits.attendance import participant_key
from shared.visits.model import Phase
from shared.visits.ports import Abilities, EhrUser, Pointer, StatusMessage, Told
from shared.visits.ways import Departure, ToMeeting
from tests.faults.truth import Fact, What
from tests.support.fakes import DELIVERED, LATER, NEVER, PRESENCE, START, Clock, CrashError
from tests.support.fuse import (
    Fuse,
    FusedBlobs,
    FusedCircuits,
    FusedClinicians,
    FusedMeetings,
    FusedPointers,
    FusedTeller,
    FusedVisits,
)
from tests.support.house import BASE_URL, TARGET, House

TENANTS = (
    TenantKey(Geography.EMEA, "11111111-2222-4333-8444-555555555555"),
    TenantKey(Geography.EMEA, "99999999-2222-4333-8444-555555555555"),
)
CONNECTIONS = (
    ConnectionKey(TENANTS[0], "ceircejcejbthbcekvkvkvkvkuaqcaibaeaqcaib"),
    ConnectionKey(TENANTS[1], "tgmztgjcejbthbcekvkvkvkvkuaqcaibaeaqcaib"),
)
TELLS = dict(zip(CONNECTIONS, (False, True), strict=True))
"""Whether a connection's EHR is told the time; the other one stamps it itself."""
Notification = tuple[dict[str, Any], str, Fact]
"""What Graph has to tell: resource data, whom it is about (nobody: everybody), and what it stands for."""
LEASE = timedelta(minutes=10)
"""How long a message stays away when its worker died."""
TICK = timedelta(milliseconds=200)


class Ehr(StrEnum):
    """How an EHR fares."""

    UP = "up"
    DOWN = "down"
    SLOW = "slow"
    """It hears, and its answer never arrives."""
    BUSY = "busy"
    """429 with Retry-After."""
    LOCKED = "locked"
    """It answers, and will take it later: nothing is wrong with the EHR as a whole."""
    REFUSING = "refusing"


@dataclass(frozen=True)
class Heard:
    """A status call as an EHR took it in, and when."""

    at: datetime
    message: StatusMessage


@dataclass
class Leg:
    """A device in a meeting."""

    name: str
    person: str
    place: What


@dataclass
class Meeting:
    """A visit as it really is, and what of it the connector was told."""

    session: str
    connection: ConnectionKey
    key: VisitKey
    legs: dict[str, Leg] = field(default_factory=dict)
    facts: dict[str, set[Fact]] = field(default_factory=dict)
    """By person; what happened to the call as a whole stands with everybody."""
    known: dict[str, set[Fact]] = field(default_factory=dict)
    pool: list[Notification] = field(default_factory=list)
    """What Graph has yet to send."""
    on_the_way: int = 0
    number: int = 0
    reopened: datetime = START


class Teller(FusedTeller):
    """Both EHRs; `rule` looks at every call before it is heard."""

    def __init__(self, fuse: Fuse, clock: Clock) -> None:
        super().__init__(fuse)
        self.fares: dict[ConnectionKey, Ehr] = dict.fromkeys(CONNECTIONS, Ehr.UP)
        self.heard: dict[ConnectionKey, list[Heard]] = {connection: [] for connection in CONNECTIONS}
        self.asked: dict[ConnectionKey, list[Heard]] = {connection: [] for connection in CONNECTIONS}
        """Every call, heard or not."""
        self.rule: Callable[[ConnectionKey, StatusMessage], None] = lambda connection, message: None
        self.words: dict[ConnectionKey, frozenset[State]] = dict.fromkeys(CONNECTIONS, PRESENCE)
        self._clock = clock

    def abilities(self, connection: ConnectionKey) -> Abilities:
        return Abilities(self.words[connection], stamps_time=not TELLS[connection])

    def tell(self, connection: ConnectionKey, message: StatusMessage) -> Told:
        self.rule(connection, message)
        with self._fuse.effect("tell"):
            fares = self.fares[connection]
            self.asked[connection].append(Heard(self._clock(), message))
            if fares in (Ehr.UP, Ehr.SLOW):
                self.heard[connection].append(Heard(self._clock(), message))
        return {
            Ehr.UP: DELIVERED,
            Ehr.DOWN: replace(LATER, down=True),
            Ehr.SLOW: Told(delivered=False, retry=True, reason="ReadTimeout", down=True),
            Ehr.BUSY: replace(LATER, reason="HTTP 429", retry_after=timedelta(seconds=30), down=True),
            Ehr.LOCKED: LATER,
            Ehr.REFUSING: NEVER,
        }[fares]


class OpenNotifications:
    """Takes the place of the cryptography: a token is its tenant's name, and content lies open."""

    down = False
    """The issuer's keys cannot be read."""

    def vouched_tenants(self, tokens: tuple[str, ...], received: datetime) -> Tenants:
        if self.down:
            return Tenants(frozenset(), {tenant: KeysUnavailableError() for tenant in tokens})
        return Tenants(frozenset(tokens), {})

    def open(self, encrypted: Mapping[str, str]) -> Mapping[str, Any]:
        return dict(json.loads(encrypted["data"]))


class Stage:
    """Everything, and short ways to let things happen."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fuse = Fuse()
        self.teller = Teller(self.fuse, self.clock)
        self.visits = FusedVisits(self.fuse)
        self.graph = FusedMeetings(self.fuse)
        self.pointers = FusedPointers(self.clock, self.fuse)
        self.house = House(
            clock=self.clock,
            visits=self.visits,
            clinicians=FusedClinicians(self.fuse),
            meetings=self.graph,
            teller=self.teller,
            circuits=FusedCircuits(self.fuse),
            make_pointers=lambda clock: self.pointers,
        )
        self.blobs, self.parked = FusedBlobs(self.fuse, self.clock), FusedBlobs(self.fuse, self.clock)
        self.batches = Batches(self.house.sealer, Geography.EMEA, lambda: self.blobs, lambda: self)
        self.notifications = OpenNotifications()
        opener: Any = self.notifications
        self.inbox = Inbox(opener, self.house.attendance, self.house.upkeep, self.batches)
        self.parking = Parking(lambda: self.inbox, self.batches, lambda: self.parked, self.clock)
        self.meetings: dict[str, Meeting] = {}
        self.posted: list[tuple[str, list[tuple[Meeting, str, Fact]]]] = []
        """The queue of notifications: messages, with what is in them that shall be believed."""

    # People and their browsers

    def meeting(self, session: str, connection: ConnectionKey) -> Meeting:
        """The visit of that session id."""
        if session not in self.meetings:
            hashed = self.house.sealer.keyed_hash("session id", connection.connection, session)
            self.meetings[session] = Meeting(session, connection, VisitKey(connection, hashed))
        return self.meetings[session]

    def launch(self, meeting: Meeting, role: Role, person: str, *, is_linked: bool = True) -> None:
        """Both legs of a launch; a clinician who is not linked yet signs in at Microsoft on the way."""
        self.clock.forward(TICK.total_seconds())
        house = self.house
        base = f"{BASE_URL}/{meeting.connection.tenant.tenant}"
        target = replace(TARGET, key=meeting.connection, base_url=base)
        if role is Role.PROVIDER and is_linked:
            house.clinicians.link(meeting.connection, EhrUser(person, "1"), f"oid-{person.lower()}")
        departure = house.desk.begin(target, role, {"iss": [base], "launch": ["opaque"]})
        code = house.ehr.will_say(
            f"code-{len(house.ehr.answers)}", {"sessionId": meeting.session, "externalId": person}, "fhir-user"
        )
        way = house.desk.complete(target, house.desk.pending_launch(departure.cookie, departure.state), code)
        if isinstance(way, Departure):
            house.sign_in.accounts["code"] = f"oid-{person.lower()}"
            house.desk.complete_sign_in(target, house.desk.pending_sign_in(way.cookie, way.state), "code")
        if role is Role.PATIENT and isinstance(way, ToMeeting):
            house.reception.join(meeting.key, self.key_of(meeting, person))

    def note_page(self, meeting: Meeting) -> None:
        """What the store says of people on our page: it is only there that it is known."""
        visit = self.visits.kept.get(meeting.key)
        for one in visit.participants.values() if visit else ():
            person = one.external_id
            for signal in one.legs.get(PAGE_LEG, ()):
                fact = Fact(signal.at, "page")
                meeting.facts.setdefault(person, set()).add(fact)
                meeting.known.setdefault(person, set()).add(fact)

    def key_of(self, meeting: Meeting, person: str) -> str:
        """The key of that person's participant."""
        role = Role.PATIENT if "PAT" in person else Role.PROVIDER
        return participant_key(self.house.sealer, role, person)

    def is_open(self, meeting: Meeting) -> bool:
        """Whether there is a meeting to go into."""
        visit = self.visits.kept.get(meeting.key)
        return visit is not None and visit.phase is Phase.OPEN

    # What happens in a meeting

    def joins(self, meeting: Meeting, person: str) -> Leg:
        """A device comes in: a patient's into the lobby."""
        meeting.number += 1
        leg = Leg(f"{meeting.session}-leg-{meeting.number}", person, "lobby" if "PAT" in person else "in")
        meeting.legs[leg.name] = leg
        self._happens(meeting, leg)
        return leg

    def is_admitted(self, meeting: Meeting, leg: Leg) -> None:
        """Somebody lets it in."""
        leg.place = "in"
        self._happens(meeting, leg)

    def leaves(self, meeting: Meeting, leg: Leg) -> None:
        """A device is gone."""
        leg.place = "gone"
        self._happens(meeting, leg)
        del meeting.legs[leg.name]

    def ends(self, meeting: Meeting) -> None:
        """The meeting is ended for all."""
        self.clock.forward(TICK.total_seconds())
        fact = Fact(self.clock(), "end")
        for person in meeting.facts:
            meeting.facts[person].add(fact)
        meeting.legs.clear()
        self._tell(meeting, {"eventType": "callEnded", "eventDateTime": fact.at.isoformat()}, "", fact)

    def _happens(self, meeting: Meeting, leg: Leg) -> None:
        self.clock.forward(TICK.total_seconds())
        fact = Fact(self.clock(), leg.place, leg.name)
        meeting.facts.setdefault(leg.person, set()).add(fact)
        user = {"id": f"oid-{leg.person.lower()}", "tenantId": meeting.connection.tenant.tenant}
        identity = {"guest": {"id": leg.name}} if "PAT" in leg.person else {"user": user}
        told = {"id": leg.name, "isInLobby": leg.place == "lobby", "info": {"identity": identity}}
        if leg.place == "gone":
            told["removedState"] = {"reason": "left"}
        self._tell(
            meeting,
            {"eventType": "rosterUpdated", "eventDateTime": fact.at.isoformat(), "participants@delta": [told]},
            leg.person,
            fact,
        )

    def _tell(self, meeting: Meeting, resource: dict[str, Any], person: str, fact: Fact) -> None:
        visit = self.visits.kept[meeting.key]
        url = visit.meeting.join_url if visit.meeting else ""
        if url in self.graph.subscriptions.values():
            meeting.pool.append((resource, person, fact))

    # Graph, and our doors

    def post(self, chosen: Iterable[tuple[Meeting, Notification]], *tokens: TenantKey) -> None:
        """One request of Graph with these notifications in it, whatever their order, visits and tenants."""
        items, inside = [], []
        vouched = {tenant.tenant for tenant in tokens}
        for meeting, (resource, person, fact) in chosen:
            tenant = meeting.connection.tenant.tenant
            items.append(
                {
                    "clientState": client_state(self.house.sealer, meeting.key),
                    "tenantId": tenant,
                    "encryptedContent": {"data": json.dumps(resource)},
                }
            )
            if tenant in vouched:
                inside.append((meeting, person, fact))
        if not items:
            return
        body = {"value": items, "validationTokens": sorted(vouched)}
        one = packed(self.house.sealer, accept(self.house.sealer, Geography.EMEA, body, self.clock().isoformat()))
        if one.blob:
            self.blobs.write(one.blob, one.content)
        self.posted.append((one.message, inside))

    def send(self, text: str, delay: timedelta) -> None:
        """The queue of notifications, as a part of the connector sees it."""
        with self.fuse.effect("queue"):
            self.posted.append((text, []))

    def post_lifecycle(self, meeting: Meeting, event: str, subscription: str) -> None:
        """Graph tells of a subscription itself."""
        item = {
            "clientState": client_state(self.house.sealer, meeting.key),
            "tenantId": meeting.connection.tenant.tenant,
            "subscriptionId": subscription,
            "lifecycleEvent": event,
        }
        batch = accept(self.house.sealer, Geography.EMEA, {"value": [item]}, self.clock().isoformat())
        self.posted.append((packed(self.house.sealer, batch).message, []))

    # Workers

    def work_notification(self, position: int, *, again: bool = False) -> None:
        """One message of the queue of notifications; it stays there if its worker dies, or if it comes again."""
        if not self.posted:
            return
        message, inside = self.posted.pop(position % len(self.posted))
        try:
            self.inbox.work(message)
        except CrashError:
            self.posted.append((message, inside))
            return
        if again:
            self.posted.append((message, inside))
        for meeting, person, fact in inside:
            for one in [person] if person else list(meeting.facts):
                meeting.known.setdefault(one, set()).add(fact)

    def work_pointer(self, pointer: Pointer, *, again: bool = False) -> None:
        """One message of the queue of writebacks; another worker gets it when this one is done with it, or dead."""
        try:
            self.house.outbox.deliver(pointer)
        except CrashError:
            self.give_back(pointer, LEASE)
            return
        if again:
            self.give_back(pointer, timedelta())

    def give_back(self, pointer: Pointer, after: timedelta) -> None:
        """The queue delivers a message once more."""
        if self.pointers.on_send:
            self.pointers.on_send(pointer, after)
        else:
            self.pointers.waiting.append((self.clock() + after, pointer))

    def survives(self, act: Callable[[], object]) -> bool:
        """Do it; False if the process died over it, or it said so. A timer comes again, and so does a person."""
        try:
            act()
        except (CrashError, ConnectorError):
            return False
        return True

    # In the end

    def heal(self) -> None:
        """Every EHR is up, nothing breaks, and Graph has no troubles."""
        self.fuse.clear()
        self.graph.failing.clear()
        self.visits.forgive()
        for connection in CONNECTIONS:
            self.teller.fares[connection] = Ehr.UP

    def rest(self) -> None:
        """All that is on the way arrives, and time goes on until nobody has anything to do."""
        for meeting in self.meetings.values():
            self.post([(meeting, one) for one in meeting.pool], *TENANTS)
            meeting.pool.clear()
        while self.posted:
            self.work_notification(0)
        for _ in range(400):
            while pointer := self.house.pointers.take():
                self.work_pointer(pointer)
            self.house.upkeep.sweep()
            people = [one for visit in self.visits.kept.values() for one in visit.participants.values()]
            if not self.house.pointers.waiting and not any(one.unsettled or one.baton for one in people):
                return
            due = self.house.pointers.next_due()
            soon = self.clock() + timedelta(minutes=7)
            self.clock.until(min(due, soon) if due and due > self.clock() else soon)
        left = [
            (visit.phase, one.baton, one.unsettled)
            for visit in self.visits.kept.values()
            for one in visit.participants.values()
            if one.baton or one.unsettled
        ]
        raise AssertionError(f"there was always something more to do: {left}, {self.house.pointers.waiting}")
