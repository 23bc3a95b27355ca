"""Stand-ins for what the rules of connections need from outside, and a connection to begin with."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.connections.model import Change, Connection, Content, HistoryEntry
from shared.connections.ports import DirectoryUser, Fetched
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Environment, Geography, TenantKey
from shared.oauth import Proof, SigningAlgorithm

TENANT = TenantKey(Geography.EMEA, "aaaaaaaa-0000-4000-8000-000000000001")
OTHER_TENANT = TenantKey(Geography.EMEA, "bbbbbbbb-0000-4000-8000-000000000002")
ADMIN = "aaaaaaaa-0000-4000-8000-0000000000a1"
ANALYST = "aaaaaaaa-0000-4000-8000-0000000000a2"
SECOND_ANALYST = "aaaaaaaa-0000-4000-8000-0000000000a3"
BASE_URL = "https://ehr.example/interconnect/api/FHIR/R4"
KEY = ConnectionKey(TENANT, "vkvkvkvkaaaeaaeaaaaaaaaaaeaqcaibaeaqcaib")

SMART: Mapping[str, Any] = {
    "issuer": "https://ehr.example/oauth2",
    "jwks_uri": "https://ehr.example/keys",
    "authorization_endpoint": "https://ehr.example/oauth2/authorize",
    "token_endpoint": "https://ehr.example/oauth2/token",
    "code_challenge_methods_supported": ["S256"],
    "capabilities": ["launch-ehr", "launch-standalone", "client-confidential-asymmetric"],
}
METADATA: Mapping[str, Any] = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}


def content(**changes: Any) -> Content:
    """The content of a connection."""
    values = {"fhir_base_url": BASE_URL, "environment": Environment.TEST, "approver": ANALYST}
    return Content.model_validate({**values, **changes})


class FakeConnections:
    """A ConnectionStore that keeps versions and history."""

    def __init__(self) -> None:
        self.kept: dict[ConnectionKey, Connection] = {}
        self.entries: list[tuple[ConnectionKey, HistoryEntry]] = []
        self._versions = 0

    def read(self, key: ConnectionKey) -> Connection | None:
        """The connection, or None."""
        return self.kept.get(key)

    def of_tenant(self, tenant: TenantKey) -> Sequence[Connection]:
        """All connections of one tenant, in no order."""
        return [one for one in reversed(self.kept.values()) if one.key.tenant == tenant]

    def write(self, change: Change) -> Connection:
        """Store a change with its history, if it is not stale."""
        key = change.after.key
        present = self.kept.get(key)
        if (present.version if present else None) != (change.before.version if change.before else None):
            raise ConnectorError("connection_changed")
        self._versions += 1
        self.kept[key] = replace(change.after, version=f"v{self._versions}")
        self.entries.append((key, change.entry))
        return self.kept[key]

    def delete(self, connection: Connection, entry: HistoryEntry) -> None:
        """Delete the connection; the history stays."""
        if self.kept[connection.key].version != connection.version:
            raise ConnectorError("connection_changed")
        del self.kept[connection.key]
        self.entries.append((connection.key, entry))

    def record(self, key: ConnectionKey, entry: HistoryEntry) -> None:
        """Add to the history."""
        self.entries.append((key, entry))

    def history(self, key: ConnectionKey) -> Sequence[HistoryEntry]:
        """The history, newest first."""
        return [entry for owner, entry in reversed(self.entries) if owner == key]


@dataclass
class FakeDirectory:
    """The users of some tenants, by user name."""

    users: Mapping[tuple[TenantKey, str], str]
    asked: list[tuple[TenantKey, str]] = field(default_factory=list)

    def find(self, tenant: TenantKey, user: str) -> DirectoryUser | None:
        """The user with that user name or object id."""
        self.asked.append((tenant, user))
        for (where, name), object_id in self.users.items():
            if where == tenant and user.lower() in {name, object_id}:
                return DirectoryUser(object_id, name)
        return None


@dataclass
class FakeEhrSignIn:
    """An EHR at which one code is good."""

    good_code: str = "good"
    failure: str = "ehr_token_refused"
    sent: list[tuple[str, Environment, str, Proof]] = field(default_factory=list)
    finished: list[tuple[str, Environment, str, Proof]] = field(default_factory=list)
    algorithms: list[SigningAlgorithm] = field(default_factory=list)

    def sign_in_url(self, base_url: str, environment: Environment, redirect_uri: str, proof: Proof) -> str:
        """Where to send the browser."""
        self.sent.append((base_url, environment, redirect_uri, proof))
        return f"https://ehr.example/oauth2/authorize?state={proof.state}"

    def finish_sign_in(
        self,
        base_url: str,
        environment: Environment,
        redirect_uri: str,
        proof: Proof,
        code: str,
        algorithm: SigningAlgorithm,
    ) -> None:
        """Redeem the code."""
        self.algorithms.append(algorithm)
        if code != self.good_code:
            raise ConnectorError(self.failure)
        self.finished.append((base_url, environment, redirect_uri, proof))


@dataclass
class ScriptedProbe:
    """Answers by URL, as told; everything else is not found."""

    answers: dict[str, Fetched] = field(default_factory=dict)
    asked: deque[tuple[str, Environment]] = field(default_factory=deque)

    def fetch(self, url: str, environment: Environment) -> Fetched:
        """What came back."""
        self.asked.append((url, environment))
        return self.answers.get(url, Fetched(url, 404))

    def healthy(self, base_url: str = BASE_URL) -> ScriptedProbe:
        """An EHR as it should be."""
        self.smart(base_url)
        self.metadata(base_url)
        return self

    def smart(self, base_url: str = BASE_URL, **changes: Any) -> None:
        """Its SMART configuration; a member given as None is left out."""
        body = {name: value for name, value in {**SMART, **changes}.items() if value is not None}
        url = f"{base_url}/.well-known/smart-configuration"
        self.answers[url] = Fetched(url, 200, body)

    def metadata(self, base_url: str = BASE_URL, **changes: Any) -> None:
        """Its capability statement."""
        url = f"{base_url}/metadata"
        self.answers[url] = Fetched(url, 200, {**METADATA, **changes})

    def trouble(self, tail: str, problem: str = "", status: int | None = None, base_url: str = BASE_URL) -> None:
        """Something goes wrong with one of the two."""
        url = f"{base_url}/{tail}"
        self.answers[url] = Fetched(url, status, problem=problem)
