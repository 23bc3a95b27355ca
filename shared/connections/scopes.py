"""The scope of the token with which an EHR is told, by kind. SMART App Launch 2.2, "Scopes"; pure."""

from shared.connections.model import Content
from shared.connections.telling import EhrKind, FhirWrites


def backend_scope(content: Content) -> str:
    """The scope to ask for; empty if this connection's EHR is told without a token."""
    settings = content.settings
    match content.ehr_kind:
        case EhrKind.EPIC:
            return settings.status_call.scope if settings.status_call.authentication == "token" else ""
        case EhrKind.FHIR:
            return settings.fhir.scope or _least(settings.fhir)
        case EhrKind.ORACLE:
            return settings.oracle.scope
        case _:
            return ""


def _least(writes: FhirWrites) -> str:
    """No more than the writes that are chosen need: to find and read what is changed, and to change it."""
    needed = {
        "system/Appointment.rsu": writes.patient_connected or writes.appointment_fulfilled or writes.virtual_service,
        "system/Encounter.rsu": writes.encounter_status or writes.encounter_periods or writes.encounter_finished,
        "system/AuditEvent.cs": writes.audit_event,
    }
    return " ".join(scope for scope, is_needed in needed.items() if is_needed)
