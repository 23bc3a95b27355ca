"""Who is who in a meeting: whose leg is this? Never the wrong patient; rather nobody's. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.identifiers import Role
from shared.presence.model import PAGE_LEG, Kind, Participant, Signal, State
from shared.visits.model import Visit
from shared.visits.ports import EhrUser

PAGE_TO_LOBBY = timedelta(seconds=90)
"""How long after leaving our page a patient of a group visit is looked for in the lobby."""


class IdentityKind(StrEnum):
    """The kinds of identity that Graph tells apart, as far as it matters here."""

    USER = "user"
    GUEST = "guest"
    APPLICATION = "application"


@dataclass(frozen=True)
class Identity:
    """Somebody in a meeting, without their name. The ids are empty for everyone but Entra users."""

    kind: IdentityKind
    object_id: str = ""
    tenant: str = ""


@dataclass(frozen=True)
class LegSignal:
    """What a call event says of one leg."""

    leg: str
    signal: Signal
    identity: Identity


@dataclass(frozen=True)
class CallEvent:
    """One event of a meeting's call: signals of legs, and whether it says that nobody is there any more."""

    at: datetime
    signals: tuple[LegSignal, ...] = ()
    ended: bool = False


KeyMaker = Callable[[Role, str], str]
"""Makes the key of a participant from a role and an identifier."""


def holder(visit: Visit, told: LegSignal, clinician: EhrUser | None, key_of: KeyMaker) -> Participant | None:
    """The participant whose leg it is, new if need be; None for staff and machines.

    Args:
        visit: the visit as it is known.
        told: the signal.
        clinician: the EHR user that the Entra user of the signal is linked to, if any.
        key_of: makes participant keys.
    """
    known = next((one for one in visit.participants.values() if told.leg in one.legs), None)
    if known and known.role is not Role.GUEST:
        return known
    if not _is_on_the_patients_side(visit, told.identity):
        return _provider(visit, told.identity, clinician, key_of)
    first = min({told.signal, *(known.legs[told.leg] if known else ())})
    patient = _patient(visit, first.at)
    if patient:
        return patient
    return known or Participant(key_of(Role.GUEST, told.leg), Role.GUEST, _next_number(visit, Role.GUEST))


def attendee(visit: Visit, identity: Identity, clinician: EhrUser | None, key_of: KeyMaker) -> Participant | None:
    """The participant whom a report after the call names; None for staff, machines, and whoever it may be.

    A report says nothing of legs or of our page, so in a group visit it names no patient.
    """
    if not _is_on_the_patients_side(visit, identity):
        return _provider(visit, identity, clinician, key_of)
    return _only_patient(visit)


def _is_on_the_patients_side(visit: Visit, identity: Identity) -> bool:
    if identity.kind is IdentityKind.USER:
        return identity.tenant not in ("", visit.key.connection.tenant.tenant)
    return identity.kind is IdentityKind.GUEST


def _provider(visit: Visit, identity: Identity, clinician: EhrUser | None, key_of: KeyMaker) -> Participant | None:
    object_id = identity.object_id
    launched = next((one for one in visit.participants.values() if object_id and one.object_id == object_id), None)
    if launched or clinician is None:
        return launched
    key = key_of(Role.PROVIDER, clinician.external_id)
    known = visit.participants.get(key) or Participant(key, Role.PROVIDER, _next_number(visit, Role.PROVIDER))
    return replace(
        known,
        external_id=clinician.external_id,
        external_id_type=clinician.external_id_type,
        object_id=object_id,
    )


def _patient(visit: Visit, at: datetime) -> Participant | None:
    if only := _only_patient(visit):
        return only
    candidates = [one for one in _patients(visit) if _just_left_our_page(one, at) or _may_come_back_by_link(one)]
    return candidates[0] if len(candidates) == 1 and _just_left_our_page(candidates[0], at) else None


def _patients(visit: Visit) -> list[Participant]:
    return [one for one in visit.participants.values() if one.role is Role.PATIENT]


def _only_patient(visit: Visit) -> Participant | None:
    patients = _patients(visit)
    return patients[0] if not visit.group and len(patients) == 1 else None


def _may_come_back_by_link(patient: Participant) -> bool:
    """Who was in the meeting has its link: they may be there again at any time, without coming by our page."""
    legs = [signals for leg, signals in patient.legs.items() if leg != PAGE_LEG]
    return bool(legs) and (patient.state is State.DISCONNECTED or all(max(one).kind is Kind.LEFT for one in legs))


def _just_left_our_page(patient: Participant, at: datetime) -> bool:
    if patient.page_joined_at is None or not timedelta() <= at - patient.page_joined_at <= PAGE_TO_LOBBY:
        return False
    return patient.state is not State.CONNECTED


def _next_number(visit: Visit, role: Role) -> int:
    return 1 + max((one.number for one in visit.participants.values() if one.role is role), default=0)


def with_signal(visit: Visit, participant: Participant, told: LegSignal) -> Visit:
    """The visit with the signal noted on that participant's leg, taken from a guest if it was theirs."""
    participants = {
        key: replace(one, legs={leg: signals for leg, signals in one.legs.items() if leg != told.leg})
        for key, one in visit.participants.items()
        if key != participant.key
    }
    moved = next(
        (one.legs[told.leg] for one in visit.participants.values() if told.leg in one.legs),
        frozenset[Signal](),
    )
    participants = {key: one for key, one in participants.items() if one.legs or one.role is not Role.GUEST}
    legs = {**participant.legs, told.leg: moved | {told.signal}}
    last = max(visit.last_signal or told.signal.at, told.signal.at)
    return replace(
        visit,
        participants={**participants, participant.key: replace(participant, legs=legs)},
        last_signal=last,
    )
