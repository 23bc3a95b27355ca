"""A tenant takes everything along, and leaves: nothing of it stays in any table, queue or blob. Nobody else's goes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from functions.connection_models import ConnectionIn
from shared.connections.departure import NOTHING_NEW_AFTER, RECEIPT_KEPT
from shared.connections.doctor import Doctor
from shared.connections.model import Action, Change, Connection, ConnectionState, HistoryEntry
from shared.connections.service import Connections, Wish
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Geography, TenantKey, VisitKey
from shared.leaving import Leaving
from shared.microsoft.door import Batch, Item, packed
from shared.presence.model import Participant
from shared.sealing import SealBrokenError
from shared.store.queues import NOTIFICATIONS, QUEUES, WRITEBACKS
from shared.store.tables import DEPARTURES, TABLES
from shared.store.tenants import StoredRow
from shared.visits.circuit import Circuit
from shared.visits.ports import EhrUser, Pointer
from shared.wiring import Connector
from tests.contract.store.visits import full_visit, new_connection, new_key
from tests.support.connections import ADMIN, ANALYST, FakeDirectory, FakeEhrSignIn, ScriptedProbe, content
from tests.support.fakes import Clock, FakeMeetings
from tests.support.notifications import validation_token
from tests.support.tokens import settings

CROWD = 60
"""Participants of one visit: more rows than one transaction deletes."""
LATE = NOTHING_NEW_AFTER + timedelta(minutes=1)


@dataclass
class Tenant:
    """What is stored of one tenant."""

    connection: ConnectionKey = field(default_factory=new_connection)
    visits: list[VisitKey] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.connection.tenant.tenant


class World:
    """A stamp with two tenants, and everything that its storage account holds."""

    def __init__(self, azurite: str, keys: Path) -> None:
        self.clock = Clock()
        self.parts = Connector(settings(storage_connection=azurite, local_key_directory=keys), self.clock)
        self.meetings = FakeMeetings()
        self.tables = TableServiceClient.from_connection_string(azurite)
        self.queues = QueueServiceClient.from_connection_string(azurite)
        self.blobs = BlobServiceClient.from_connection_string(azurite)
        # Queues are made when the first of them is needed.
        assert self.parts.pointers
        self.leaver, self.other = Tenant(), Tenant()
        for one in (self.leaver, self.other):
            self._fill(one)
        self._keep_batches()

    def close(self) -> None:
        made = vars(self.parts)
        for client in (self.tables, self.queues, self.blobs, made["tables"], made["microsoft_http"]):
            client.close()
        for name in ("pointers", "notification_queue", "large_notifications", "parked_notifications"):
            if name in made:
                made[name]._client.close()

    @property
    def leaving(self) -> Leaving:
        """As the wiring makes it, with a Teams that can be asked."""
        return replace(self.parts.leaving, meetings=self.meetings)

    def _fill(self, tenant: Tenant) -> None:
        key, now = tenant.connection, self.clock()
        entry = HistoryEntry(now, ADMIN, Action.SUBMITTED, "", content().fingerprint)
        new = Connection(key, content(), ConnectionState.NEEDS_APPROVAL, now)
        before = self.parts.connection_store.write(Change(None, new, entry))
        later = replace(entry, action=Action.SUSPENDED, at=now + timedelta(minutes=1))
        self.parts.connection_store.write(Change(before, replace(before, suspended=True), later))
        self.parts.clinician_store.link(key, EhrUser("PLAIN-EHR-USER", "1"), "oid-1")
        self.parts.circuit_store.save(key, Circuit(opened=now, probe_at=now))
        for _ in range(2):
            self.visit(tenant)

    def visit(self, tenant: Tenant, people: int = 2) -> VisitKey:
        """One more visit."""
        key = new_key(tenant.connection)
        visit = full_visit(key)
        subscription = f"subscription of {key.session}"
        assert visit.subscription
        named = replace(visit.subscription, subscription_id=subscription)
        self.meetings.subscriptions[subscription] = "https://teams.example"
        saved = self.parts.visit_store.create(replace(visit, subscription=named))
        patient: Participant = next(iter(visit.participants.values()))
        others = {f"patient-{number:016x}": patient for number in range(2, people)}
        more = {name: replace(one, key=name) for name, one in others.items()}
        self.parts.visit_store.save(saved, replace(saved, participants={**saved.participants, **more}))
        tenant.visits.append(key)
        return key

    def item(self, tenant: Tenant) -> Item:
        """A notification of a visit."""
        return Item(tenant.visits[0], tenant.id, "s", {"data": "x"})

    def batch(self, *tenants: Tenant) -> Batch:
        """What one request of Graph brought for these."""
        tokens = tuple(validation_token(one.id) for one in tenants)
        return Batch(tuple(self.item(one) for one in tenants), tokens, self.clock().isoformat())

    def _keep_batches(self) -> None:
        sealed = self.parts.batches.sealed
        for blobs in (self.parts.large_notifications, self.parts.parked_notifications):
            facts = {"reason": "busy", "due": "later"}
            blobs.write("mixed", sealed(self.batch(self.leaver, self.other, self.leaver)), facts)
            blobs.write("leaver", sealed(self.batch(self.leaver)), facts)
            blobs.write("other", sealed(self.batch(self.other)), facts)

    def rows(self) -> list[tuple[str, str]]:
        """Every row of every table, as text."""
        return [
            (table, json.dumps(dict(row), sort_keys=True, default=str))
            for table in TABLES
            for row in self.tables.get_table_client(table).list_entities()
        ]

    def kept_batches(self) -> dict[str, Batch | None]:
        """Every batch that is kept in blobs, opened."""
        both = {"large": self.parts.large_notifications, "parked": self.parts.parked_notifications}
        found: dict[str, Batch | None] = {}
        for name, blobs in both.items():
            for one in blobs.all():
                text = blobs.read(one.name)
                found[f"{name}/{one.name}"] = self.parts.batches.open(text) if text else None
        return found

    def messages(self) -> list[str]:
        """Every message that a queue holds and shows."""
        return [
            base64.b64decode(one.content).decode()
            for name in QUEUES
            for one in self.queues.get_queue_client(name).peek_messages(max_messages=32)
        ]

    def work_queues(self) -> None:
        """As the host does: every message to its function, and away."""
        workers = {NOTIFICATIONS: self.parts.inbox.work, WRITEBACKS: self.parts.deliver}
        for name, work in workers.items():
            queue = self.queues.get_queue_client(name)
            for message in queue.receive_messages():
                work(base64.b64decode(message.content).decode())
                queue.delete_message(message)

    def traces(self, tenant: Tenant) -> list[str]:
        """Whatever names the tenant: by its id, by its connection's, or by a subscription of its visits."""
        signs = (tenant.id, tenant.connection.connection, *(one.session for one in tenant.visits))
        rows = [f"{table}: {row}" for table, row in self.rows() if any(sign in row for sign in signs)]
        batches = [
            name
            for name, batch in self.kept_batches().items()
            if batch and any(one.tenant == tenant.id for one in batch.items)
        ]
        messages = [one for one in self.messages() if any(sign in one for sign in signs)]
        return [*rows, *batches, *messages]

    def exported(self, tenant: Tenant, most: int = 7) -> list[StoredRow]:
        """All pages."""
        found: list[StoredRow] = []
        after = ""
        while True:
            page = self.parts.leaving.tenants.page(tenant.connection.tenant, after, most)
            assert len(page.rows) <= most
            found += page.rows
            after = page.following
            if not after:
                return found


