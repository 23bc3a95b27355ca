"""Call events of a visit become transitions and writebacks, in one transaction; then their batons are sent."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import Role, VisitKey
from shared.presence.baton import with_baton
from shared.presence.fold import fold
from shared.presence.model import Participant, Source, State, Step
from shared.presence.plan import Hearer, is_overtaken, plan
from shared.sealing import Sealer
from shared.telemetry import Event, log
from shared.visits.model import Phase, Visit
from shared.visits.ports import (
    ClinicianStore,
    ConflictError,
    EhrUser,
    Pointer,
    Pointers,
    StatusTeller,
    VisitStore,
)
from shared.visits.report import Report, end_as_recorded, heard, with_reports
from shared.visits.tries import tries
from shared.visits.who import CallEvent, Identity, IdentityKind, LegSignal, attendee, holder, with_signal

MEETING = "meeting"
"""The key of the meeting among the participants of its visit."""
_NEW_EACH_TIME = frozenset({State.OPENED})
"""A visit that is opened again has another meeting, with another address."""


@dataclass(frozen=True)
class Attendance:
    """What attendance is kept with."""

    visits: VisitStore
    clinicians: ClinicianStore
    teller: StatusTeller
    pointers: Pointers
    sealer: Sealer
    now: Clock
    debounce: timedelta

    def note(self, key: VisitKey, events: Sequence[CallEvent]) -> None:
        """Fold the events into the visit. An unknown or forgotten visit is left alone.

        Raises:
            ConnectorError: busy, when others wrote to the visit at every try; the queue tries again.
        """
        for _ in tries():
            before = self.visits.read(key)
            if before is None or before.phase is Phase.SETTLED:
                log(
                    Event.NOTIFICATION_IGNORED,
                    level=logging.WARNING,
                    reason="unknown or settled visit",
                    visit=key.session,
                )
                return
            after = self.with_events(before, events)
            if after == before:
                return
            try:
                saved = self.visits.save(before, after)
            except ConflictError:
                continue
            self.send_new(before, saved)
            log(Event.EVENTS_FOLDED, visit=key.session, count=len(events))
            return
        raise ConnectorError("busy", retry_after=2)

    def with_events(self, visit: Visit, events: Sequence[CallEvent]) -> Visit:
        """The visit after the events, with all its writebacks planned. Stores nothing."""
        for event in events:
            for told in event.signals:
                visit = self._with_signal(visit, told)
            if event.ended:
                visit = replace(visit, ends=tuple(sorted({*visit.ends, end_as_recorded(visit, event.at)})))
        for key in visit.participants:
            visit = self.planned(visit, key)
        return visit

    def with_reports(self, visit: Visit, reports: Sequence[Report]) -> Visit:
        """The visit with what reports after the call tell of and no event did. Stores nothing."""
        visit = with_reports(visit, reports, self._attendee, self.debounce)
        for key in visit.participants:
            visit = self.planned(visit, key)
        return visit

    def planned(self, visit: Visit, participant_key: str, *, none_in_hand: bool = False) -> Visit:
        """The visit with that participant's writebacks and baton brought up to date; see `plan`."""
        participant = visit.participants[participant_key]
        abilities = self.teller.abilities(visit.key.connection)
        is_known = participant.external_id or participant.role is Role.MEETING
        words = abilities.of(participant.role) if is_known else frozenset[State]()
        steps = self._steps(visit, participant)
        writebacks = plan(
            participant.writebacks,
            steps,
            debounce=self.debounce,
            now=self.now(),
            hearer=Hearer(words.__contains__, abilities.stamps_time, abilities.repeats | _NEW_EACH_TIME),
            none_in_hand=none_in_hand,
        )
        state = steps[-1].state if steps else participant.state
        participant = with_baton(replace(participant, state=state, writebacks=writebacks), self.now())
        return replace(visit, participants=visit.with_participant(participant))

    def is_overtaken(self, visit: Visit, participant: Participant, at: datetime) -> bool:
        """Whether what the participant did at that moment is of the past by now, and something else is so."""
        return is_overtaken(at, self._steps(visit, participant), self.debounce, self.now())

    def with_meeting(self, visit: Visit) -> Visit:
        """The visit with its open meeting as something that the EHR is told of, if it has a word for that."""
        if visit.opened is None or State.OPENED not in self.teller.abilities(visit.key.connection).of(Role.MEETING):
            return visit
        meeting = visit.participants.get(MEETING) or Participant(MEETING, Role.MEETING, 1)
        return self.planned(replace(visit, participants=visit.with_participant(meeting)), MEETING)

    def _steps(self, visit: Visit, participant: Participant) -> tuple[Step, ...]:
        if participant.role is Role.MEETING:
            return (Step(State.OPENED, visit.opened, Source.CONNECTOR),) if visit.opened else ()
        return fold(participant.legs, visit.ends, self.debounce)

    def send_new(self, before: Visit | None, after: Visit) -> None:
        """Send the batons that came with the change; a crash before this is mended by the sweep."""
        for key, participant in after.participants.items():
            old = before.participants.get(key) if before else None
            baton, held = participant.baton, old.baton if old else None
            if baton and (held is None or baton.token != held.token):
                delay = max(baton.due - self.now(), timedelta())
                self.pointers.send(Pointer(after.key, key, baton.token), delay)

    def _with_signal(self, visit: Visit, told: LegSignal) -> Visit:
        told = replace(told, leg=self.sealer.keyed_hash("leg", told.leg)[:16])
        whose = holder(visit, told, self._clinician(visit, told.identity), self._key)
        if whose is None:
            return visit
        for signal in heard(whose, told.signal):
            visit = with_signal(visit, visit.participants.get(whose.key, whose), replace(told, signal=signal))
        return visit

    def _attendee(self, visit: Visit, identity: Identity) -> Participant | None:
        return attendee(visit, identity, self._clinician(visit, identity), self._key)

    def _clinician(self, visit: Visit, identity: Identity) -> EhrUser | None:
        if identity.kind is not IdentityKind.USER:
            return None
        if any(one.object_id == identity.object_id for one in visit.participants.values()):
            return None
        return self.clinicians.ehr_user(visit.key.connection, identity.object_id)

    def _key(self, role: Role, identifier: str) -> str:
        return participant_key(self.sealer, role, identifier)


def participant_key(sealer: Sealer, role: Role, identifier: str) -> str:
    """The key of a participant within a visit: role and keyed hash, so that nothing in it names a person."""
    return f"{role.value}-{sealer.keyed_hash('participant', role.value, identifier)[:16]}"
