"""What is written into which resource: from a resource as it is to what it shall be. FHIR R4; pure.

Each rule gives back None where the resource says already what it shall, so that telling twice changes nothing, and
never goes backwards: an appointment that was checked in does not become one whose patient has just arrived.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.ehr.answers import NotToldError, given_up
from shared.ehr.fhir_rest import Resource, is_id, objects
from shared.presence.model import State
from shared.visits.ports import EhrUser

Rule = Callable[[Resource], Resource | None]

_APPOINTMENT_WAY = ("proposed", "pending", "booked", "arrived", "checked-in", "fulfilled")
_APPOINTMENT_OFF = ("cancelled", "noshow", "entered-in-error", "waitlist")
_ENCOUNTER_WAY = ("planned", "arrived", "triaged", "in-progress", "onleave", "finished")
_ENCOUNTER_OFF = ("cancelled", "entered-in-error", "unknown")
PEOPLE_TYPES = ("Patient", "Practitioner", "PractitionerRole", "RelatedPerson")
_CLINICAL_TYPES = ("Practitioner", "PractitionerRole", "RelatedPerson")
"""Whom an encounter's participant can name; a patient is its subject instead."""

VIRTUAL_SERVICE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService"
_SERVICE_TYPES = "http://hl7.org/fhir/virtual-service-type"
_TEAMS = "ms-teams"


def reference_to(user: EhrUser) -> str:
    """The reference that names a user whose id is a FHIR id and whose id type a resource type; else empty."""
    known = user.external_id_type in PEOPLE_TYPES and is_id(user.external_id)
    return f"{user.external_id_type}/{user.external_id}" if known else ""


def is_reference(value: object, wanted: str, base_url: str) -> bool:
    """Whether a Reference leads to that resource of this server, be it relative, absolute, or to a version."""
    reference = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(reference, str) or not wanted:
        return False
    return reference.removeprefix(f"{base_url}/").partition("/_history/")[0] == wanted


def must_take_part(appointment: Resource, person: str, base_url: str) -> None:
    """Never the wrong patient: who is written of is a participant of the appointment. Raises NotToldError."""
    if not any(is_reference(one.get("actor"), person, base_url) for one in objects(appointment, "participant")):
        raise NotToldError(given_up("not in the appointment"))


def must_be_about(encounter: Resource, patient: str, base_url: str) -> None:
    """Never the wrong patient: who has arrived is the encounter's subject. Raises NotToldError."""
    if not is_reference(encounter.get("subject"), patient, base_url):
        raise NotToldError(given_up("not the encounter's patient"))


def appointment_status(target: str) -> Rule:
    """The appointment gets a status that lies ahead of the one that it has."""
    return lambda resource: resource | {"status": target} if lies_ahead(resource, target) else None


def lies_ahead(appointment: Resource, target: str) -> bool:
    """Whether an appointment has yet to come to a status. Raises NotToldError if it is called off."""
    return _is_ahead(appointment, target, "appointment", _APPOINTMENT_WAY, _APPOINTMENT_OFF)


def encounter_status(target: str, at: datetime) -> Rule:
    """The encounter gets a status that lies ahead, and its period a beginning, or an end when it is finished."""

    def rule(resource: Resource) -> Resource | None:
        if not _is_ahead(resource, target, "encounter", _ENCOUNTER_WAY, _ENCOUNTER_OFF):
            return None
        after = resource | {"status": target}
        if target == "arrived":
            return after
        period = _period(resource)
        return after | {"period": _ended(period, at) if target == "finished" else _begun(period, at)}

    return rule


def participant_period(person: str, state: State, at: datetime, base_url: str) -> Rule:
    """Who is connected has begun to take part, who is disconnected has ended; whoever is missing is added.

    From the first connect to the last disconnect: the period has one beginning and one end, however often somebody
    came back.
    """

    def rule(resource: Resource) -> Resource | None:
        if person.partition("/")[0] not in _CLINICAL_TYPES:
            raise NotToldError(given_up("no practitioner"))
        entries = objects(resource, "participant")
        if not any(is_reference(one.get("individual"), person, base_url) for one in entries):
            entries.append({"individual": {"reference": person}})
        place = next(n for n, one in enumerate(entries) if is_reference(one.get("individual"), person, base_url))
        mine = entries[place]
        period = _ended(_period(mine), at) if state is State.DISCONNECTED else _back(_begun(_period(mine), at), at)
        if period == mine.get("period"):
            return None
        entries[place] = mine | {"period": period}
        return resource | {"participant": entries}

    return rule


def virtual_service(join_url: str) -> Rule:
    """The appointment carries the address of its Teams meeting (HL7, extension for R5's `virtualService`)."""
    ours = {
        "url": VIRTUAL_SERVICE,
        "extension": [
            {"url": "channelType", "valueCoding": {"system": _SERVICE_TYPES, "code": _TEAMS}},
            {"url": "address", "valueUrl": join_url},
        ],
    }

    def rule(resource: Resource) -> Resource | None:
        extensions = objects(resource, "extension")
        others = [one for one in extensions if not _is_teams(one)]
        return None if ours in extensions else resource | {"extension": [*others, ours]}

    return rule


def in_turn(rules: Sequence[Rule]) -> Rule:
    """All rules as one, so that a resource is written once."""

    def rule(resource: Resource) -> Resource | None:
        after = resource
        for one in rules:
            after = one(after) or after
        return None if after == resource else after

    return rule


def instant(at: datetime) -> str:
    """A moment as FHIR writes it: with its time zone, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_ahead(resource: Resource, target: str, what: str, way: Sequence[str], off: Sequence[str]) -> bool:
    present = resource.get("status")
    if present in off:
        raise NotToldError(given_up(f"{what} is {present}"))
    if present not in way:
        raise NotToldError(given_up(f"{what} has no known status"))
    return way.index(target) > way.index(present)


def _period(holder: Mapping[str, Any]) -> Resource:
    period = holder.get("period")
    return dict(period) if isinstance(period, dict) else {}


def _begun(period: Resource, at: datetime) -> Resource:
    """A beginning that is not later than that moment; one that cannot be read is the EHR's own and stays."""
    if "start" not in period:
        return {**period, "start": instant(at)}
    start = _read(period["start"])
    return {**period, "start": instant(at)} if start and start > at else period


def _back(period: Resource, at: datetime) -> Resource:
    """Somebody who is back has not ended."""
    end = _read(period.get("end"))
    return {name: value for name, value in period.items() if name != "end"} if end and end < at else period


def _ended(period: Resource, at: datetime) -> Resource:
    end = _read(period.get("end"))
    return period if end and end >= _to_the_millisecond(at) else {**period, "end": instant(at)}


def _read(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _to_the_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _is_teams(extension: Resource) -> bool:
    codings = [one.get("valueCoding") for one in objects(extension, "extension") if one.get("url") == "channelType"]
    return extension.get("url") == VIRTUAL_SERVICE and any(
        isinstance(coding, dict) and coding.get("code") == _TEAMS for coding in codings
    )
