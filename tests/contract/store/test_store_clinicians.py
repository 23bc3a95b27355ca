"""What a ClinicianStore must do: the same for the fake of the unit tests and for the table."""

import pytest
from azure.data.tables import TableServiceClient

from shared.sealing import Sealer
from shared.store.clinicians import TableClinicians
from shared.store.tables import CLINICIANS
from shared.visits.ports import ClinicianStore, EhrUser
from tests.contract.store.visits import new_connection
from tests.support.fakes import FakeClinicians

USER = EhrUser("PLAIN / user #1?\\ 医生", "1")


@pytest.fixture(params=["fake", "table"])
def store(request: pytest.FixtureRequest) -> ClinicianStore:
    """Either store."""
    if request.param == "fake":
        return FakeClinicians()
    tables: TableServiceClient = request.getfixturevalue("tables")
    sealer: Sealer = request.getfixturevalue("sealer")
    return TableClinicians(tables, sealer)


def test_who_is_not_linked_is_nobody(store: ClinicianStore) -> None:
    connection = new_connection()
    assert store.object_id(connection, "PROV1") is None
    assert store.ehr_user(connection, "oid-1") is None


def test_a_link_is_found_from_either_side(store: ClinicianStore) -> None:
    connection = new_connection()
    store.link(connection, USER, "oid-1")
    assert store.object_id(connection, USER.external_id) == "oid-1"
    assert store.ehr_user(connection, "oid-1") == USER


def test_linking_again_is_fine_and_the_last_link_counts(store: ClinicianStore) -> None:
    connection = new_connection()
    store.link(connection, USER, "oid-1")
    store.link(connection, USER, "oid-1")
    store.link(connection, USER, "oid-2")
    assert store.object_id(connection, USER.external_id) == "oid-2"
    assert store.ehr_user(connection, "oid-2") == USER


def test_a_link_is_of_one_connection_only(store: ClinicianStore) -> None:
    connection, other = new_connection(), new_connection()
    store.link(connection, USER, "oid-1")
    assert store.object_id(other, USER.external_id) is None
    assert store.ehr_user(other, "oid-1") is None


def test_the_ehrs_id_is_not_in_the_table_in_plain(tables: TableServiceClient, sealer: Sealer) -> None:
    TableClinicians(tables, sealer).link(new_connection(), USER, "oid-1")
    rows = [dict(row) for row in tables.get_table_client(CLINICIANS).list_entities()]
    assert rows
    assert "PLAIN" not in repr(rows)
