"""What administrator and approver can do with connections: each method one act, with who acts and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.clock import Clock
from shared.connections import lifecycle
from shared.connections.base_url import normalise, why_refused
from shared.connections.doctor import Checkup, Doctor
from shared.connections.model import (
    PROOF_LIFETIME,
    SIGN_IN_LIFETIME,
    Action,
    Connection,
    ConnectionSettings,
    Content,
    HistoryEntry,
)
from shared.connections.ports import ConnectionStore, Directory, EhrSignIn
from shared.connections.telling import EhrKind
from shared.connections.webhook_secrets import WebhookSecrets
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Environment, TenantKey, new_connection_id
from shared.oauth import Proof, new_proof
from shared.sealing import SealBrokenError, Sealer

SIGN_IN = "ehr sign-in"
PROOF = "ehr proof"


class Wish(BaseModel):
    """What an administrator enters for a connection."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    fhir_base_url: str
    environment: Environment
    approver: str
    ehr_kind: EhrKind = EhrKind.EPIC
    settings: ConnectionSettings = Field(default_factory=ConnectionSettings)


class EhrSession(BaseModel):
    """An approver's EHR sign-in, sealed in a cookie: under way, or (as proof) done."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    stage: Literal["under way", "done"]
    connection: str
    fingerprint: str
    approver: str
    state: str
    nonce: str
    verifier: str
    expires: float


@dataclass(frozen=True)
class SignInStart:
    """Where the approver's browser goes, and the sealed state it must bring back."""

    url: str
    state: str
    cookie: str


