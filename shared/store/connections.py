"""Connections and their history in Table Storage.

The latest entry of the history is written into the connection's own row too, and from there into the history
again with the next change: a crash between the two writes loses nothing.
"""

import json
import time as clock
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.connections.model import Action, Change, Connection, ConnectionState, Content, HistoryEntry
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, TenantKey
from shared.store.tables import CLINICIANS, CONNECTIONS, HISTORY, MAX_OPERATIONS, Row, rows, time
from shared.stored import columns

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient

_LAST_MICROSECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1_000_000)
CACHE_SECONDS = 60.0


class TableConnections:
    """The real ConnectionStore."""

    def __init__(self, service: "TableServiceClient", ticks: Callable[[], float] = clock.monotonic) -> None:
        self._service = service
        self._connections = service.get_table_client(CONNECTIONS)
        self._history = service.get_table_client(HISTORY)
        self._clinicians = service.get_table_client(CLINICIANS)
        self._ticks = ticks
        self._cache: dict[ConnectionKey, tuple[float, Connection]] = {}

    def read(self, key: ConnectionKey) -> Connection | None:
        """The connection as it stands now, or None."""
        try:
            row = self._connections.get_entity(key.tenant.partition, key.connection)
        except ResourceNotFoundError:
            return None
        return _connection(key, row, str(str(row.metadata["etag"])))

    def read_cached(self, key: ConnectionKey) -> Connection | None:
        """The connection as it stood at most CACHE_SECONDS ago: for launches, which come in crowds."""
        kept = self._kept(key, CACHE_SECONDS)
        if kept:
            return kept
        found = self.read(key)
        if found is not None:
            self._cache[key] = (self._ticks(), found)
        return found

    def at_hand(self, key: ConnectionKey) -> Connection | None:
        """What `read_cached` would give at once, and still in a second; None if it would have to read."""
        return self._kept(key, CACHE_SECONDS - 1)

    def _kept(self, key: ConnectionKey, seconds: float) -> Connection | None:
        kept = self._cache.get(key)
        return kept[1] if kept and self._ticks() - kept[0] < seconds else None

    def of_tenant(self, tenant: TenantKey) -> Sequence[Connection]:
        """All connections of one tenant."""
        found = []
        query = f"PartitionKey eq '{tenant.partition}'"
        for row in self._service.get_table_client(CONNECTIONS).query_entities(query):
            key = ConnectionKey(tenant, row["RowKey"])
            found.append(_connection(key, row, str(str(row.metadata["etag"]))))
        return found

    def write(self, change: Change) -> Connection:
        """Store a change and its history. Raises ConnectorError("connection_changed")."""
        after = change.after
        row = _row(after, change.entry)
        self._cache.pop(after.key, None)
        try:
            if change.before is None:
                answer = self._connections.create_entity(row)
            else:
                self._write_history(after.key, self._last_entry(change.before))
                answer = self._connections.update_entity(
                    row,
                    mode=UpdateMode.REPLACE,
                    etag=change.before.version,
                    match_condition=MatchConditions.IfNotModified,
                )
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError) as changed:
            raise ConnectorError("connection_changed") from changed
        self._write_history(after.key, change.entry)
        return replace(after, version=str(answer["etag"]))

    def delete(self, connection: Connection, entry: HistoryEntry) -> None:
        """Delete the connection and its clinicians' links; its history stays."""
        key = connection.key
        self._cache.pop(key, None)
        self._write_history(key, self._last_entry(connection))
        try:
            self._connections.delete_entity(
                key.tenant.partition,
                key.connection,
                etag=connection.version,
                match_condition=MatchConditions.IfNotModified,
            )
        except ResourceModifiedError as changed:
            raise ConnectorError("connection_changed") from changed
        self._forget_clinicians(key)
        self._write_history(key, entry)

    def record(self, key: ConnectionKey, entry: HistoryEntry) -> None:
        """Add to the history what did not change the connection itself."""
        self._write_history(key, entry)

    def history(self, key: ConnectionKey) -> Sequence[HistoryEntry]:
        """The history, newest first."""
        return [_entry(row) for row in rows(self._service, HISTORY, f"PartitionKey eq '{key.partition}'")]

    def _forget_clinicians(self, key: ConnectionKey) -> None:
        links = [("delete", row) for row in rows(self._service, CLINICIANS, f"PartitionKey eq '{key.partition}'")]
        for first in range(0, len(links), MAX_OPERATIONS):
            self._clinicians.submit_transaction(links[first : first + MAX_OPERATIONS])

    def _last_entry(self, connection: Connection) -> HistoryEntry | None:
        key = connection.key
        try:
            row = self._connections.get_entity(key.tenant.partition, key.connection, select=["last_entry"])
        except ResourceNotFoundError:
            return None
        return _entry(json.loads(row["last_entry"]))

    def _write_history(self, key: ConnectionKey, entry: HistoryEntry | None) -> None:
        if entry is None:
            return
        inverted = _LAST_MICROSECOND - int(entry.at.timestamp() * 1_000_000)
        row_key = f"{inverted:018d}-{entry.action.value.replace(' ', '-')}"
        self._history.upsert_entity(
            {"PartitionKey": key.partition, "RowKey": row_key, **columns("History.entry", _plain(entry))},
            mode=UpdateMode.REPLACE,
        )


def _plain(entry: HistoryEntry) -> dict[str, Any]:
    return {**asdict(entry), "action": entry.action.value}


def _entry(row: Row) -> HistoryEntry:
    return HistoryEntry(
        at=time(row, "at"),
        actor=row["actor"],
        action=Action(row["action"]),
        old_fingerprint=row.get("old_fingerprint", ""),
        new_fingerprint=row.get("new_fingerprint", ""),
        reason=row.get("reason", ""),
    )


def _row(connection: Connection, entry: HistoryEntry) -> dict[str, Any]:
    return {
        "PartitionKey": connection.key.tenant.partition,
        "RowKey": connection.key.connection,
        **columns(
            "Connections.connection",
            {
                "last_entry": json.dumps(columns("History.entry", _plain(entry))),
                "content": connection.content.model_dump_json(),
                "approved": connection.approved.model_dump_json() if connection.approved else None,
                "state": connection.state.value,
                "changed": connection.changed,
                "suspended": connection.suspended,
                "reason": connection.reason,
            },
        ),
    }


def _connection(key: ConnectionKey, row: Row, version: str) -> Connection:
    approved = row.get("approved")
    return Connection(
        key=key,
        content=Content.model_validate_json(row["content"]),
        state=ConnectionState(row["state"]),
        changed=time(row, "changed"),
        approved=Content.model_validate_json(approved) if approved else None,
        suspended=row.get("suspended", False),
        reason=row.get("reason", ""),
        version=version,
    )