@pytest.fixture
def world(azurite: str, tmp_path: Path) -> Iterator[World]:
    """The stamp; what it holds from other tests is somebody else's."""
    made = World(azurite, tmp_path)
    yield made
    made.close()


def test_an_export_holds_every_row_once_with_its_seals_opened(world: World) -> None:
    found = world.exported(world.leaver)
    keys = [(one.table, one.partition, one.row) for one in found]
    assert len(keys) == len(set(keys))
    stored = [json.loads(row) for table, row in world.rows() if world.leaver.id in row and table != DEPARTURES]
    assert {(one["PartitionKey"], one["RowKey"]) for one in stored} == {(part, row) for _, part, row in keys}
    text = json.dumps([one.values for one in found])
    for opened in (
        "PLAIN-SESSION",
        "PLAIN-APPOINTMENT",
        "PLAIN-MEETING",
        "PLAIN-JOIN",
        "PLAIN-PATIENT",
        "PLAIN-EHR-USER",
    ):
        assert opened in text
    assert world.other.id not in text
    assert all(world.leaver.id in partition for _, partition, _ in keys)
    for most in (3, 500):
        assert world.exported(world.leaver, most) == found


def test_a_page_of_one_tenant_leads_to_no_other(world: World) -> None:
    tenants = world.parts.leaving.tenants
    following = tenants.page(world.leaver.connection.tenant, "", 3).following
    assert following
    for wrong in (following, "x", ""):
        if wrong:
            with pytest.raises(SealBrokenError):
                tenants.page(world.other.connection.tenant, wrong, 3)


