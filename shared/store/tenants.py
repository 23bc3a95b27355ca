"""Everything that the tables hold of one tenant: to be handed to it, or to be deleted. And who is leaving."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode

from shared.connections.departure import Departure
from shared.identifiers import Geography, TenantKey
from shared.sealing import SealBrokenError, Sealer
from shared.store.clinicians import SEALED_AS as CLINICIAN
from shared.store.tables import DEPARTURES, MAX_OPERATIONS, TABLES, VISITS, Row, prefix_filter, rows, time, time_or_none
from shared.store.visit_rows import VISIT_ROW, sealed_as
from shared.stored import columns, encrypted_columns

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient

_OF_TENANTS = tuple(name for name in TABLES if name != DEPARTURES)
_KEYS = ("PartitionKey", "RowKey")
_EXPORT = "export"


@dataclass(frozen=True)
class StoredRow:
    """One row, its sealed values opened."""

    table: str
    partition: str
    row: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """Some rows, and what to ask for the next ones with; empty after the last."""

    rows: Sequence[StoredRow]
    following: str


class TableTenants:
    """All rows of a tenant, whatever they are."""

    def __init__(self, service: "TableServiceClient", sealer: Sealer) -> None:
        self._service = service
        self._sealer = sealer

    def page(self, tenant: TenantKey, after: str, most: int) -> Page:
        """Rows in the order of tables and keys.

        Args:
            tenant: whose.
            after: what the page before said, or empty.
            most: how many at most.

        Raises:
            SealBrokenError: `after` is nothing that a page of this tenant said.
        """
        table, partition, row = json.loads(self._sealer.open(self._purpose(tenant), after)) if after else ("", "", "")
        rest = _OF_TENANTS[_OF_TENANTS.index(table) :] if table else _OF_TENANTS
        found = list(islice(self._from(tenant, rest, partition, row), most))
        if len(found) < most:
            return Page(found, "")
        last = found[-1]
        token = json.dumps((last.table, last.partition, last.row))
        return Page(found, self._sealer.seal(self._purpose(tenant), token))

    def subscriptions(self, tenant: TenantKey) -> Iterator[str]:
        """The id of every Graph subscription that a visit of the tenant has."""
        query = f"{_of(tenant)} and RowKey eq '{VISIT_ROW}' and subscription_id gt ''"
        for found in rows(self._service, VISITS, query):
            yield found["subscription_id"]

    def delete(self, tenant: TenantKey, go_on: Callable[[], bool]) -> Mapping[str, int]:
        """Delete every row, for as long as `go_on` says so; how many of each table. Connections go first."""
        deleted: Counter[str] = Counter()
        for table in _OF_TENANTS:
            found = self._service.get_table_client(table).query_entities(_of(tenant), select=list(_KEYS))
            for _, group in groupby(found, key=itemgetter("PartitionKey")):
                for part in iter(lambda group=group: list(islice(group, MAX_OPERATIONS)), []):  # type: ignore[misc]
                    if not go_on():
                        return deleted
                    deleted[table] += self._deleted(table, part)
        return deleted

    def _deleted(self, table: str, part: Sequence[Row]) -> int:
        operations = [("delete", {name: row[name] for name in _KEYS}) for row in part]
        try:
            self._service.get_table_client(table).submit_transaction(operations)
        except (TableTransactionError, ResourceNotFoundError) as failed:
            if getattr(failed, "status_code", None) != 404:  # noqa: PLR2004 - somebody else deleted one of them
                raise
            return 0
        return len(part)

    def _from(self, tenant: TenantKey, tables: Sequence[str], partition: str, row: str) -> Iterator[StoredRow]:
        for table in tables:
            query = _of(tenant)
            if partition and table == tables[0]:
                query += " and ( PartitionKey gt @partition or ( PartitionKey eq @partition and RowKey gt @row ) )"
            client = self._service.get_table_client(table)
            for found in client.query_entities(query, parameters={"partition": partition, "row": row}):
                yield self._opened(table, found)

    def _opened(self, table: str, found: Row) -> StoredRow:
        values = {name: value for name, value in found.items() if name not in _KEYS}
        for name in encrypted_columns(table) & values.keys():
            purpose = CLINICIAN if table != VISITS else sealed_as(found["PartitionKey"])
            try:
                values[name] = self._sealer.open(purpose, values[name])
            except SealBrokenError:
                # Of a data key that was lost: told as it is, so that the rest can be read.
                continue
        return StoredRow(table, found["PartitionKey"], found["RowKey"], values)

    def _purpose(self, tenant: TenantKey) -> str:
        return f"{_EXPORT} {tenant.partition}"


class TableDepartures:
    """Who is leaving, and receipts of who is gone."""

    def __init__(self, service: "TableServiceClient", geography: Geography) -> None:
        self._service = service
        self._table = service.get_table_client(DEPARTURES)
        self._geography = geography

    def read(self, tenant: TenantKey) -> Departure | None:
        """The tenant's departure, or None."""
        try:
            return _departure(tenant, self._table.get_entity(tenant.partition, "departure"))
        except ResourceNotFoundError:
            return None

    def write(self, departure: Departure) -> None:
        """Keep it as it is now."""
        row = {
            "PartitionKey": departure.tenant.partition,
            "RowKey": "departure",
            **columns(
                "Departures.departure",
                {
                    "began": departure.began,
                    "by": departure.by,
                    "ended": departure.ended,
                    "deleted": json.dumps(dict(departure.deleted), sort_keys=True) if departure.deleted else None,
                },
            ),
        }
        self._table.upsert_entity(row, mode=UpdateMode.REPLACE)

    def forget(self, tenant: TenantKey) -> None:
        """Delete the receipt; one that is gone is fine."""
        self._table.delete_entity(tenant.partition, "departure")

    def all(self) -> Sequence[Departure]:
        """Every departure of this geography."""
        query = prefix_filter("PartitionKey", f"{self._geography.value}|")
        found = rows(self._service, DEPARTURES, query)
        return [_departure(TenantKey(self._geography, row["PartitionKey"].partition("|")[2]), row) for row in found]


def _departure(tenant: TenantKey, row: Row) -> Departure:
    return Departure(
        tenant=tenant,
        began=time(row, "began"),
        by=row.get("by", ""),
        ended=time_or_none(row, "ended"),
        deleted=json.loads(row.get("deleted", "{}")),
    )


def _of(tenant: TenantKey) -> str:
    """Every partition of the tenant: a tenant id has a fixed length, so it is no prefix of another's."""
    return prefix_filter("PartitionKey", tenant.partition)
