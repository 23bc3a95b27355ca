"""The notification door's own work: shape, client state, nothing that takes time.

Graph, "Change notifications through webhooks": answer within 3 seconds, 202 once the work is kept elsewhere.
What goes on is sealed, because validation tokens and a meeting's resource name must not lie in a queue.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from shared.errors import ConnectorError
from shared.identifiers import Geography, VisitKey, visit_key
from shared.sealing import SealBrokenError, Sealer

SEALED_AS = "notifications"
_MAX_ITEMS = 1000
MAX_MESSAGE_CHARACTERS = 48_000
"""A queue message holds 64 KiB; the host writes it in base64, which makes four bytes of three."""
_CLIENT_STATE = "client state"
_ENCRYPTED = ("data", "dataKey", "dataSignature", "encryptionCertificateId")


class Item(NamedTuple):
    """One notification that belongs to a visit of ours."""

    visit: VisitKey
    tenant: str
    subscription: str
    encrypted: Mapping[str, str]
    lifecycle: str = ""


class Batch(NamedTuple):
    """What one request brought: its items that are ours, and when it came.

    `tries` is how often it came back from parking; `blob` names where it was read from, if not from a message.
    """

    items: tuple[Item, ...]
    validation_tokens: tuple[str, ...]
    received: str
    tries: int = 0
    blob: str = ""


class Packed(NamedTuple):
    """A batch on its way to the worker: the queue message, and the blob that must be there before it, if any."""

    message: str
    blob: str = ""
    content: str = ""


@dataclass(frozen=True)
class InBlob:
    """A batch is kept in the blob of that name."""

    name: str


def client_state(sealer: Sealer, key: VisitKey) -> str:
    """The client state of a visit's subscription: its routing key and a keyed hash of it; 106 characters."""
    return f"{key.routing}.{sealer.keyed_hash(_CLIENT_STATE, key.partition)}"


def visit_of(sealer: Sealer, geography: Geography, state: str) -> VisitKey | None:
    """The visit that a client state is of, or None if we never made it."""
    try:
        return _proven(sealer, geography, state)
    except _UnknownStateError:
        return None


class _UnknownStateError(Exception):
    """A client state that we never made."""


@lru_cache(maxsize=4096)
def _proven(sealer: Sealer, geography: Geography, state: str) -> VisitKey:
    """A visit has many notifications, all with one client state. What is refused is not remembered."""
    routing, _, mac = state.rpartition(".")
    key = visit_key(geography, routing)
    if key is None or not sealer.is_keyed_hash(mac, _CLIENT_STATE, key.partition):
        raise _UnknownStateError
    return key


def accept(sealer: Sealer, geography: Geography, body: Mapping[str, Any], received: str) -> Batch:
    """The items of a request that are ours; each is judged alone.

    Raises:
        ConnectorError: body_invalid if it is no notification collection, client_state_unknown if none is ours.
    """
    value = body.get("value")
    if not isinstance(value, list) or not value or len(value) > _MAX_ITEMS:
        raise ConnectorError("body_invalid", detail="value")
    items = tuple([item for raw in value if (item := _item(sealer, geography, raw))])
    if not items:
        raise ConnectorError("client_state_unknown")
    tokens = body.get("validationTokens")
    strings = tuple([one for one in tokens if isinstance(one, str)]) if isinstance(tokens, list) else ()
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
        encrypted={name: value for name in _ENCRYPTED if isinstance(value := content.get(name), str)}
        if content
        else {},
        lifecycle=str(raw.get("lifecycleEvent") or "")[:64],
    )


def sealed(sealer: Sealer, batch: Batch) -> str:
    """The batch as a text that only this stamp can read."""
    return sealer.seal(SEALED_AS, to_json(_plain(batch)).decode())


def packed(sealer: Sealer, batch: Batch) -> Packed:
    """The batch as one queue message; if it is too large for one, the message names the blob that it is kept in."""
    content = sealed(sealer, batch)
    if len(content) <= MAX_MESSAGE_CHARACTERS:
        return Packed(content)
    name = secrets.token_hex(16)
    return Packed(sealer.seal(SEALED_AS, json.dumps({"blob": name})), name, content)


def unpacked(sealer: Sealer, geography: Geography, text: str) -> Batch | InBlob:
    """What a queue message or a blob carries: the batch, or where it is.

    Raises:
        SealBrokenError: it is none of ours.
    """
    try:
        carried = _Carried.model_validate_json(sealer.open(SEALED_AS, text))
    except ValidationError:
        # What it says quotes its input.
        raise SealBrokenError from None
    if carried.blob:
        return InBlob(carried.blob)
    items: list[Item] = []
    for one in carried.items:
        key = visit_key(geography, one.visit)
        if key is None:
            raise SealBrokenError
        items.append(Item(key, one.tenant, one.subscription, one.encrypted, one.lifecycle))
    if carried.received is None:
        raise SealBrokenError
    return Batch(tuple(items), carried.tokens, carried.received.isoformat(), carried.tries)


class _CarriedItem(BaseModel):
    """An item as it lies in a message or a blob."""

    model_config = ConfigDict(strict=True, defer_build=True)

    visit: str
    tenant: str
    subscription: str
    encrypted: dict[str, str]
    lifecycle: str


class _Carried(BaseModel):
    """What lies in a message or a blob: a batch, or the name of the blob that it is in.

    Another version of ours may have written it: its shape is checked, whoever sealed it.
    """

    model_config = ConfigDict(strict=True, defer_build=True)

    blob: str = ""
    received: AwareDatetime | None = None
    tries: int = 0
    tokens: tuple[str, ...] = ()
    items: tuple[_CarriedItem, ...] = ()


def _plain(batch: Batch) -> Mapping[str, Any]:
    return {
        "received": batch.received,
        "tries": batch.tries,
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
