"""Integration records: what the EHR analyst copies into the EHR, one for each kind of launch. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from shared.connections.model import ConnectionSettings, Content
from shared.connections.telling import WITHOUT_CONTEXT_TOKEN
from shared.identifiers import ConnectionKey, Role


class RecordKind(StrEnum):
    """The records of a connection."""

    PROVIDER = "provider"
    PATIENT = "patient"
    GROUP_PROVIDER = "group-provider"
    GROUP_PATIENT = "group-patient"
    DEVICE_TEST = "device-test"


@dataclass(frozen=True)
class IntegrationRecord:
    """One record, in the analyst's words."""

    kind: RecordKind
    launch_url: str
    client_id: str
    context_token: str
    fingerprint: str


def records(key: ConnectionKey, content: Content, *, launch_base: str, client_id: str) -> tuple[IntegrationRecord, ...]:
    """All records of an approved revision. A kind that knows no context token has none in them, and no group visits.

    Args:
        key: the connection.
        content: its approved content.
        launch_base: our launch URL up to the connection id, e.g. `https://…/api/launch`.
        client_id: the client id of the connection's environment.
    """
    without_token = content.ehr_kind in WITHOUT_CONTEXT_TOKEN
    return tuple(
        IntegrationRecord(
            kind=kind,
            launch_url=f"{launch_base}/{key.connection}/{path}",
            client_id=client_id,
            context_token="" if without_token else _context_token(content.settings, role, group=group),
            fingerprint=content.fingerprint,
        )
        for kind, path, role, group in (
            (RecordKind.PROVIDER, "provider", Role.PROVIDER, False),
            (RecordKind.PATIENT, "patient", Role.PATIENT, False),
            (RecordKind.GROUP_PROVIDER, "provider", Role.PROVIDER, True),
            (RecordKind.GROUP_PATIENT, "patient", Role.PATIENT, True),
            (RecordKind.DEVICE_TEST, "device-test", Role.PATIENT, False),
        )
        if not (group and without_token)
    )


def _context_token(settings: ConnectionSettings, role: Role, *, group: bool) -> str:
    names, values = settings.context, settings.mnemonics
    provider = role is Role.PROVIDER
    pairs = [
        (names.session_id, values.group_session_id if group else values.session_id),
        (names.department, values.department),
        (names.user_id, values.provider_id if provider else values.patient_id),
        (names.user_id_type, values.provider_id_type if provider else values.patient_id_type),
    ]
    if group:
        pairs.append((names.visit, "group"))
    return "&".join(f"{name}={value}" for name, value in pairs)
