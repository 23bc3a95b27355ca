"""Connections, history and links of clinicians come back from a copy, with the very lines that the document gives."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from shared.connections.model import Action, Change, Connection, ConnectionState, HistoryEntry
from shared.sealing import Sealer
from shared.store.clinicians import TableClinicians
from shared.store.connections import TableConnections
from shared.store.tables import CLINICIANS, CONNECTIONS, HISTORY, make_tables
from shared.visits.ports import EhrUser
from tests.conftest import running_azurite
from tests.contract.store.visits import new_connection
from tests.support.connections import ADMIN, content

OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PERSON = "aaaaaaaa-0000-4000-8000-0000000000c1"
Copy = Callable[[TableServiceClient, TableServiceClient], None]


@pytest.fixture
def copy() -> Copy:
    (code,) = re.findall(r"^```python\n(.*?)^```", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "copy_tables"}
    exec(compile(code, str(OPERATIONS), "exec"), names)  # noqa: S102 - a document of ours, as an engineer runs it
    made: Copy = names["copy"]
    return made


@pytest.fixture
def accounts() -> Iterator[tuple[TableServiceClient, TableServiceClient]]:
    """A stamp's own, and one to copy to."""
    with (
        running_azurite() as here,
        running_azurite() as elsewhere,
        TableServiceClient.from_connection_string(here) as stamp,
        TableServiceClient.from_connection_string(elsewhere) as other,
    ):
        make_tables(stamp)
        yield stamp, other


def test_what_was_copied_comes_back_and_nothing_newer_is_overwritten(
    accounts: tuple[TableServiceClient, TableServiceClient], sealer: Sealer, copy: Copy
) -> None:
    stamp, other = accounts
    connections, clinicians = TableConnections(stamp), TableClinicians(stamp, sealer)
    lost, kept, user = new_connection(), new_connection(), EhrUser("PROV-1", "1")
    approved = Connection(lost, content(), ConnectionState.APPROVED, NOW, approved=content())
    entry = HistoryEntry(NOW, ADMIN, Action.APPROVED, "", content().fingerprint)
    before = {key: connections.write(Change(None, replace(approved, key=key), entry)) for key in (lost, kept)}
    clinicians.link(lost, user, PERSON)

    copy(stamp, other)
    assert {one.name for one in other.list_tables()} == {CONNECTIONS, HISTORY, CLINICIANS}
    for name in (CONNECTIONS, HISTORY, CLINICIANS):
        of_lost = [row for row in stamp.get_table_client(name).list_entities() if lost.connection in str(dict(row))]
        for row in of_lost:
            stamp.get_table_client(name).delete_entity(row["PartitionKey"], row["RowKey"])
    later = HistoryEntry(NOW, ADMIN, Action.SUSPENDED, "", content().fingerprint)
    connections.write(Change(before[kept], replace(before[kept], suspended=True), later))
    assert TableConnections(stamp).read(lost) is None
    assert list(connections.history(lost)) == []
    assert clinicians.object_id(lost, user.external_id) is None

    copy(other, stamp)
    fresh = TableConnections(stamp)
    back, newer = fresh.read(lost), fresh.read(kept)
    assert back
    assert replace(back, version="") == approved
    assert [one.action for one in fresh.history(lost)] == [Action.APPROVED]
    assert clinicians.object_id(lost, user.external_id) == PERSON
    assert newer
    assert newer.suspended
