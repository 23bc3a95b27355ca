"""Names of things: geography, tenant, connection, visit. The only way to a table partition.

A connection id carries its tenant, so that a launch URL, which names nothing else, is routed without
a look-up (`docs/decisions/0003-self-routing-connection-ids.md`).
"""

import base64
import re
import secrets
import uuid
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

_CONNECTION_ID = re.compile(r"[a-z2-7]{40}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BASE32_AS_DIGITS = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv")
_SESSION_HASH = re.compile(r"[0-9a-f]{32}")
_RANDOM_BYTES = 9


class Geography(StrEnum):
    """Where a tenant's data lives and stays."""

    AMER = "amer"
    EMEA = "emea"
    APAC = "apac"


class Environment(StrEnum):
    """Which of a hospital's EHR environments a connection belongs to."""

    TEST = "test"
    PRODUCTION = "production"


class Role(StrEnum):
    """What a participant is in a visit. The meeting itself is one, where an EHR wants to know that it is there."""

    PROVIDER = "provider"
    PATIENT = "patient"
    GUEST = "guest"
    MEETING = "meeting"


PEOPLE = (Role.PROVIDER, Role.PATIENT, Role.GUEST)


@dataclass(frozen=True)
class TenantKey:
    """A Microsoft 365 organisation in its geography."""

    geography: Geography
    tenant: str

    def __post_init__(self) -> None:
        if not _GUID.fullmatch(self.tenant):
            raise ValueError("a tenant id is a lower-case GUID")

    @cached_property
    def partition(self) -> str:
        """The PartitionKey of everything that belongs to the tenant as a whole."""
        return f"{self.geography.value}|{self.tenant}"


@dataclass(frozen=True)
class ConnectionKey:
    """One connection of a tenant."""

    tenant: TenantKey
    connection: str

    @cached_property
    def partition(self) -> str:
        """The PartitionKey of what belongs to this connection."""
        return f"{self.tenant.partition}|{self.connection}"


@dataclass(frozen=True)
class VisitKey:
    """One visit of a connection, named by the keyed hash of its session id."""

    connection: ConnectionKey
    session: str

    @property
    def partition(self) -> str:
        """The PartitionKey of all rows of the visit."""
        return f"{self.connection.partition}|{self.session}"

    @property
    def routing(self) -> str:
        """The key as one string, for queues and for a subscription's client state."""
        return f"{self.connection.connection}.{self.session}"


def new_connection_id(tenant: str) -> str:
    """A new connection id: 40 characters of base32 that carry the tenant id and 72 random bits."""
    raw = uuid.UUID(tenant).bytes + secrets.token_bytes(_RANDOM_BYTES)
    return base64.b32encode(raw).decode().lower()


@lru_cache(maxsize=1024)
def connection_key(geography: Geography, connection_id: str) -> ConnectionKey | None:
    """The key that a connection id names, or None if it is no connection id."""
    if not _CONNECTION_ID.fullmatch(connection_id):
        return None
    # Forty digits of five bits each are a number; base64.b32decode would go through them one by one in Python.
    number = int(connection_id.translate(_BASE32_AS_DIGITS), 32)
    tenant = str(uuid.UUID(int=number >> (8 * _RANDOM_BYTES)))
    return ConnectionKey(TenantKey(geography, tenant), connection_id)


def visit_key(geography: Geography, routing: str) -> VisitKey | None:
    """The visit that a routing string names, or None if it is none."""
    connection_id, _, session = routing.partition(".")
    connection = connection_key(geography, connection_id)
    if connection is None or not _SESSION_HASH.fullmatch(session):
        return None
    return VisitKey(connection, session)
