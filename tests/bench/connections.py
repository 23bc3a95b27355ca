"""Connections that are approved from the start, and a connector of the bench's own on the servers' storage and keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.connections.model import Action, Change, Connection, ConnectionState, Content, HistoryEntry
from shared.identifiers import ConnectionKey, Environment, TenantKey, new_connection_id
from shared.settings import Settings
from shared.wiring import Connector
from tests.support.connections import ANALYST, TENANT


def connector(values: Mapping[str, str]) -> Connector:
    """A connector in this process, with the settings that a server has."""
    return Connector(Settings.model_validate({name.lower(): value for name, value in values.items()}))


def approved(parts: Connector, base_url: str, tenant: TenantKey = TENANT, **settings: Any) -> ConnectionKey:
    """A new connection of the tenant's test environment, approved."""
    key = ConnectionKey(tenant, new_connection_id(tenant.tenant))
    content = Content.model_validate(
        {"fhir_base_url": base_url, "environment": Environment.TEST, "approver": ANALYST, "settings": settings}
    )
    now = datetime.now(UTC)
    made = Connection(key, content, ConnectionState.APPROVED, now, approved=content)
    entry = HistoryEntry(now, ANALYST, Action.APPROVED, "", content.fingerprint)
    parts.connection_store.write(Change(None, made, entry))
    return key
