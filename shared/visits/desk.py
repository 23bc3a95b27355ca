"""The front desk: a launch comes in, a clinician or a patient is shown the way.

Every public method is one leg of a browser's journey and ends in where the browser goes next.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Geography, Role, VisitKey, visit_key
from shared.oauth import Proof, new_proof
from shared.presence.model import PAGE_LEG, Kind, Participant, Signal, State
from shared.sealing import SealBrokenError, Sealer
from shared.visits.attendance import Attendance, participant_key
from shared.visits.launch import (
    LAUNCH_LIFETIME,
    LaunchContext,
    LaunchTarget,
    PendingLaunch,
    PendingSignIn,
    Query,
    context_of,
    one_value,
    same_base_url,
    session_from_query,
)
from shared.visits.meeting import MeetingRoom
from shared.visits.model import Phase, Visit
from shared.visits.ports import (
    ClinicianStore,
    ConflictError,
    Ehr,
    EhrSignInRequest,
    EhrUser,
    SignIn,
    VisitStore,
)

LAUNCH = "launch"
SIGN_IN = "sign-in"
TICKET = "visit"
_TRIES = 20
_Pending = TypeVar("_Pending", PendingLaunch, PendingSignIn)


@dataclass(frozen=True)
class Departure:
    """The browser goes to `url`; what it must bring back is sealed in `cookie`, under `state`."""

    url: str
    state: str
    cookie: str


@dataclass(frozen=True)
class ToMeeting:
    """The browser goes on into the meeting."""

    join_url: str
    key: VisitKey


@dataclass(frozen=True)
class ToWaitingPage:
    """The browser goes on to the waiting page, with its ticket."""

    key: VisitKey
    ticket: str


@dataclass(frozen=True)
class View:
    """What the waiting page may know of a visit: the person's own state, whether it is open, whether it is over."""

    state: str
    opened: bool
    over: bool


