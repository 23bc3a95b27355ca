"""The front desk: a launch comes in, a clinician or a patient is shown the way.

Every public method is one leg of a browser's journey and ends in where the browser goes next.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from pydantic import ValidationError

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Role, VisitKey
from shared.oauth import Proof, new_proof
from shared.presence.model import PAGE_LEG, Kind, Participant, Signal, State
from shared.sealing import SealBrokenError, Sealer
from shared.visits.attendance import Attendance, participant_key
from shared.visits.launch import (
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
from shared.visits.reception import Reception
from shared.visits.tries import tries
from shared.visits.ways import (
    LAUNCH,
    LAUNCH_LIFETIME,
    SIGN_IN,
    Departure,
    ToDeviceTest,
    ToMeeting,
    ToWaitingPage,
)

_Pending = TypeVar("_Pending", PendingLaunch, PendingSignIn)


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
    reception: Reception
    launch_redirect: str
    sign_in_redirect: str
    visit_lifetime: timedelta

    def begin(self, target: LaunchTarget, role: Role, query: Query, *, device_test: bool = False) -> Departure:
        """First leg: the EHR opened our launch URL.

        Args:
            target: the connection.
            role: whom the record that was launched is for.
            query: all parameters of the launch URL.
            device_test: whether the record is the one of the device test.

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
            device_test=device_test,
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
    ) -> Departure | ToMeeting | ToWaitingPage | ToDeviceTest:
        """Second leg: the EHR sent the browser back with a code."""
        answer = self.ehr.redeem(self._request(target, pending.proof, None), code)
        if pending.device_test:
            return ToDeviceTest(pending.connection)
        context = context_of(target, pending, answer)
        visit = self.visits.read(self._visit_key(target.key, context.session_id))
        if context.role is Role.PATIENT:
            return self._patient(target, context, visit)
        object_id = self._object_id(target.key, context, visit)
        if not object_id:
            return self._to_sign_in(target.key, context)
        return self._provider(target, context, object_id, visit)

    def complete_sign_in(self, target: LaunchTarget, pending: PendingSignIn, code: str) -> ToMeeting:
        """A clinician comes back from the one-time Microsoft sign-in."""
        tenant = target.key.tenant
        object_id = self.sign_in.redeem(tenant, self.sign_in_redirect, pending.proof, code)
        user = EhrUser(pending.user, pending.user_type)
        self.clinicians.link(target.key, user, object_id)
        context = LaunchContext(
            Role.PROVIDER, pending.session_id, user, pending.department, pending.group, pending.references
        )
        visit = self.visits.read(self._visit_key(target.key, context.session_id))
        return self._provider(target, context, object_id, visit)

    def _object_id(self, connection: ConnectionKey, context: LaunchContext, visit: Visit | None) -> str:
        """Who the clinician is at Microsoft; empty if nobody knows. Who launched this visit before stands in it."""
        key = participant_key(self.sealer, Role.PROVIDER, context.user.external_id)
        known = visit.participants.get(key) if visit else None
        if known and known.object_id:
            return known.object_id
        return self.clinicians.object_id(connection, context.user.external_id) or ""

    def _request(self, target: LaunchTarget, proof: Proof, launch: str | None) -> EhrSignInRequest:
        return EhrSignInRequest(
            target.base_url, target.environment, self.launch_redirect, proof, launch, target.algorithm
        )

    def _to_sign_in(self, connection: ConnectionKey, context: LaunchContext) -> Departure:
        proof = new_proof()
        pending = PendingSignIn(
            connection=connection.connection,
            session_id=context.session_id,
            user=context.user.external_id,
            user_type=context.user.external_id_type,
            department=context.department,
            group=context.group,
            references=context.references,
            state=proof.state,
            nonce=proof.nonce,
            verifier=proof.verifier,
            expires=self.now() + LAUNCH_LIFETIME,
        )
        url = self.sign_in.authorize_url(connection.tenant, self.sign_in_redirect, proof)
        return Departure(url, proof.state, self.sealer.seal(SIGN_IN, pending.model_dump_json()))

    def _provider(self, target: LaunchTarget, context: LaunchContext, object_id: str, found: Visit | None) -> ToMeeting:
        key = self._visit_key(target.key, context.session_id)
        visit = self._admit(found, key, context, object_id)
        opened = self.room.open(visit, target.organizer or object_id, object_id, target.subject)
        if opened.meeting is None:
            raise ConnectorError("busy", retry_after=5)
        participant = participant_key(self.sealer, Role.PROVIDER, context.user.external_id)
        ticket = self.reception.issue(opened, participant)
        return ToMeeting(opened.meeting.join_url, key, ticket, board_first=target.board_first)

    def _patient(self, target: LaunchTarget, context: LaunchContext, found: Visit | None) -> ToMeeting | ToWaitingPage:
        key = self._visit_key(target.key, context.session_id)
        visit = self._admit(found, key, context, "")
        participant = participant_key(self.sealer, Role.PATIENT, context.user.external_id)
        ticket = self.reception.issue(visit, participant)
        if visit.meeting and visit.phase is Phase.OPEN:
            self.room.subscriptions.watched(visit)
            return ToMeeting(visit.meeting.join_url, key, ticket)
        return ToWaitingPage(key, ticket)

    def _visit_key(self, connection: ConnectionKey, session_id: str) -> VisitKey:
        return VisitKey(connection, self.sealer.keyed_hash("session id", connection.connection, session_id))

    def _admit(self, found: Visit | None, key: VisitKey, context: LaunchContext, object_id: str) -> Visit:
        """The visit, as it was found, with this person in it; made if there was none. Raises visit_expired."""
        before = found
        for number in tries():
            if number:
                before = self.visits.read(key)
            base = before or Visit(key, created=self.now())
            if self.now() > base.created + self.visit_lifetime:
                raise ConnectorError("visit_expired")
            after = self._with_person(base, context, object_id)
            if before and after == before:
                return before
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
            references=visit.references if context.group else {**visit.references, **context.references},
            # Who opens a visit that had gone quiet finds it open, and not settled under their hands.
            last_signal=max(visit.last_signal, self.now()) if visit.last_signal else None,
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
