"""One transition as an AuditEvent: append-only, and with its time. FHIR R4, "AuditEvent"; pure.

The resource has no identifier. Its entity carries our id of the transition as name, which servers can search for, so
that a conditional create makes it once (`docs/decisions/0024-nothing-twice-and-no-secret-stored.md`).
"""

from collections.abc import Mapping
from datetime import datetime

from shared.ehr.fhir_rest import Resource, is_id
from shared.ehr.fhir_rules import instant, reference_to
from shared.ehr.kinds import event_id
from shared.presence.model import State
from shared.visits.ports import StatusMessage

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_STATES = "urn:uuid:0f9d3d5e-6a53-4a0e-9a57-3d2f6f2b8c11"
"""Our own codes for what happened; a UUID because no web address is ours for good."""
_OBSERVER = "EHR connector for Microsoft Teams"
_TEXTS: Mapping[State, str] = {
    State.WAITING: "Waiting for the video visit",
    State.CONNECTED: "Connected to the video visit",
    State.DISCONNECTED: "Disconnected from the video visit",
}


def audit_event(message: StatusMessage, now: datetime) -> Resource:
    """The event: who (agent), what (subtype), when (period), in which visit (entity), written down when."""
    period = "end" if message.state is State.DISCONNECTED else "start"
    person = reference_to(message.user)
    who = {"reference": person} if person else {"identifier": {"value": message.user.external_id}}
    return {
        "resourceType": "AuditEvent",
        "type": {"system": _DICOM, "code": "110100", "display": "Application Activity"},
        "subtype": [{"system": _STATES, "code": message.state.value, "display": _TEXTS[message.state]}],
        "action": "E",
        "period": {period: instant(message.at)},
        "recorded": instant(now),
        "outcome": "0",
        "agent": [{"who": who, "requestor": True}],
        "source": {"observer": {"display": _OBSERVER}},
        "entity": [{"what": _visit(message), "name": event_id(message)}],
    }


def search_for(message: StatusMessage) -> Mapping[str, str]:
    """The search that finds the event of that transition."""
    return {"entity-name": event_id(message)}


def _visit(message: StatusMessage) -> Mapping[str, object]:
    for name, kind in (("appointment", "Appointment"), ("encounter", "Encounter")):
        if is_id(identifier := message.references.get(name, "")):
            return {"reference": f"{kind}/{identifier}"}
    return {"identifier": {"value": message.session_id}}
