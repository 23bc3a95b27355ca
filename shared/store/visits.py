"""Visits in Table Storage: one partition each, written as a whole under the version of its `visit` row."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableTransactionError, UpdateMode

from shared.identifiers import Geography, TenantKey, VisitKey, visit_key
from shared.presence.model import Writeback
from shared.sealing import Sealer
from shared.store.tables import OPEN_VISITS, VISITS, checked_key, prefix_filter, rows
from shared.store.visit_parts import Operation, parts
from shared.store.visit_rows import VISIT_ROW, RowSet, rows_of, visit_of, writeback_of
from shared.visits.model import Phase, Visit
from shared.visits.ports import ConflictError

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient


class TableVisits:
    """The real VisitStore."""

    def __init__(self, service: "TableServiceClient", sealer: Sealer, geography: Geography) -> None:
        self._service = service
        self._visits = service.get_table_client(VISITS)
        self._open = service.get_table_client(OPEN_VISITS)
        self._sealer = sealer
        self._geography = geography

    def read(self, key: VisitKey) -> Visit | None:
        """The visit, or None."""
        found: RowSet = {}
        version = ""
        for row in self._visits.query_entities(f"PartitionKey eq '{checked_key(key.partition)}'"):
            found[row["RowKey"]] = row
            if row["RowKey"] == VISIT_ROW:
                version = str(row.metadata["etag"])
        return replace(visit_of(key, found, self._sealer), version=version) if VISIT_ROW in found else None

    def create(self, visit: Visit) -> Visit:
        """Store a new visit. Raises ConflictError if it is there already."""
        self._mark_open(visit.key)
        operations: list[Operation] = [("create", row) for row in self._rows(visit).values()]
        return self._run(visit, operations)

    def save(self, before: Visit, after: Visit) -> Visit:
        """Store what differs, if nobody wrote since `before` was read. Raises ConflictError.

        A change of more rows than one transaction takes is made in several; a conflict may then come after a part.
        """
        if before.phase is Phase.SETTLED and after.phase is not Phase.SETTLED:
            self._mark_open(after.key)
        mark = self._open_mark(after.key) if after.is_done_with else ""
        old, new = self._rows(before), self._rows(after)
        saved = after
        version = before.version
        for part in parts(old, new, VISIT_ROW):
            guard = (
                "update",
                new[VISIT_ROW],
                {
                    "mode": UpdateMode.REPLACE,
                    "etag": version,
                    "match_condition": MatchConditions.IfNotModified,
                },
            )
            saved = self._run(after, [guard, *part])
            version = saved.version
        if mark:
            self._mark_closed(after.key, mark)
        return saved

    def live(self) -> Sequence[VisitKey]:
        """Every visit of this geography that is not done with."""
        query = prefix_filter("PartitionKey", f"{self._geography.value}|")
        keys = (visit_key(self._geography, row["RowKey"]) for row in rows(self._service, OPEN_VISITS, query))
        return [key for key in keys if key is not None]

    def of_tenant(self, tenant: TenantKey) -> Iterator[Visit]:
        """Every visit of a tenant, one after another; for reports."""
        query = prefix_filter("PartitionKey", f"{tenant.partition}|")
        for _, group in itertools.groupby(rows(self._service, VISITS, query), key=itemgetter("PartitionKey")):
            found = {row["RowKey"]: row for row in group}
            _, _, connection, session = found[VISIT_ROW]["PartitionKey"].split("|")
            key = visit_key(self._geography, f"{connection}.{session}")
            if key:
                yield visit_of(key, found, self._sealer)

    def writebacks(
        self, tenant: TenantKey, after: tuple[VisitKey, str, int] | None = None
    ) -> Iterator[tuple[VisitKey, str, Writeback]]:
        """Every writeback of a tenant, with its visit and participant, always in the same order.

        Args:
            tenant: whose.
            after: go on after this one: its visit, its participant, its sequence.
        """
        query = " and ".join(
            (
                prefix_filter("PartitionKey", f"{tenant.partition}|"),
                "RowKey ge 'transition:' and RowKey lt 'writeback;'",
                *([f"PartitionKey ge '{after[0].partition}'"] if after else []),
            )
        )
        seen = (after[0].partition, f"{after[1]}:{after[2]:04d}") if after else ("", "")
        transitions: RowSet = {}
        for row in rows(self._service, VISITS, query):
            kind, _, rest = row["RowKey"].partition(":")
            if (row["PartitionKey"], rest) <= seen:
                continue
            if kind == "transition":
                transitions[f"{row['PartitionKey']}:{rest}"] = row
            elif kind == "writeback":
                _, _, connection, session = row["PartitionKey"].split("|")
                key = visit_key(self._geography, f"{connection}.{session}")
                transition = transitions.pop(f"{row['PartitionKey']}:{rest}", None)
                if key and transition:
                    yield key, rest.rpartition(":")[0], writeback_of(transition, row)

    def _rows(self, visit: Visit) -> RowSet:
        return rows_of(visit, self._sealer)

    def _run(self, visit: Visit, operations: Sequence[Operation]) -> Visit:
        try:
            answers = self._visits.submit_transaction(operations)
        except (
            TableTransactionError,
            ResourceExistsError,
            ResourceModifiedError,
            ResourceNotFoundError,
        ) as failed:
            if getattr(failed, "status_code", None) in (404, 409, 412):
                raise ConflictError from failed
            raise
        position = next(i for i, operation in enumerate(operations) if operation[1]["RowKey"] == VISIT_ROW)
        return replace(visit, version=str(answers[position]["etag"]))

    def _mark_open(self, key: VisitKey) -> None:
        self._open.upsert_entity({"PartitionKey": key.connection.tenant.partition, "RowKey": key.routing})

    def _open_mark(self, key: VisitKey) -> str:
        """Which of its marks an open visit has; each time it is opened it gets another."""
        try:
            row = self._open.get_entity(key.connection.tenant.partition, key.routing)
        except ResourceNotFoundError:
            return ""
        return str(row.metadata["etag"])

    def _mark_closed(self, key: VisitKey, mark: str) -> None:
        """Take the mark away, unless the visit was opened again meanwhile."""
        unchanged = MatchConditions.IfNotModified
        with contextlib.suppress(ResourceModifiedError):
            self._open.delete_entity(key.connection.tenant.partition, key.routing, etag=mark, match_condition=unchanged)
