"""The notification door's own work: shape, client state, nothing that takes time.

Graph, "Change notifications through webhooks": answer within 3 seconds, 202 once the work is kept elsewhere.
What goes on is sealed, because validation tokens and a meeting's resource name must not lie in a queue.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.errors import ConnectorError
from shared.identifiers import Geography, VisitKey, visit_key
from shared.sealing import SealBrokenError, Sealer
from shared.telemetry import Event, log

SEALED_AS = "notifications"
_MAX_ITEMS = 1000
_MAX_MESSAGE_CHARACTERS = 48_000
_CLIENT_STATE = "client state"
_ENCRYPTED = ("data", "dataKey", "dataSignature", "encryptionCertificateId")


@dataclass(frozen=True)
class Item:
    """One notification that belongs to a visit of ours."""

    visit: VisitKey
    tenant: str
    subscription: str
    encrypted: Mapping[str, str]
    lifecycle: str = ""


@dataclass(frozen=True)
class Batch:
    """What one queue message carries."""

    items: tuple[Item, ...]
    validation_tokens: tuple[str, ...]
    received: str


def client_state(sealer: Sealer, key: VisitKey) -> str:
    """The client state of a visit's subscription: its routing key and a keyed hash of it; 106 characters."""
    return f"{key.routing}.{sealer.keyed_hash(_CLIENT_STATE, key.partition)}"


def visit_of(sealer: Sealer, geography: Geography, state: str) -> VisitKey | None:
    """The visit that a client state is of, or None if we never made it."""
    routing, _, mac = state.rpartition(".")
    key = visit_key(geography, routing)
    if key is None or not sealer.is_keyed_hash(mac, _CLIENT_STATE, key.partition):
        return None
    return key


def accept(sealer: Sealer, geography: Geography, body: Mapping[str, Any], received: str) -> Batch:
    """The items of a request that are ours; each is judged alone.

    Raises:
        ConnectorError: body_invalid if it is no notification collection, client_state_unknown if none is ours.
    """
    value = body.get("value")
    if not isinstance(value, list) or not value or len(value) > _MAX_ITEMS:
        raise ConnectorError("body_invalid", detail="value")
    found = (_item(sealer, geography, raw) for raw in value)
    items = tuple(item for item in found if item is not None)
    if not items:
        raise ConnectorError("client_state_unknown")
    tokens = body.get("validationTokens")
    strings = tuple(one for one in tokens if isinstance(one, str)) if isinstance(tokens, list) else ()
    return Batch(items, strings, received)


def _item(sealer: Sealer, geography: Geography, raw: object) -> Item | None:
    if not isinstance(raw, dict):
        return None
    state, tenant = raw.get("clientState"), raw.get("tenantId")
    key = visit_of(sealer, geography, state) if isinstance(state, str) else None
    if key is None or not isinstance(tenant, str) or tenant.lower() != key.connection.tenant.tenant:
        return None
    content = raw.get("encryptedContent")
    content = content if isinstance(content, dict) else {}
    return Item(
        visit=key,
        tenant=tenant.lower(),
        subscription=str(raw.get("subscriptionId", ""))[:64].lower(),
        encrypted={name: value for name in _ENCRYPTED if isinstance(value := content.get(name), str)},
        lifecycle=str(raw.get("lifecycleEvent") or "")[:64],
    )


def to_messages(sealer: Sealer, batch: Batch, kind: Literal["change", "lifecycle"]) -> tuple[str, ...]:
    """The batch as sealed queue messages: one, or as many as the size of a message makes necessary.

    A notification that is too large for a message is left out: the others must not wait for it.

    Raises:
        ConnectorError: body_too_large if nothing is left.
    """
    messages = tuple(_messages(sealer, batch, kind))
    if not messages:
        raise ConnectorError("body_too_large")
    return messages


def _messages(sealer: Sealer, batch: Batch, kind: str) -> Iterator[str]:
    message = sealer.seal(SEALED_AS, json.dumps(_plain(batch, kind), separators=(",", ":")))
    if len(message) <= _MAX_MESSAGE_CHARACTERS:
        yield message
        return
    if len(batch.items) == 1:
        log(Event.NOTIFICATION_IGNORED, level=logging.WARNING, reason="too large for a queue message")
        return
    middle = len(batch.items) // 2
    for half in (batch.items[:middle], batch.items[middle:]):
        yield from _messages(sealer, Batch(half, batch.validation_tokens, batch.received), kind)


def from_message(sealer: Sealer, geography: Geography, message: str) -> Batch:
    """The batch that a queue message carries. Raises SealBrokenError if it is none of ours."""
    raw = json.loads(sealer.open(SEALED_AS, message))
    items: list[Item] = []
    for one in raw["items"]:
        key = visit_key(geography, one["visit"])
        if key is None:
            raise SealBrokenError
        items.append(Item(key, one["tenant"], one["subscription"], one["encrypted"], one["lifecycle"]))
    return Batch(tuple(items), tuple(raw["tokens"]), raw["received"])


def _plain(batch: Batch, kind: str) -> Mapping[str, Any]:
    return {
        "kind": kind,
        "received": batch.received,
        "tokens": batch.validation_tokens,
        "items": [
            {
                "visit": item.visit.routing,
                "tenant": item.tenant,
                "subscription": item.subscription,
                "encrypted": item.encrypted,
                "lifecycle": item.lifecycle,
            }
            for item in batch.items
        ],
    }
