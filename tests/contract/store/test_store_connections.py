"""What a ConnectionStore must do: the same for the fake of the unit tests and for the tables."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.data.tables import TableServiceClient

from shared.connections.model import Action, Change, Connection, ConnectionState, Content, HistoryEntry
from shared.connections.ports import ConnectionStore
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Environment
from shared.sealing import Sealer
from shared.store.clinicians import TableClinicians
from shared.store.connections import CACHE_SECONDS, TableConnections
from shared.visits.ports import EhrUser
from tests.contract.store.visits import new_connection
from tests.support.connections import FakeConnections

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PERSON = "aaaaaaaa-0000-4000-8000-0000000000a1"
CONTENT = Content(
    fhir_base_url="https://ehr.example/api/FHIR/R4",
    environment=Environment.TEST,
    approver="aaaaaaaa-0000-4000-8000-0000000000a2",
)


@pytest.fixture(params=["fake", "tables"])
def store(request: pytest.FixtureRequest) -> ConnectionStore:
    """Either store."""
    if request.param == "fake":
        return FakeConnections()
    return TableConnections(request.getfixturevalue("tables"))


def entry(minute: int, action: Action, reason: str = "") -> HistoryEntry:
    return HistoryEntry(START + timedelta(minutes=minute), PERSON, action, "", CONTENT.fingerprint, reason)


def new(key: ConnectionKey | None = None) -> Connection:
    return Connection(key or new_connection(), CONTENT, ConnectionState.NEEDS_APPROVAL, START)


def submitted(store: ConnectionStore, key: ConnectionKey | None = None) -> Connection:
    return store.write(Change(None, new(key), entry(0, Action.SUBMITTED)))


def approved(store: ConnectionStore, before: Connection) -> Connection:
    after = replace(before, state=ConnectionState.APPROVED, approved=before.content, reason="fine", suspended=True)
    return store.write(Change(before, after, entry(1, Action.APPROVED, "fine")))


def test_what_is_not_there_is_none(store: ConnectionStore) -> None:
    key = new_connection()
    assert store.read(key) is None
    assert list(store.of_tenant(key.tenant)) == []
    assert list(store.history(key)) == []


def test_what_was_written_is_read(store: ConnectionStore) -> None:
    one = submitted(store)
    assert one.version
    assert store.read(one.key) == one == replace(new(one.key), version=one.version)
    changed = approved(store, one)
    assert changed.version != one.version
    assert store.read(one.key) == changed
    assert changed.approved == CONTENT
    assert (changed.reason, changed.suspended) == ("fine", True)


def test_every_change_stands_in_the_history_newest_first(store: ConnectionStore) -> None:
    one = approved(store, submitted(store))
    store.delete(one, entry(2, Action.DELETED))
    actions = [(one.action, one.reason, one.actor) for one in store.history(one.key)]
    assert actions == [(Action.DELETED, "", PERSON), (Action.APPROVED, "fine", PERSON), (Action.SUBMITTED, "", PERSON)]
    assert store.read(one.key) is None


@pytest.mark.parametrize("what", ["create", "write", "delete"])
def test_a_stale_change_is_refused_and_changes_nothing(store: ConnectionStore, what: str) -> None:
    old = submitted(store)
    present = approved(store, old)
    before = list(store.history(old.key))
    tries: dict[str, Callable[[], object]] = {
        "create": lambda: submitted(store, old.key),
        "write": lambda: store.write(Change(old, replace(old, suspended=False), entry(5, Action.RESUMED))),
        "delete": lambda: store.delete(old, entry(5, Action.DELETED)),
    }
    with pytest.raises(ConnectorError) as refused:
        tries[what]()
    assert refused.value.code == "connection_changed"
    assert store.read(old.key) == present
    assert list(store.history(old.key)) == before


def test_connections_of_a_tenant_and_of_no_other(store: ConnectionStore) -> None:
    one = submitted(store)
    other = submitted(store, ConnectionKey(one.key.tenant, new_connection().connection))
    submitted(store)
    found = sorted(store.of_tenant(one.key.tenant), key=lambda found: found.key.connection)
    assert found == sorted([one, other], key=lambda found: found.key.connection)


def test_a_crash_between_change_and_history_loses_no_history(
    tables: TableServiceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TableConnections(tables)
    one = submitted(store)
    real: Callable[..., object] = store._history.upsert_entity
    calls = 0

    def crash_second(*arguments: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ServiceRequestError("the process ends here")
        return real(*arguments, **more)

    monkeypatch.setattr(store._history, "upsert_entity", crash_second)
    with pytest.raises(ServiceRequestError):
        approved(store, one)
    monkeypatch.undo()
    present = store.read(one.key)
    assert present is not None
    assert present.state is ConnectionState.APPROVED
    store.write(Change(present, replace(present, suspended=False), entry(7, Action.RESUMED)))
    actions = [found.action for found in store.history(one.key)]
    assert actions == [Action.RESUMED, Action.APPROVED, Action.SUBMITTED]


def test_for_launches_a_connection_is_kept_for_a_minute_and_not_longer(tables: TableServiceClient) -> None:
    ticks = [0.0]
    here, there = TableConnections(tables, lambda: ticks[0]), TableConnections(tables)
    one = submitted(here)
    assert here.read_cached(one.key) == one
    changed = approved(there, one)
    ticks[0] = CACHE_SECONDS - 1
    assert here.read_cached(one.key) == one
    ticks[0] = CACHE_SECONDS
    assert here.read_cached(one.key) == changed


def test_ones_own_change_is_seen_at_once(tables: TableServiceClient) -> None:
    store = TableConnections(tables)
    assert store.read_cached(new_connection()) is None
    one = submitted(store)
    assert store.read_cached(one.key) == one
    changed = approved(store, one)
    assert store.read_cached(one.key) == changed
    store.delete(changed, entry(2, Action.DELETED))
    assert store.read_cached(one.key) is None


def test_with_a_connection_go_its_clinicians(tables: TableServiceClient, sealer: Sealer) -> None:
    store, clinicians = TableConnections(tables), TableClinicians(tables, sealer)
    one, other = submitted(store), submitted(store)
    for number in range(60):
        clinicians.link(one.key, EhrUser(f"PROV{number}", "1"), f"oid-{number}")
    clinicians.link(other.key, EhrUser("PROV1", "1"), "oid-1")
    store.delete(one, entry(1, Action.DELETED))
    assert all(clinicians.object_id(one.key, f"PROV{number}") is None for number in range(60))
    assert clinicians.object_id(other.key, "PROV1") == "oid-1"
