"""The rules of visits put together on fakes, as `shared/wiring.py` puts them together on the real parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.identifiers import ConnectionKey, Environment, Geography, Role, TenantKey, VisitKey
from shared.presence.model import Kind, Participant, Signal, Source, State, Status, Writeback
from shared.sealing import Sealer
from shared.visits.attendance import Attendance, participant_key
from shared.visits.breaker import Breaker
from shared.visits.desk import Desk
from shared.visits.launch import LaunchTarget, PendingLaunch
from shared.visits.meeting import MeetingRoom
from shared.visits.model import Visit
from shared.visits.outbox import Outbox
from shared.visits.ports import EhrUser
from shared.visits.reception import Reception
from shared.visits.reconcile import Reconcile
from shared.visits.rounds import Rounds
from shared.visits.schedule import Schedule
from shared.visits.subscriptions import Subscriptions
from shared.visits.upkeep import Upkeep
from shared.visits.ways import Departure, ToDeviceTest, ToMeeting, ToWaitingPage
from shared.visits.who import CallEvent, Identity, IdentityKind, LegSignal
from tests.support.fakes import (
    START,
    Clock,
    FakeCircuits,
    FakeClinicians,
    FakeEhr,
    FakeMeetings,
    FakePointers,
    FakePulses,
    FakeSignIn,
    FakeTeller,
    FakeVisits,
)
from tests.support.reports import FakeReports

TENANT = TenantKey(Geography.EMEA, "11111111-2222-4333-8444-555555555555")
CONNECTION = ConnectionKey(TENANT, "ceircejcejbthbcekvkvkvkvkuaqcaibaeaqcaib")
BASE_URL = "https://ehr.example/interconnect/api/FHIR/R4"
DEBOUNCE = timedelta(seconds=20)
LIFETIME = timedelta(hours=12)
QUIET = timedelta(minutes=30)
RECONCILE_AFTER = timedelta(minutes=10)

TARGET = LaunchTarget(
    key=CONNECTION,
    base_url=BASE_URL,
    environment=Environment.TEST,
    session_field="sessionId",
    user_field="externalId",
    user_type_field="externalIdType",
    department_field="departmentId",
    group_field="visit",
    default_user_types={Role.PROVIDER: "1", Role.PATIENT: "2"},
    organizer="",
    subject="Virtual visit",
)

GUEST = Identity(IdentityKind.GUEST)
MACHINE = Identity(IdentityKind.APPLICATION)


def entra(object_id: str, tenant: str = TENANT.tenant) -> Identity:
    """An Entra user."""
    return Identity(IdentityKind.USER, object_id, tenant)


def after(seconds: float) -> datetime:
    """That long after the start."""
    return START + timedelta(seconds=seconds)


def event(seconds: float, leg: str, kind: Kind, identity: Identity = GUEST) -> CallEvent:
    """A call event of one leg."""
    at = after(seconds)
    return CallEvent(at, (LegSignal(leg, Signal(at, kind), identity),))


def ended(seconds: float) -> CallEvent:
    """The meeting is ended for all."""
    return CallEvent(after(seconds), ended=True)


@dataclass
class House:
    """Everything, and short ways to act in it."""

    clock: Clock = field(default_factory=Clock)
    sealer: Sealer = field(default_factory=lambda: Sealer(b"k" * 32))
    visits: FakeVisits = field(default_factory=FakeVisits)
    clinicians: FakeClinicians = field(default_factory=FakeClinicians)
    meetings: FakeMeetings = field(default_factory=FakeMeetings)
    teller: FakeTeller = field(default_factory=FakeTeller)
    ehr: FakeEhr = field(default_factory=FakeEhr)
    sign_in: FakeSignIn = field(default_factory=FakeSignIn)
    circuits: FakeCircuits = field(default_factory=FakeCircuits)
    pulses: FakePulses = field(default_factory=FakePulses)
    reports: FakeReports = field(default_factory=FakeReports)
    sources: frozenset[Source] = frozenset()
    """What a connection allows to be asked after a call."""
    target: LaunchTarget = TARGET
    waiting_takes_time: bool = True
    make_pointers: Callable[[Clock], FakePointers] = FakePointers

    def __post_init__(self) -> None:
        self.pointers = self.make_pointers(self.clock)
        self.attendance = Attendance(
            self.visits, self.clinicians, self.teller, self.pointers, self.sealer, self.clock, DEBOUNCE
        )
        self.subscriptions = Subscriptions(self.visits, self.meetings, self.clock)
        self.room = MeetingRoom(
            self.visits,
            self.meetings,
            self.sealer,
            self.clock,
            self._sleep,
            LIFETIME,
            self.attendance,
            self.subscriptions,
        )
        self.reception = Reception(self.visits, self.sealer, self.clock, TENANT.geography, LIFETIME)
        self.desk = Desk(
            ehr=self.ehr,
            sign_in=self.sign_in,
            visits=self.visits,
            clinicians=self.clinicians,
            room=self.room,
            attendance=self.attendance,
            sealer=self.sealer,
            now=self.clock,
            reception=self.reception,
            launch_redirect="https://connector.example/api/launch/callback",
            sign_in_redirect="https://connector.example/api/sign-in/callback",
            visit_lifetime=LIFETIME,
        )
        self.schedule = Schedule(RECONCILE_AFTER, DEBOUNCE, lambda _: self.sources)
        self.breaker = Breaker(self.circuits, self.clock)
        self.outbox = Outbox(
            self.visits, self.teller, self.attendance, self.pointers, self.clock, self._sleep, self.breaker
        )
        self.rounds = Rounds(self.visits, self.clock, workers=1)
        self.upkeep = Upkeep(
            self.visits,
            self.rounds,
            self.subscriptions,
            self.attendance,
            self.clock,
            LIFETIME,
            QUIET,
            self.circuits,
            self.schedule,
            self.pulses,
        )
        self.reconcile = Reconcile(self.visits, self.rounds, self.reports, self.attendance, self.schedule, self.clock)

    def _sleep(self, seconds: float) -> None:
        """Waiting takes its time on the clock, if it shall, and lets other threads run."""
        if self.waiting_takes_time:
            self.clock.forward(seconds)
        time.sleep(0.001)

    def key(self, session_id: str = "csn-1") -> VisitKey:
        """The key of a visit."""
        return VisitKey(CONNECTION, self.sealer.keyed_hash("session id", CONNECTION.connection, session_id))

    def visit(self, session_id: str = "csn-1") -> Visit:
        """A visit as it is stored."""
        return self.visits.kept[self.key(session_id)]

    def patient_key(self, external_id: str = "PAT1") -> str:
        """The key of a patient."""
        return participant_key(self.sealer, Role.PATIENT, external_id)

    def provider_key(self, external_id: str = "PROV1") -> str:
        """The key of a clinician."""
        return participant_key(self.sealer, Role.PROVIDER, external_id)

    def patient(self, external_id: str = "PAT1") -> Participant:
        """A patient as stored."""
        return self.visit().participants[self.patient_key(external_id)]

    def provider(self, external_id: str = "PROV1") -> Participant:
        """A clinician as stored."""
        return self.visit().participants[self.provider_key(external_id)]

    def launch(
        self,
        role: Role,
        fields: Mapping[str, str],
        *,
        subject: str = "fhir-user",
        query: Mapping[str, list[str]] | None = None,
    ) -> Departure | ToMeeting | ToWaitingPage | ToDeviceTest:
        """Both legs of a launch, as a browser goes through them."""
        pending, code = self.begun(role, fields, subject=subject, query=query)
        return self.desk.complete(self.target, pending, code)

    def begun(
        self,
        role: Role,
        fields: Mapping[str, str],
        *,
        subject: str = "fhir-user",
        query: Mapping[str, list[str]] | None = None,
    ) -> tuple[PendingLaunch, str]:
        """The first leg of a launch, and the code with which the EHR sends the browser back."""
        whole = {"iss": [BASE_URL], "launch": ["opaque"], **(query or {})}
        departure = self.desk.begin(self.target, role, whole)
        code = self.ehr.will_say(f"code-{len(self.ehr.answers)}", fields, subject)
        return self.desk.pending_launch(departure.cookie, departure.state), code

    def patient_launch(
        self, external_id: str = "PAT1", session_id: str = "csn-1", **more: str
    ) -> ToMeeting | ToWaitingPage:
        """A patient opens the visit from the portal."""
        way = self.launch(Role.PATIENT, {"sessionId": session_id, "externalId": external_id, **more})
        assert isinstance(way, ToMeeting | ToWaitingPage)
        return way

    def provider_launch(
        self, external_id: str = "PROV1", object_id: str = "oid-1", session_id: str = "csn-1", **more: str
    ) -> ToMeeting:
        """A clinician who signed in at Microsoft before opens the visit from the schedule."""
        self.clinicians.link(CONNECTION, EhrUser(external_id, "1"), object_id)
        way = self.launch(Role.PROVIDER, {"sessionId": session_id, "externalId": external_id, **more})
        assert isinstance(way, ToMeeting)
        return way

    def happen(self, *events: CallEvent, session_id: str = "csn-1") -> None:
        """Call events arrive, at the time of the last of them or later."""
        self.clock.until(max(one.at for one in events))
        self.attendance.note(self.key(session_id), events)

    def work(self) -> int:
        """Works through the queue as it stands at this instant; how many messages there were."""
        for count in range(300):
            pointer = self.pointers.take()
            if pointer is None:
                return count
            self.outbox.deliver(pointer)
        raise AssertionError("the queue never became empty")

    def work_until_quiet(self) -> None:
        """Works through the queue, going on in time as long as there are messages."""
        for _ in range(1000):
            due = self.pointers.next_due()
            if due is None:
                return
            self.clock.until(due)
            self.work()
        raise AssertionError("the queue never became quiet")

    def told(self, external_id: str) -> list[State]:
        """What the EHR was told of a person."""
        return self.teller.states(external_id)


def status_of(participant: Participant) -> list[tuple[State, Status]]:
    """How far each writeback of a participant has come."""
    return [(one.state, one.status) for one in participant.writebacks]


def given_up(participant: Participant) -> Writeback:
    """The participant's writeback that was given up."""
    return next(one for one in participant.writebacks if one.status is Status.GIVEN_UP)