def test_what_cannot_be_opened_is_exported_as_it_is(world: World) -> None:
    key = world.leaver.visits[0]
    row: dict[str, Any] = {"PartitionKey": key.partition, "RowKey": "visit", "session_id": "sealed by a lost key"}
    world.tables.get_table_client("Visits").update_entity(row)
    assert "sealed by a lost key" in json.dumps([one.values for one in world.exported(world.leaver)])


def test_nothing_is_left_and_nobody_elses_goes(world: World) -> None:
    others_rows = [one for one in world.rows() if world.leaver.id not in one[1]]
    for one in (world.leaver, world.other):
        world.parts.pointers.send(Pointer(one.visits[0], "participant", "baton"), timedelta(0))
    world.visit(world.leaver, CROWD)
    # Without the tokens that Entra would have to be asked about.
    batch = world.batch(world.leaver)._replace(validation_tokens=())
    world.parts.notification_queue.send(packed(world.parts.sealer, batch).message, timedelta(0))
    assert len(world.traces(world.leaver)) > CROWD
    others = world.traces(world.other)

    world.leaving.begin(world.leaver.connection.tenant, ADMIN)
    assert world.leaving.go_on() == 1
    # A launch that was under way in another process.
    world.visit(world.leaver)
    world.work_queues()
    world.clock.forward(minutes=5)
    world.leaving.go_on()
    world.clock.until(world.clock() + LATE)
    world.leaving.go_on()

    (receipt,) = [one for one in world.traces(world.leaver) if not one.startswith(f"{DEPARTURES}:")] or [""]
    assert receipt == ""
    assert [one for one in world.rows() if world.leaver.id not in one[1]] == others_rows
    assert [one for one in world.traces(world.other) if "baton" not in one] == [
        one for one in others if "baton" not in one
    ]
    assert not any(session in name for name in world.meetings.subscriptions for session in sessions(world.leaver))
    assert all(f"subscription of {session}" in world.meetings.subscriptions for session in sessions(world.other))


def sessions(tenant: Tenant) -> list[str]:
    return [one.session for one in tenant.visits]


def test_batches_of_several_tenants_keep_what_is_the_others(world: World) -> None:
    world.leaving.begin(world.leaver.connection.tenant, ADMIN)
    world.leaving.go_on()
    kept = world.kept_batches()
    assert set(kept) == {f"{place}/{name}" for place in ("large", "parked") for name in ("mixed", "other")}
    for batch in kept.values():
        assert batch is not None
        assert [one.tenant for one in batch.items] == [world.other.id]
        assert batch.validation_tokens == (validation_token(world.other.id),)
    facts = [one.facts for one in world.parts.parked_notifications.all()]
    assert facts == [{"reason": "busy", "due": "later"}] * 2


def test_a_receipt_is_given_when_nothing_new_can_come_and_kept_for_30_days(world: World) -> None:
    tenant = world.leaver.connection.tenant
    begun = world.leaving.begin(tenant, ADMIN)
    world.clock.forward(minutes=1)
    assert world.leaving.begin(tenant, "somebody else") == begun
    with pytest.raises(ConnectorError, match="tenant_leaving"):
        world.leaving.must_stay(tenant)
    world.leaving.must_stay(world.other.connection.tenant)
    for _ in range(3):
        world.leaving.go_on()
    found = world.leaving.departures.read(tenant)
    assert found is not None
    assert found.ended is None
    world.clock.forward(seconds=NOTHING_NEW_AFTER.total_seconds())
    world.leaving.go_on()
    receipt = world.leaving.departures.read(tenant)
    assert receipt is not None
    assert (receipt.by, receipt.ended) == (ADMIN, world.clock())
    assert receipt.deleted == {
        "subscriptions": 2,
        "notifications": 6,
        "Connections": 1,
        "History": 2,
        "Clinicians": 2,
        "Visits": 2 * 5,
        "OpenVisits": 2,
        "Circuits": 1,
    }
    world.leaving.must_stay(tenant)
    world.clock.forward(seconds=RECEIPT_KEPT.total_seconds())
    world.leaving.go_on()
    assert world.leaving.departures.read(tenant) == receipt
    world.clock.forward(seconds=1)
    world.leaving.go_on()
    assert world.traces(world.leaver) == []


