"""The JSON of connections: configuration, approval, records, history."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from functions.models import Model
from shared.connections.model import (
    Connection,
    ConnectionSettings,
    ConnectionState,
    HistoryEntry,
    differences,
)
from shared.connections.records import IntegrationRecord, RecordKind
from shared.connections.telling import EhrKind
from shared.errors import Language
from shared.identifiers import Environment

if TYPE_CHECKING:
    from shared.connections.doctor import Checkup


class ConnectionIn(Model):
    """What an administrator enters."""

    fhir_base_url: str = Field(max_length=2000)
    environment: Environment
    approver: str = Field(min_length=1, max_length=320)
    ehr_kind: EhrKind = EhrKind.EPIC
    settings: ConnectionSettings = Field(default_factory=ConnectionSettings)


class ConnectionEdit(ConnectionIn):
    """A new revision, and the version that it is based on."""

    version: str = Field(max_length=200)


class CheckIn(Model):
    """What the URL doctor examines."""

    fhir_base_url: str = Field(max_length=2000)
    environment: Environment


class Decision(Model):
    """An approval: of the revision that was seen."""

    fingerprint: str = Field(max_length=64)


class SendBack(Decision):
    """A refusal, with its reason."""

    reason: str = Field(min_length=1, max_length=500)


class Reason(Model):
    """Why something was done."""

    reason: str = Field(default="", max_length=500)


class VersionIn(Model):
    """The version that a deletion is based on."""

    version: str = Field(max_length=200)


class FindingOut(Model):
    """One finding of the URL doctor."""

    code: str
    severity: str
    asked: str
    came_back: str
    said: str
    change: str


class CheckupOut(Model):
    """The URL doctor's answer."""

    url: str
    proposal: str
    is_well: bool
    findings: list[FindingOut]

    @classmethod
    def of(cls, checkup: "Checkup", language: Language) -> "CheckupOut":
        """The answer in a language."""
        return cls(
            url=checkup.url,
            proposal=checkup.proposal,
            is_well=checkup.is_well,
            findings=[
                FindingOut(
                    code=one.code,
                    severity=one.severity.value,
                    asked=one.asked,
                    came_back=one.came_back,
                    said=one.sentence(language),
                    change=one.change(language),
                )
                for one in checkup.findings
            ],
        )


class DifferenceOut(Model):
    """One setting that differs from the approved revision."""

    name: str
    approved: str | None
    current: str | None


class ConnectionOut(Model):
    """A connection as its tenant sees it."""

    id: str
    fhir_base_url: str
    environment: Environment
    ehr_kind: EhrKind
    settings: ConnectionSettings
    approver: str
    approver_name: str | None
    state: ConnectionState
    suspended: bool
    reason: str
    fingerprint: str
    approved_fingerprint: str | None
    differences: list[DifferenceOut]
    changed: datetime
    version: str
    checkup: CheckupOut | None = None

    @classmethod
    def of(
        cls, connection: Connection, approver_name: str | None, checkup: CheckupOut | None = None
    ) -> "ConnectionOut":
        """The connection, with its approver's name as the directory knows it now."""
        content, approved = connection.content, connection.approved
        changed = differences(approved, content) if approved else {}
        return cls(
            id=connection.key.connection,
            fhir_base_url=content.fhir_base_url,
            environment=content.environment,
            ehr_kind=content.ehr_kind,
            settings=content.settings,
            approver=content.approver,
            approver_name=approver_name,
            state=connection.state,
            suspended=connection.suspended,
            reason=connection.reason,
            fingerprint=content.fingerprint,
            approved_fingerprint=approved.fingerprint if approved else None,
            differences=[
                DifferenceOut(name=name, approved=_text(old), current=_text(new))
                for name, (old, new) in changed.items()
            ],
            changed=connection.changed,
            version=connection.version,
            checkup=checkup,
        )


class ConnectionList(Model):
    """All connections that the caller may see."""

    connections: list[ConnectionOut]


class SignInOut(Model):
    """Where the approver's browser goes to sign in at the EHR."""

    authorize_url: str


class RecordOut(Model):
    """One integration record."""

    kind: RecordKind
    launch_url: str
    client_id: str
    context_token: str
    fingerprint: str

    @classmethod
    def of(cls, record: IntegrationRecord) -> "RecordOut":
        """The record."""
        return cls(**vars(record))


class RecordList(Model):
    """The integration records of an approved revision."""

    records: list[RecordOut]
    jwks_url: str


class CompareIn(Model):
    """What an analyst found in the EHR for one record."""

    kind: RecordKind
    text: str = Field(max_length=8000)


class SaidOut(Model):
    """One finding: what it means and what to change."""

    code: str
    said: str
    change: str


class ComparedField(Model):
    """One field of a record against what was found."""

    field: str
    matches: bool
    expected: str
    found: str
    findings: list[SaidOut]


class CompareOut(Model):
    """A record against what was found."""

    matches: bool
    fields: list[ComparedField]


class WebhookSecretOut(Model):
    """What a receiver checks signatures with, and which version it is."""

    version: int
    secret: str


class TestLaunchIn(Model):
    """The clinician for whom meetings are tried; may be empty."""

    clinician: str = Field(default="", max_length=320)


class TestLine(Model):
    """One line of the test launch."""

    code: str
    state: str
    said: str
    next_step: str
    reason: str
    commands: list[str]


class TestLaunchOut(Model):
    """The test launch, line by line."""

    lines: list[TestLine]


class HistoryOut(Model):
    """One entry of a connection's history; the actor's name is the directory's, now, and not stored."""

    at: datetime
    actor: str
    actor_name: str | None
    action: str
    old_fingerprint: str
    new_fingerprint: str
    reason: str

    @classmethod
    def of(cls, entry: HistoryEntry, actor_name: str | None) -> "HistoryOut":
        """The entry."""
        return cls(**{**vars(entry), "action": entry.action.value, "actor_name": actor_name})


class HistoryList(Model):
    """A connection's history, newest first."""

    history: list[HistoryOut]


def _text(value: object) -> str | None:
    """A value as JSON has it; texts without quotes."""
    return value if value is None or isinstance(value, str) else json.dumps(value)