@dataclass(frozen=True)
class Connections:
    """What connections are managed with."""

    store: ConnectionStore
    directory: Directory
    doctor: Doctor
    ehr: EhrSignIn
    sealer: Sealer
    now: Clock
    redirect_uri: str

    def list(self, tenant: TenantKey) -> Sequence[Connection]:
        """All connections of the caller's tenant, oldest change first."""
        return sorted(self.store.of_tenant(tenant), key=lambda one: one.changed)

    def get(self, key: ConnectionKey) -> Connection:
        """One connection. Raises connection_unknown."""
        connection = self.store.read(key)
        if connection is None:
            raise ConnectorError("connection_unknown")
        return connection

    def submit(self, tenant: TenantKey, wish: Wish, actor: str) -> tuple[Connection, Checkup]:
        """Store a new connection. What the doctor finds comes along; only an impossible URL is refused.

        Raises:
            ConnectorError: url_refused, webhook_url_refused, approver_unknown, connection_exists.
        """
        checkup = self.doctor.check(wish.fhir_base_url, wish.environment)
        content = self._content(tenant, wish, checkup)
        self._must_be_new(tenant, content, None)
        key = ConnectionKey(tenant, new_connection_id(tenant.tenant))
        return self.store.write(lifecycle.submit(key, content, actor, self.now())), checkup

    def edit(self, key: ConnectionKey, wish: Wish, version: str, actor: str) -> tuple[Connection, Checkup]:
        """Store a new revision, if `version` is still the present one.

        Raises:
            ConnectorError: as submit, connection_unknown, connection_changed.
        """
        before = self._at_version(key, version)
        checkup = self.doctor.check(wish.fhir_base_url, wish.environment)
        content = self._content(key.tenant, wish, checkup)
        self._must_be_new(key.tenant, content, key)
        return self.store.write(lifecycle.edit(before, content, actor, self.now())), checkup

    def delete(self, key: ConnectionKey, version: str, actor: str) -> None:
        """Delete a connection; its history stays. Raises connection_unknown, connection_changed."""
        before = self._at_version(key, version)
        fingerprint = before.content.fingerprint
        self.store.delete(before, HistoryEntry(self.now(), actor, Action.DELETED, fingerprint, ""))

    def note_replay(self, key: ConnectionKey, count: int, actor: str) -> None:
        """Keep in the history who had how many writebacks sent again.

        Written before they are: after a crash some or all of them may not have been, and are still given up.
        """
        found = self.store.read(key)
        fingerprint = found.approved.fingerprint if found and found.approved else ""
        self.store.record(key, HistoryEntry(self.now(), actor, Action.REPLAYED, fingerprint, fingerprint, str(count)))

    def note_export(self, tenant: TenantKey, actor: str) -> None:
        """Keep in the history of every connection who took everything of the tenant along."""
        for one in self.store.of_tenant(tenant):
            fingerprint = one.content.fingerprint
            self.store.record(one.key, HistoryEntry(self.now(), actor, Action.EXPORTED, fingerprint, fingerprint))

    def suspend(self, key: ConnectionKey, reason: str, actor: str) -> Connection:
        """Stop all launches of a connection."""
        return self.store.write(lifecycle.suspend(self.get(key), reason, actor, self.now()))

    def resume(self, key: ConnectionKey, actor: str) -> Connection:
        """Let a connection launch again."""
        return self.store.write(lifecycle.resume(self.get(key), actor, self.now()))

    def send_back(self, key: ConnectionKey, fingerprint: str, reason: str, actor: str) -> Connection:
        """The approver sends a revision back, with a reason. Needs no EHR sign-in."""
        return self.store.write(lifecycle.send_back(self.get(key), fingerprint, reason, actor, self.now()))

    def start_sign_in(self, key: ConnectionKey, actor: str) -> SignInStart:
        """The approver goes to the EHR. Raises connection_unknown, not_approver, ehr_… ."""
        connection = self.get(key)
        content = connection.content
        if actor != content.approver:
            raise ConnectorError("not_approver")
        proof = new_proof()
        session = EhrSession(
            stage="under way",
            connection=key.connection,
            fingerprint=content.fingerprint,
            approver=actor,
            state=proof.state,
            nonce=proof.nonce,
            verifier=proof.verifier,
            expires=(self.now() + SIGN_IN_LIFETIME).timestamp(),
        )
        url = self.ehr.sign_in_url(content.fhir_base_url, content.environment, self.redirect_uri, proof)
        return SignInStart(url, proof.state, self.sealer.seal(SIGN_IN, session.model_dump_json()))

    def sign_in_session(self, cookie: str, state: str) -> EhrSession:
        """The sign-in that a callback belongs to. Raises launch_not_started."""
        session = self._opened(SIGN_IN, cookie)
        if session is None or session.stage != "under way" or session.state != state:
            raise ConnectorError("launch_not_started")
        return session

    def finish_sign_in(self, key: ConnectionKey, session: EhrSession, code: str) -> str:
        """The approver is back from the EHR. Returns the sealed proof for the same browser.

        Raises:
            ConnectorError: connection_unknown, revision_changed, and what the EHR or its token is at fault for.
        """
        content = self.get(key).content
        if content.fingerprint != session.fingerprint:
            raise ConnectorError("revision_changed")
        proof = Proof(session.state, session.nonce, session.verifier)
        algorithm = content.settings.signing_algorithm
        self.ehr.finish_sign_in(content.fhir_base_url, content.environment, self.redirect_uri, proof, code, algorithm)
        done = session.model_copy(
            update={
                "stage": "done",
                "state": "",
                "nonce": "",
                "verifier": "",
                "expires": (self.now() + PROOF_LIFETIME).timestamp(),
            }
        )
        return self.sealer.seal(PROOF, done.model_dump_json())

    def approve(self, key: ConnectionKey, fingerprint: str, proof_cookie: str, actor: str) -> Connection:
        """The approver approves what they saw, having signed in at that EHR in this browser.

        Raises:
            ConnectorError: connection_unknown, not_approver, revision_changed, state_not_allowed, ehr_sign_in_missing.
        """
        change = lifecycle.approve(self.get(key), fingerprint, actor, self.now())
        session = self._opened(PROOF, proof_cookie)
        proven = session and (session.stage, session.connection, session.fingerprint, session.approver) == (
            "done",
            key.connection,
            fingerprint,
            actor,
        )
        if not proven:
            raise ConnectorError("ehr_sign_in_missing")
        return self.store.write(change)

    def webhook_secret(self, key: ConnectionKey, actor: str) -> tuple[int, str]:
        """Version and secret that events are signed with: of the approved content, or else of what is to be approved.

        That it was read, and by whom, stands in the history.

        Raises:
            ConnectorError: connection_unknown, not_a_webhook.
        """
        connection = self.get(key)
        for content in (connection.approved, connection.content):
            if content and content.ehr_kind is EhrKind.WEBHOOK:
                version, fingerprint = content.settings.webhook.secret_version, content.fingerprint
                entry = HistoryEntry(self.now(), actor, Action.READ_KEY, fingerprint, fingerprint, str(version))
                self.store.record(key, entry)
                return version, WebhookSecrets(self.sealer).shown(key, version)
        raise ConnectorError("not_a_webhook")

    def other_environment(self, key: ConnectionKey, iss: str) -> Environment | None:
        """The environment of another connection of the tenant that has this base URL; for naming a mix-up."""
        wanted = normalise(iss, allow_loopback=True).url
        for other in self.store.of_tenant(key.tenant):
            content = other.approved or other.content
            if other.key != key and normalise(content.fhir_base_url, allow_loopback=True).url == wanted:
                return content.environment
        return None

    def _opened(self, purpose: str, cookie: str) -> EhrSession | None:
        try:
            session = EhrSession.model_validate_json(self.sealer.open(purpose, cookie))
        except (SealBrokenError, ValidationError):
            return None
        return session if session.expires > self.now().timestamp() else None

    def _at_version(self, key: ConnectionKey, version: str) -> Connection:
        connection = self.get(key)
        if connection.version != version:
            raise ConnectorError("connection_changed")
        return connection

    def _content(self, tenant: TenantKey, wish: Wish, checkup: Checkup) -> Content:
        if not checkup.url:
            raise ConnectorError("url_refused", finding=checkup.refusal)
        approver = self.directory.find(tenant, wish.approver.strip())
        if approver is None:
            raise ConnectorError("approver_unknown")
        return Content(
            fhir_base_url=checkup.url,
            environment=wish.environment,
            ehr_kind=wish.ehr_kind,
            approver=approver.object_id,
            settings=self._checked(wish),
        )

    def _checked(self, wish: Wish) -> ConnectionSettings:
        """The settings, with the addresses in them held to the same rules.

        Raises:
            ConnectorError: url_refused, webhook_url_refused.
        """
        settings = wish.settings
        call, webhook = settings.status_call, settings.webhook
        if webhook.url or wish.ehr_kind is EhrKind.WEBHOOK:
            refusals = why_refused(webhook.url or "", allow_loopback=self.doctor.allow_loopback)
            if refusals:
                raise ConnectorError("webhook_url_refused", finding=refusals[0])
        if not call.base_url:
            return settings
        base = normalise(call.base_url, allow_loopback=self.doctor.allow_loopback)
        if not base.url:
            raise ConnectorError("url_refused", finding=base.refusals[0])
        return settings.model_copy(update={"status_call": call.model_copy(update={"base_url": base.url})})

    def _must_be_new(self, tenant: TenantKey, content: Content, but: ConnectionKey | None) -> None:
        for other in self.store.of_tenant(tenant):
            if other.key != but and other.content.fhir_base_url == content.fhir_base_url:
                raise ConnectorError("connection_exists", environment=other.content.environment.value)
