"""A connection: one FHIR base URL of a tenant, its revisions and its state."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from shared.identifiers import ConnectionKey, Environment

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]
StatusCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,16}$")]
ObjectId = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class EhrKind(StrEnum):
    """How an EHR is told of transitions."""

    EPIC = "epic"
    NONE = "none"


class ContextFields(_Frozen):
    """Names of the members that the EHR adds to its token response, as the context token asks it to."""

    session_id: FieldName = "sessionId"
    user_id: FieldName = "externalId"
    user_id_type: FieldName = "externalIdType"
    department: FieldName = "departmentId"
    visit: FieldName = "visit"


class ContextMnemonics(_Frozen):
    """What the EHR is asked to fill in for each member. Epic's public mnemonics are the defaults."""

    session_id: ShortText = "%CSN%"
    group_session_id: ShortText = "%CONFERENCEID%"
    provider_id: ShortText = "%EPICUSERID%"
    provider_id_type: ShortText = "1"
    patient_id: ShortText = "%PATID%"
    patient_id_type: ShortText = "2"
    department: ShortText = "%PERFDEPID;;; ; ;;NONE;%"


class StatusCall(_Frozen):
    """Epic's call to set a connection status. Its specification is not public: everything is a setting.

    `code_waiting` is empty by default: no public source names a status for it.
    """

    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/_.\-]{1,300}$")] = (
        "/api/epic/2018/Clinical/Patient/SETEXTERNALCONNECTIONSTATUS/Telemedicine/SetExternalConnectionStatus"
    )
    method: Literal["GET", "POST"] = "GET"
    vendor_name: ShortText = "TeamsEhrConnector"
    code_waiting: StatusCode | None = None
    code_connected: StatusCode = "1"
    code_disconnected: StatusCode = "2"
    base_url: str | None = Field(default=None, max_length=500)
    scope: ShortText = "system/Appointment.read"


class Branding(_Frozen):
    """What patients see of the clinic. A logo comes along in the page itself: no request to anybody else."""

    name: ShortText = ""
    sentence: ShortText = ""
    clinic_number: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9+() .\-/]{0,40}$")] = ""
    logo: (
        Annotated[
            str, StringConstraints(max_length=24_000, pattern=r"^data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+=*$")
        ]
        | None
    ) = None


class ConnectionSettings(_Frozen):
    """What can differ from hospital to hospital. Part of the revision, so part of what is approved."""

    context: ContextFields = ContextFields()
    mnemonics: ContextMnemonics = ContextMnemonics()
    status_call: StatusCall = StatusCall()
    organizer_object_id: ObjectId | None = None
    branding: Branding = Branding()
    provider_landing: Literal["meeting", "board"] = "meeting"
    meeting_subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = (
        "Virtual visit"
    )


class Content(_Frozen):
    """One content of a connection. Its fingerprint names the revision."""

    fhir_base_url: str
    environment: Environment
    ehr_kind: EhrKind = EhrKind.EPIC
    approver: ObjectId
    settings: ConnectionSettings = ConnectionSettings()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON (sorted members, no white space), its first 32 hexadecimal digits."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


class ConnectionState(StrEnum):
    """Where the current revision stands."""

    NEEDS_APPROVAL = "needs approval"
    SENT_BACK = "sent back"
    APPROVED = "approved"


@dataclass(frozen=True)
class Connection:
    """A connection with its current revision, and the approved one that launches until the next is approved."""

    key: ConnectionKey
    content: Content
    state: ConnectionState
    changed: datetime
    approved: Content | None = None
    suspended: bool = False
    reason: str = ""
    version: str = ""


class Action(StrEnum):
    """What can be done to a connection."""

    SUBMITTED = "submitted"
    EDITED = "edited"
    SENT_BACK = "sent back"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    DELETED = "deleted"
    REPLAYED = "replayed"


@dataclass(frozen=True)
class HistoryEntry:
    """Who did what to a connection, and when. `actor` is an Entra object id."""

    at: datetime
    actor: str
    action: Action
    old_fingerprint: str
    new_fingerprint: str
    reason: str = ""


@dataclass(frozen=True)
class Change:
    """A connection before and after, with the entry that says who did it."""

    before: Connection | None
    after: Connection
    entry: HistoryEntry


def differences(old: Content | None, new: Content) -> Mapping[str, tuple[object, object]]:
    """What differs between two revisions, by dotted name: (old, new)."""
    before = _flat(old.model_dump(mode="json", by_alias=True)) if old else {}
    after = _flat(new.model_dump(mode="json", by_alias=True))
    names = sorted(before.keys() | after.keys())
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def _flat(value: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            flat |= _flat(inner, f"{prefix}{name}.")
        else:
            flat[prefix + name] = inner
    return flat
