"""Notifications as Graph posts them, plain and rich, for made-up visits."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.identifiers import ConnectionKey, TenantKey, VisitKey, new_connection_id
from shared.microsoft.door import client_state
from shared.wiring import Connector
from tests.support.connections import TENANT

_JOIN_URL = "https%253a%252f%252fteams.microsoft.com%252fl%252fmeetup-join%252f19%253ameeting_bench%2540thread.v2%252f0"


def visits(count: int, connections: int = 1, tenant: TenantKey = TENANT) -> list[VisitKey]:
    """Visits that nobody has heard of, of so many connections of a tenant."""
    keys = [ConnectionKey(tenant, new_connection_id(tenant.tenant)) for _ in range(connections)]
    return [VisitKey(keys[number % connections], secrets.token_hex(16)) for number in range(count)]


def item(connector: Connector, visit: VisitKey, encrypted: dict[str, str] | None = None) -> dict[str, Any]:
    """One change notification of a meeting's call events (Graph, "changeNotification")."""
    event = str(uuid.uuid4())
    resource = f"communications/onlineMeetings(joinWebUrl='{_JOIN_URL}')/meetingCallEvents"
    found: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "subscriptionId": str(uuid.uuid4()),
        "subscriptionExpirationDateTime": (datetime.now(UTC) + timedelta(hours=12)).isoformat(),
        "tenantId": visit.connection.tenant.tenant,
        "clientState": client_state(connector.sealer, visit),
        "changeType": "updated",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#microsoft.graph.callevent",
            "@odata.id": f"{resource}/{event}",
            "id": event,
        },
    }
    return found | ({"encryptedContent": encrypted} if encrypted else {})


def body(*items: dict[str, Any], tokens: tuple[str, ...] = ()) -> bytes:
    """A request's body."""
    return json.dumps({"value": items, **({"validationTokens": tokens} if tokens else {})}).encode()


def call_event() -> dict[str, Any]:
    """What a rich notification says once it is open: somebody joined (Graph beta, "callEvent")."""
    return {
        "@odata.type": "#microsoft.graph.callevent",
        "id": str(uuid.uuid4()),
        "eventType": "rosterUpdated",
        "eventDateTime": datetime.now(UTC).isoformat(),
        "participants@delta": [
            {
                "id": base64.b64encode(secrets.token_bytes(24)).decode(),
                "info": {"identity": {"guest": {"id": str(uuid.uuid4()), "displayName": "Made-up Guest"}}},
                "isInLobby": False,
                "removedState": None,
            }
        ],
    }
