"""The state machine of a connection. Pure; drawn in `docs/connections.md`.

Approval is given to a revision: whoever decides says which fingerprint they saw.
"""

from dataclasses import replace
from datetime import datetime

from shared.connections.model import Action, Change, Connection, ConnectionState, Content, HistoryEntry
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey


def submit(key: ConnectionKey, content: Content, actor: str, now: datetime) -> Change:
    """A new connection; it needs approval."""
    after = Connection(key, content, ConnectionState.NEEDS_APPROVAL, changed=now)
    return _change(None, after, Action.SUBMITTED, actor, now)


def edit(before: Connection, content: Content, actor: str, now: datetime) -> Change:
    """A new revision; it needs approval. What was approved before goes on launching.

    An edit back to the approved content is approved already.
    """
    same = before.approved is not None and content == before.approved
    state = ConnectionState.APPROVED if same else ConnectionState.NEEDS_APPROVAL
    after = replace(before, content=content, state=state, reason="", changed=now)
    return _change(before, after, Action.EDITED, actor, now)


def send_back(before: Connection, fingerprint: str, reason: str, actor: str, now: datetime) -> Change:
    """The approver wants something changed. Raises not_approver, revision_changed, state_not_allowed."""
    _may_decide(before, fingerprint, actor)
    after = replace(before, state=ConnectionState.SENT_BACK, reason=reason, changed=now)
    return _change(before, after, Action.SENT_BACK, actor, now, reason)


def approve(before: Connection, fingerprint: str, actor: str, now: datetime) -> Change:
    """The approver approves the revision. Raises not_approver, revision_changed, state_not_allowed."""
    _may_decide(before, fingerprint, actor)
    after = replace(before, state=ConnectionState.APPROVED, approved=before.content, reason="", changed=now)
    return _change(before, after, Action.APPROVED, actor, now)


def suspend(before: Connection, reason: str, actor: str, now: datetime) -> Change:
    """No launches until it is resumed. Raises state_not_allowed."""
    if before.suspended:
        raise ConnectorError("state_not_allowed", state="suspended")
    after = replace(before, suspended=True, changed=now)
    return _change(before, after, Action.SUSPENDED, actor, now, reason)


def resume(before: Connection, actor: str, now: datetime) -> Change:
    """Launches again. Raises state_not_allowed."""
    if not before.suspended:
        raise ConnectorError("state_not_allowed", state="not suspended")
    return _change(before, replace(before, suspended=False, changed=now), Action.RESUMED, actor, now)


def launchable(connection: Connection | None) -> Content:
    """The content that launches use. Raises connection_unknown, connection_suspended, connection_not_approved."""
    if connection is None:
        raise ConnectorError("connection_unknown")
    if connection.approved is None:
        raise ConnectorError("connection_not_approved", state=connection.state.value)
    if connection.suspended:
        raise ConnectorError("connection_suspended")
    return connection.approved


def _may_decide(connection: Connection, fingerprint: str, actor: str) -> None:
    if actor != connection.content.approver:
        raise ConnectorError("not_approver")
    if connection.state is ConnectionState.APPROVED:
        raise ConnectorError("state_not_allowed", state=connection.state.value)
    if fingerprint != connection.content.fingerprint:
        raise ConnectorError("revision_changed")


def _change(
    before: Connection | None, after: Connection, action: Action, actor: str, now: datetime, reason: str = ""
) -> Change:
    old = before.content.fingerprint if before else ""
    return Change(before, after, HistoryEntry(now, actor, action, old, after.content.fingerprint, reason))