@pytest.mark.parametrize("ends_after", [0, 1, 2, 4, 5])
def test_a_round_that_ends_anywhere_is_gone_on_with(world: World, ends_after: int) -> None:
    tenant = world.leaver.connection.tenant
    parts_left = [ends_after]

    def go_on() -> bool:
        parts_left[0] -= 1
        return parts_left[0] >= 0

    world.leaving.tenants.delete(tenant, go_on)
    assert any(world.traces(world.leaver))
    world.leaving.begin(tenant, ADMIN)
    world.leaving.go_on()
    world.clock.forward(seconds=LATE.total_seconds())
    world.leaving.go_on()
    assert [one for one in world.traces(world.leaver) if not one.startswith(DEPARTURES)] == []


def test_connections_go_first_so_that_nothing_launches_any_more(world: World) -> None:
    once = iter([True])
    world.leaving.tenants.delete(world.leaver.connection.tenant, lambda: next(once, False))
    assert world.parts.connection_store.read(world.leaver.connection) is None
    assert world.parts.visit_store.read(world.leaver.visits[0]) is not None


def test_a_tenant_that_took_its_consent_back_can_still_leave(world: World) -> None:
    world.meetings.failing["unsubscribe"] = "no_consent"
    world.leaving.begin(world.leaver.connection.tenant, ADMIN)
    world.leaving.go_on()
    assert [one for one in world.traces(world.leaver) if not one.startswith(DEPARTURES)] == []


def test_tenants_that_the_settings_name_leave_too(world: World) -> None:
    named = replace(world.leaving, named=(world.leaver.connection.tenant,))
    named.go_on()
    world.clock.forward(seconds=LATE.total_seconds())
    named.go_on()
    receipt = named.departures.read(world.leaver.connection.tenant)
    assert receipt is not None
    assert (receipt.by, bool(receipt.ended)) == ("", True)
    named.go_on()
    assert named.departures.read(world.leaver.connection.tenant) == receipt
    assert world.traces(world.other) != []


def test_a_tenant_moves_by_submitting_what_it_took_along(world: World, azurite: str, tmp_path: Path) -> None:
    """The other geography has another data key, and takes nothing on trust: its approver approves anew."""
    apac = Connector(settings(storage_connection=azurite, geography="apac", local_key_directory=tmp_path / "apac"))
    taken = [json.loads(one.values["content"]) for one in world.exported(world.leaver) if one.table == "Connections"]
    wish = Wish.model_validate(ConnectionIn.model_validate(taken[0]).model_dump())
    there = TenantKey(Geography.APAC, world.leaver.id)
    connections = Connections(
        store=apac.connection_store,
        directory=FakeDirectory({(there, ANALYST): ANALYST}),
        doctor=Doctor(ScriptedProbe().healthy(), allow_loopback=False),
        ehr=FakeEhrSignIn(),
        sealer=apac.sealer,
        now=world.clock,
        redirect_uri="https://apac.example/api/ehr-sign-in/callback",
    )
    moved, _ = connections.submit(there, wish, ADMIN)
    assert moved.content == content()
    assert (moved.state, moved.approved) == (ConnectionState.NEEDS_APPROVAL, None)
    world.leaving.begin(world.leaver.connection.tenant, ADMIN)
    world.leaving.go_on()
    assert [one for one in world.traces(world.leaver) if "emea|" in one and not one.startswith(DEPARTURES)] == []
    assert [one.content for one in connections.list(there)] == [content()]
    apac.tables.close()
