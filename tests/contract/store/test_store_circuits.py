"""What a CircuitStore must do: the same for the fake of the unit tests and for the table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableServiceClient

from shared.identifiers import Geography
from shared.store.circuits import TableCircuits
from shared.visits.breaker import CircuitStore
from shared.visits.circuit import Circuit
from shared.visits.ports import ConflictError
from tests.contract.store.visits import new_connection
from tests.support.fakes import FakeCircuits

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OPEN = Circuit(opened=NOW, probe_at=NOW + timedelta(seconds=10))


@pytest.fixture(params=["fake", "table"])
def store(request: pytest.FixtureRequest) -> CircuitStore:
    """Either store."""
    if request.param == "fake":
        return FakeCircuits()
    tables: TableServiceClient = request.getfixturevalue("tables")
    return TableCircuits(tables, Geography.EMEA)


def test_an_ehr_that_was_never_down_has_none(store: CircuitStore) -> None:
    assert store.read(new_connection()) is None


def test_what_is_saved_is_read(store: CircuitStore) -> None:
    connection = new_connection()
    saved = store.save(connection, OPEN)
    assert store.read(connection) == saved
    closed = store.save(connection, replace(saved, probes=3, closed=NOW))
    assert store.read(connection) == closed
    assert replace(closed, version="") == replace(OPEN, probes=3, closed=NOW)


def test_of_two_who_open_it_one_is_first(store: CircuitStore) -> None:
    connection = new_connection()
    store.save(connection, OPEN)
    with pytest.raises(ConflictError):
        store.save(connection, OPEN)


def test_whoever_read_an_older_one_writes_nothing(store: CircuitStore) -> None:
    connection = new_connection()
    first = store.save(connection, OPEN)
    second = store.save(connection, replace(first, probes=1))
    with pytest.raises(ConflictError):
        store.save(connection, replace(first, probes=9))
    with pytest.raises(ConflictError):
        store.forget(connection, first)
    assert store.read(connection) == second


def test_one_that_is_forgotten_is_gone(store: CircuitStore) -> None:
    connection = new_connection()
    store.forget(connection, store.save(connection, OPEN))
    assert store.read(connection) is None


def test_all_are_found_with_their_connection(store: CircuitStore) -> None:
    connections = {new_connection() for _ in range(3)}
    for connection in connections:
        store.save(connection, OPEN)
    assert connections <= {connection for connection, _ in store.all()}
