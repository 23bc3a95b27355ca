"""What the connections' use cases need from outside, in our words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.connections.model import Change, Connection, HistoryEntry
from shared.identifiers import ConnectionKey, Environment, TenantKey
from shared.oauth import Proof, SigningAlgorithm


class ConnectionStore(Protocol):
    """Connections and their history."""

    def read(self, key: ConnectionKey) -> Connection | None:
        """The connection, or None."""
        ...

    def of_tenant(self, tenant: TenantKey) -> Sequence[Connection]:
        """All connections of one tenant."""
        ...

    def write(self, change: Change) -> Connection:
        """Store a change with its history. Raises ConnectorError("connection_changed") if it is stale."""
        ...

    def delete(self, connection: Connection, entry: HistoryEntry) -> None:
        """Delete the connection; the history stays. Raises ConnectorError("connection_changed")."""
        ...

    def record(self, key: ConnectionKey, entry: HistoryEntry) -> None:
        """Add to the history what did not change the connection itself."""
        ...

    def history(self, key: ConnectionKey) -> Sequence[HistoryEntry]:
        """The history, newest first."""
        ...


@dataclass(frozen=True)
class DirectoryUser:
    """A user of the tenant."""

    object_id: str
    user_name: str


class Directory(Protocol):
    """The tenant's users."""

    def find(self, tenant: TenantKey, user: str) -> DirectoryUser | None:
        """The user with that user name or object id, or None."""
        ...


class EhrSignIn(Protocol):
    """The analyst's sign-in at the EHR: standalone SMART launch."""

    def sign_in_url(self, base_url: str, environment: Environment, redirect_uri: str, proof: Proof) -> str:
        """Where to send the browser."""
        ...

    def finish_sign_in(
        self,
        base_url: str,
        environment: Environment,
        redirect_uri: str,
        proof: Proof,
        code: str,
        algorithm: SigningAlgorithm,
    ) -> None:
        """Redeem the code and check the id token; everything received is dropped."""
        ...


@dataclass(frozen=True)
class Fetched:
    """What came back from one URL: a status with its JSON, or the reason why nothing came."""

    url: str
    status: int | None = None
    body: Mapping[str, Any] | None = None
    problem: str = ""


class Probe(Protocol):
    """Reads a URL of an EHR, with every guard."""

    def fetch(self, url: str, environment: Environment) -> Fetched:
        """What came back; never raises."""
        ...
