"""A connection: one FHIR base URL of a tenant, its revisions and its state."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from shared.connections.telling import EhrKind, FhirWrites, Frozen, OracleWrites, ShortText, StatusCall, Webhook
from shared.identifiers import ConnectionKey, Environment
from shared.oauth import SigningAlgorithm

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]{1,64}$")]
ObjectId = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
]


SIGN_IN_LIFETIME = timedelta(minutes=10)
"""How long an analyst may take at the EHR."""
PROOF_LIFETIME = timedelta(minutes=15)
"""How long after the sign-in at the EHR a revision may be approved."""


class ContextFields(Frozen):
    """Names of the members that the EHR adds to its token response, as the context token asks it to."""

    session_id: FieldName = "sessionId"
    user_id: FieldName = "externalId"
    user_id_type: FieldName = "externalIdType"
    department: FieldName = "departmentId"
    visit: FieldName = "visit"


class ContextMnemonics(Frozen):
    """What the EHR is asked to fill in for each member. Epic's public mnemonics are the defaults."""

    session_id: ShortText = "%CSN%"
    group_session_id: ShortText = "%CONFERENCEID%"
    provider_id: ShortText = "%EPICUSERID%"
    provider_id_type: ShortText = "1"
    patient_id: ShortText = "%PATID%"
    patient_id_type: ShortText = "2"
    department: ShortText = "%PERFDEPID;;; ; ;;NONE;%"


class Branding(Frozen):
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


class ReconcileSources(Frozen):
    """What Microsoft may be asked after a call, to add what no event told."""

    attendance_reports: bool = True
    call_records: bool = False


class ConnectionSettings(Frozen):
    """What can differ from hospital to hospital. Part of the revision, so part of what is approved."""

    context: ContextFields = Field(default_factory=ContextFields)
    mnemonics: ContextMnemonics = Field(default_factory=ContextMnemonics)
    status_call: StatusCall = Field(default_factory=StatusCall)
    organizer_object_id: ObjectId | None = None
    branding: Branding = Field(default_factory=Branding)
    provider_landing: Literal["meeting", "board"] = "meeting"
    meeting_subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = (
        "Virtual visit"
    )
    fhir: FhirWrites = Field(default_factory=FhirWrites)
    oracle: OracleWrites = Field(default_factory=OracleWrites)
    webhook: Webhook = Field(default_factory=Webhook)
    reconcile: ReconcileSources = Field(default_factory=ReconcileSources)
    signing_algorithm: SigningAlgorithm = "auto"


class Content(Frozen):
    """One content of a connection. Its fingerprint names the revision."""

    fhir_base_url: str
    environment: Environment
    ehr_kind: EhrKind = EhrKind.EPIC
    approver: ObjectId
    settings: ConnectionSettings = Field(default_factory=ConnectionSettings)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON (sorted members, no white space), its first 32 hexadecimal digits.

        A member that came later and has its default is left out, so that what was approved before it came keeps
        its name.
        """
        plain = self.model_dump(mode="json")
        standard = ConnectionSettings().model_dump(mode="json")
        for path in ADDED_SINCE:
            _leave_out_default(plain["settings"], standard, path)
        canonical = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


ADDED_SINCE: Sequence[tuple[str, ...]] = (
    ("fhir",),
    ("oracle",),
    ("webhook",),
    ("status_call", "authentication"),
    ("status_call", "user"),
    ("status_call", "audit_user"),
    ("status_call", "audit_user_type"),
    ("reconcile",),
    ("signing_algorithm",),
)
"""Settings that did not exist when the first connections were approved. Their defaults never change.

`docs/decisions/0023-later-settings-leave-fingerprints-alone.md` says why.
"""


def _leave_out_default(plain: dict[str, Any], standard: Mapping[str, Any], path: Sequence[str]) -> None:
    """Take what has its default out of the settings; of a group, each of its members."""
    name, *rest = path
    if rest:
        _leave_out_default(plain[name], standard[name], rest)
    elif isinstance(standard[name], dict):
        plain[name] = {member: value for member, value in plain[name].items() if value != standard[name][member]}
        if not plain[name]:
            del plain[name]
    elif plain[name] == standard[name]:
        del plain[name]


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
    READ_KEY = "signing secret read"
    EXPORTED = "exported"


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