class Ticket(BaseModel):
    """What lets a browser see its visit; sealed in a cookie."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visit: str
    participant: str
    expires: float


@dataclass(frozen=True)
class Desk:
    """What the desk works with."""

    ehr: Ehr
    sign_in: SignIn
    visits: VisitStore
    clinicians: ClinicianStore
    room: MeetingRoom
    attendance: Attendance
    sealer: Sealer
    now: Clock
    geography: Geography
    launch_redirect: str
    sign_in_redirect: str
    visit_lifetime: timedelta

    def begin(self, target: LaunchTarget, role: Role, query: Query) -> Departure:
        """First leg: the EHR opened our launch URL.

        Raises:
            ConnectorError: launch_parameter_missing, launch_parameter_repeated, iss_unknown, ehr_… .
        """
        iss, launch = one_value(query, "iss"), one_value(query, "launch")
        if not same_base_url(iss, target.base_url):
            raise ConnectorError("iss_unknown")
        proof = new_proof()
        pending = PendingLaunch(
            connection=target.key.connection,
            role=role,
            state=proof.state,
            nonce=proof.nonce,
            verifier=proof.verifier,
            session_from_query=session_from_query(query, target.session_field),
            expires=self.now() + LAUNCH_LIFETIME,
        )
        url = self.ehr.authorize_url(self._request(target, proof, launch))
        return Departure(url, proof.state, self.sealer.seal(LAUNCH, pending.model_dump_json()))

    def pending_launch(self, cookie: str, state: str) -> PendingLaunch:
        """The launch that a callback belongs to. Raises launch_not_started or launch_expired."""
        return self._pending(PendingLaunch, LAUNCH, cookie, state)

    def pending_sign_in(self, cookie: str, state: str) -> PendingSignIn:
        """The Microsoft sign-in that a callback belongs to. Raises launch_not_started or launch_expired."""
        return self._pending(PendingSignIn, SIGN_IN, cookie, state)

    def complete(
        self, target: LaunchTarget, pending: PendingLaunch, code: str
    ) -> Departure | ToMeeting | ToWaitingPage:
        """Second leg: the EHR sent the browser back with a code."""
        answer = self.ehr.redeem(self._request(target, pending.proof, None), code)
        context = context_of(target, pending, answer)
        if context.role is Role.PATIENT:
            return self._patient(target, context)
        object_id = self.clinicians.object_id(target.key, context.user.external_id)
        if object_id is None:
            return self._to_sign_in(target.key, context)
        return self._provider(target, context, object_id)

    def complete_sign_in(self, target: LaunchTarget, pending: PendingSignIn, code: str) -> ToMeeting:
        """A clinician comes back from the one-time Microsoft sign-in."""
        tenant = target.key.tenant
        object_id = self.sign_in.redeem(tenant, self.sign_in_redirect, pending.proof, code)
        user = EhrUser(pending.user, pending.user_type)
        self.clinicians.link(target.key, user, object_id)
        context = LaunchContext(Role.PROVIDER, pending.session_id, user, pending.department, pending.group)
        return self._provider(target, context, object_id)

    def ticket(self, cookie: str) -> tuple[VisitKey, str]:
        """The visit and the participant that a ticket is for. Raises ticket_missing."""
        try:
            ticket = Ticket.model_validate_json(self.sealer.open(TICKET, cookie))
        except (SealBrokenError, ValidationError):
            raise ConnectorError("ticket_missing") from None
        key = visit_key(self.geography, ticket.visit)
        if key is None or ticket.expires < self.now().timestamp():
            raise ConnectorError("ticket_missing")
        return key, ticket.participant

    def view(self, key: VisitKey, participant: str) -> View:
        """How the visit stands for one participant."""
        visit = self.visits.read(key)
        person = visit.participants.get(participant) if visit else None
        if visit is None or person is None or visit.phase is Phase.SETTLED:
            return View(state="", opened=False, over=True)
        return View(
            state=person.state.value if person.state else "",
            opened=visit.phase is Phase.OPEN,
            over=self.now() > visit.created + self.visit_lifetime,
        )

    def join(self, key: VisitKey, participant: str) -> str:
        """The join URL of the open meeting, and the patient is expected there. Raises visit_expired, not_open_yet."""
        for _ in range(_TRIES):
            visit = self.visits.read(key)
            person = visit.participants.get(participant) if visit else None
            if visit is None or person is None or visit.phase is Phase.SETTLED:
                raise ConnectorError("visit_expired")
            if visit.meeting is None or visit.phase is not Phase.OPEN:
                raise ConnectorError("not_open_yet")
            expected = replace(person, page_joined_at=self.now())
            try:
                self.visits.save(visit, replace(visit, participants=visit.with_participant(expected)))
            except ConflictError:
                continue
            return visit.meeting.join_url
        raise ConnectorError("busy", retry_after=2)

    def _request(self, target: LaunchTarget, proof: Proof, launch: str | None) -> EhrSignInRequest:
        return EhrSignInRequest(target.base_url, target.environment, self.launch_redirect, proof, launch)

    def _to_sign_in(self, connection: ConnectionKey, context: LaunchContext) -> Departure:
        proof = new_proof()
        pending = PendingSignIn(
            connection=connection.connection,
            session_id=context.session_id,
            user=context.user.external_id,
            user_type=context.user.external_id_type,
            department=context.department,
            group=context.group,
            state=proof.state,
            nonce=proof.nonce,
            verifier=proof.verifier,
            expires=self.now() + LAUNCH_LIFETIME,
        )
        url = self.sign_in.authorize_url(connection.tenant, self.sign_in_redirect, proof)
        return Departure(url, proof.state, self.sealer.seal(SIGN_IN, pending.model_dump_json()))

    def _provider(self, target: LaunchTarget, context: LaunchContext, object_id: str) -> ToMeeting:
        key = self._visit_key(target.key, context.session_id)
        visit = self._admit(key, context, object_id)
        opened = self.room.open(visit, target.organizer or object_id, object_id, target.subject)
        if opened.meeting is None:
            raise ConnectorError("meeting_unavailable")
        return ToMeeting(opened.meeting.join_url, key)

    def _patient(self, target: LaunchTarget, context: LaunchContext) -> ToMeeting | ToWaitingPage:
        key = self._visit_key(target.key, context.session_id)
        visit = self._admit(key, context, "")
        if visit.meeting and visit.phase is Phase.OPEN:
            return ToMeeting(visit.meeting.join_url, key)
        expires = visit.created + self.visit_lifetime
        participant = participant_key(self.sealer, Role.PATIENT, context.user.external_id)
        ticket = Ticket(visit=key.routing, participant=participant, expires=expires.timestamp())
        return ToWaitingPage(key, self.sealer.seal(TICKET, ticket.model_dump_json()))

    def _visit_key(self, connection: ConnectionKey, session_id: str) -> VisitKey:
        return VisitKey(connection, self.sealer.keyed_hash("session id", connection.connection, session_id))

    def _admit(self, key: VisitKey, context: LaunchContext, object_id: str) -> Visit:
        """The visit with this person in it, made if this is its first launch. Raises visit_expired."""
        for _ in range(_TRIES):
            before = self.visits.read(key)
            base = before or Visit(key, created=self.now())
            if self.now() > base.created + self.visit_lifetime:
                raise ConnectorError("visit_expired")
            after = self._with_person(base, context, object_id)
            try:
                saved = self.visits.save(before, after) if before else self.visits.create(after)
            except ConflictError:
                continue
            self.attendance.send_new(before, saved)
            return saved
        raise ConnectorError("busy", retry_after=2)

    def _with_person(self, visit: Visit, context: LaunchContext, object_id: str) -> Visit:
        reopened = visit.phase is Phase.SETTLED
        visit = replace(
            visit,
            phase=Phase.WAITING if reopened else visit.phase,
            group=visit.group or context.group,
            department=visit.department or context.department,
            session_id=context.session_id,
        )
        key = participant_key(self.sealer, context.role, context.user.external_id)
        same_role = [one for one in visit.participants.values() if one.role is context.role]
        person = visit.participants.get(key) or Participant(key, context.role, len(same_role) + 1)
        person = replace(
            person,
            external_id=context.user.external_id,
            external_id_type=context.user.external_id_type,
            object_id=object_id or person.object_id,
        )
        if context.role is Role.PATIENT:
            moment = self.now()
            if person.state not in (State.WAITING, State.CONNECTED):
                page = person.legs.get(PAGE_LEG, frozenset()) | {Signal(moment, Kind.LOBBY)}
                person = replace(person, legs={**person.legs, PAGE_LEG: page})
            if visit.phase is Phase.OPEN:
                person = replace(person, page_joined_at=moment)
        visit = replace(visit, participants=visit.with_participant(person))
        return self.attendance.planned(visit, key)

    def _pending(self, kind: type[_Pending], purpose: str, cookie: str, state: str) -> _Pending:
        try:
            pending = kind.model_validate_json(self.sealer.open(purpose, cookie))
        except (SealBrokenError, ValidationError):
            raise ConnectorError("launch_not_started") from None
        if not hmac.compare_digest(pending.state.encode(), state.encode()):
            raise ConnectorError("launch_not_started")
        if pending.expires < self.now():
            raise ConnectorError("launch_expired")
        return pending
