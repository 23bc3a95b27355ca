"""An EHR that is told by FHIR R4 alone: AuditEvent, Encounter and Appointment, each write chosen in the settings.

Statuses are of the present: a connect that became known, or could be told, when it was over moves none. Periods and
audit events carry their time, and are told whenever it becomes known.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from shared.clock import Clock
from shared.connections.model import ConnectionSettings
from shared.connections.scopes import backend_scope
from shared.connections.telling import FhirWrites
from shared.ehr.answers import DELIVERED, FAILURES, of_failure
from shared.ehr.audit_event import audit_event, search_for
from shared.ehr.backend import Backend
from shared.ehr.fhir_rest import FhirRest, Operations, Resource, as_operations, escaped, is_id
from shared.ehr.fhir_rules import (
    Rule,
    appointment_status,
    encounter_status,
    in_turn,
    must_be_about,
    must_take_part,
    participant_period,
    reference_to,
    virtual_service,
)
from shared.ehr.kinds import Addressee
from shared.identifiers import Role
from shared.presence.model import AFTERWARDS, State
from shared.presence.plan import LONG_OVER
from shared.visits.ports import Abilities, StatusMessage, Told

_PRESENCE = frozenset({State.WAITING, State.CONNECTED, State.DISCONNECTED})
_NO_SUCH = "connector-test"


class FhirTeller:
    """The kind `fhir`."""

    def __init__(self, backend: Backend, now: Clock) -> None:
        self._backend = backend
        self._now = now

    def abilities(self, settings: ConnectionSettings) -> Abilities:
        """What the writes that are chosen can say, and of whom."""
        chosen = settings.fhir
        ends = chosen.appointment_fulfilled or chosen.encounter_finished
        leaves = frozenset({State.DISCONNECTED} if ends else ())
        everybody = leaves | (_PRESENCE if chosen.audit_event else set())
        connected = {State.CONNECTED}
        patients = connected if chosen.patient_connected or chosen.encounter_status else set()
        clinicians = connected if chosen.encounter_status else set()
        stamps_time = not (chosen.audit_event or chosen.encounter_periods)
        # With times even an overtaken coming is told; then the status is for the next one.
        repeats = leaves if stamps_time else leaves | patients | clinicians
        if chosen.encounter_periods:
            clinicians = {State.CONNECTED, State.DISCONNECTED}
        return Abilities(
            everybody,
            stamps_time=stamps_time,
            by_role={
                Role.PATIENT: everybody | patients,
                Role.PROVIDER: everybody | clinicians,
                Role.MEETING: frozenset({State.OPENED} if chosen.virtual_service else ()),
            },
            repeats=repeats,
        )

    def tell(self, to: Addressee, message: StatusMessage) -> Told:
        """Make every write that the message calls for; one that fails keeps none of the others back.

        Each is without effect where it was made before, so that a retry makes only what is missing.
        """
        errand = _Errand(self._rest(to), to, message, self._now())
        return _as_one(errand.writes())

    def try_out(self, to: Addressee) -> Told:
        """Read what cannot be there, of the first type that is written and can be read."""
        scope = backend_scope(to.content)
        kind = next((one for one in ("Appointment", "Encounter") if one in scope), "AuditEvent")
        self._rest(to).search(kind, **{"entity-name" if kind == "AuditEvent" else "identifier": _NO_SUCH})
        return DELIVERED

    def _rest(self, to: Addressee) -> FhirRest:
        send = self._backend.sender(to.content, backend_scope(to.content))
        return FhirRest(send, to.content.fhir_base_url, self._now)


@dataclass(frozen=True)
class _Errand:
    """One message to one EHR."""

    rest: FhirRest
    to: Addressee
    message: StatusMessage
    now: datetime

    def writes(self) -> Iterator[Callable[[], None]]:
        """Every write that the message calls for; what only adds comes first."""
        chosen, message = self.to.settings.fhir, self.message
        if message.role is Role.MEETING:
            yield lambda: self._change("Appointment", self.appointment, virtual_service(message.join_url))
            return
        if chosen.audit_event:
            yield lambda: self.rest.create_once(audit_event(message, self.now), search_for(message))
        if encounter_rules := list(self._of_encounter(chosen)):
            yield lambda: self._change("Encounter", self.encounter, in_turn(encounter_rules))
        if appointment_rules := list(self._of_appointment(chosen)):
            yield lambda: self._change("Appointment", self.appointment, in_turn(appointment_rules))

    @cached_property
    def appointment(self) -> str:
        """The id of the visit's appointment: from the launch, else the one that has the session id."""
        given = self.message.references.get("appointment", "")
        if is_id(given):
            return given
        system, value = map(escaped, (self.to.settings.fhir.identifier_system, self.message.session_id))
        return self.rest.only("Appointment", identifier=f"{system}|{value}" if system else value)

    @cached_property
    def encounter(self) -> str:
        """The id of the visit's encounter: from the launch, else the one of its appointment."""
        given = self.message.references.get("encounter", "")
        return given if is_id(given) else self.rest.only("Encounter", appointment=f"Appointment/{self.appointment}")

    def _of_encounter(self, chosen: FhirWrites) -> Iterator[Rule]:
        message, patient = self.message, self.message.role is Role.PATIENT
        targets: list[str] = []
        if chosen.encounter_status and self._is_there_now:
            targets.append("arrived" if patient else "in-progress")
        if chosen.encounter_finished and message.last:
            targets.append("finished")
        if targets and patient:
            yield lambda resource: must_be_about(resource, self._person, self._base_url)
        for target in targets:
            yield encounter_status(target, message.at)
        if chosen.encounter_periods and not patient and message.state is not State.WAITING:
            yield participant_period(self._person, message.state, message.at, self._base_url)

    def _of_appointment(self, chosen: FhirWrites) -> Iterator[Rule]:
        targets: list[str] = []
        if chosen.patient_connected and self.message.role is Role.PATIENT and self._is_there_now:
            targets.append(chosen.patient_connected)
        if chosen.appointment_fulfilled and self.message.last:
            targets.append("fulfilled")
        if targets and self.message.role is Role.PATIENT:
            yield lambda resource: must_take_part(resource, self._person, self._base_url)
        yield from map(appointment_status, targets)

    @property
    def _is_there_now(self) -> bool:
        """Whether somebody is connected, as far as anybody can still act on it."""
        message = self.message
        in_time = message.source not in AFTERWARDS and self.now - message.at <= LONG_OVER
        return message.state is State.CONNECTED and in_time and not message.overtaken

    @property
    def _person(self) -> str:
        return reference_to(self.message.user)

    @property
    def _base_url(self) -> str:
        return self.to.content.fhir_base_url

    def _change(self, kind: str, identifier: str, rule: Rule) -> None:
        def wanted(resource: Resource) -> Resource | Operations | None:
            after = rule(resource)
            patched = after is not None and self.to.settings.fhir.update_with == "PATCH"
            return as_operations(resource, after) if after is not None and patched else after

        self.rest.change(kind, identifier, wanted)


def _as_one(writes: Iterable[Callable[[], None]]) -> Told:
    """How several writes went as a whole: what is to be tried again counts more than what is given up."""
    failures: list[Told] = []
    for write in writes:
        try:
            write()
        except FAILURES as failed:
            failures.append(of_failure(failed))
            if failures[-1].down:
                break
    retried = next((one for one in failures if one.retry), None)
    return retried or next(iter(failures), DELIVERED)
