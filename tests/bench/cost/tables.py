"""Tables in memory, as the store uses them, every operation counted. Rows and versions are as the service has them."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from tests.bench.cost.tally import ROWS_WRITTEN, TABLE_READS, TABLE_WRITES, Tally

_CONDITION = re.compile(r"(PartitionKey|RowKey) (eq|ge|lt) '([^']*)'")
_PAGE = 1000
_NOT_FOUND, _CONFLICT, _CHANGED = 404, 409, 412


class Row(dict[str, Any]):
    """A row with its version, as the client library gives one."""

    def __init__(self, content: Mapping[str, Any], etag: str) -> None:
        super().__init__({name: value for name, value in content.items() if value is not None})
        self.metadata = {"etag": etag}


class MemoryTables:
    """The service."""

    def __init__(self, tally: Tally) -> None:
        self._tables: dict[str, MemoryTable] = {}
        self._tally = tally

    def get_table_client(self, name: str) -> MemoryTable:
        """One table."""
        return self._tables.setdefault(name, MemoryTable(self._tally))


class MemoryTable:
    """One table: partitions in order, rows in order within each."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._partitions: dict[str, dict[str, Row]] = {}
        self._order: list[str] = []
        self._versions = itertools.count(1)

    def get_entity(self, partition: str, row: str, **_: Any) -> Row:
        """One row."""
        self._tally.add(TABLE_READS)
        return self._present(partition, row)

    def query_entities(self, query: str) -> Iterator[Row]:
        """All rows that match, in order."""
        conditions = _CONDITION.findall(query)
        if len(conditions) != query.count("Key "):
            raise ValueError(f"not understood: {query}")
        found = [
            row
            for partition in self._in_range([(op, value) for key, op, value in conditions if key == "PartitionKey"])
            for name, row in sorted(self._partitions[partition].items())
            if all(_holds(name, op, value) for key, op, value in conditions if key == "RowKey")
        ]
        self._tally.add(TABLE_READS, max(1, -(-len(found) // _PAGE)))
        return iter(found)

    def create_entity(self, content: Mapping[str, Any], **_: Any) -> dict[str, str]:
        """A row that is not there yet."""
        self._wrote(1)
        return self._create(content)

    def upsert_entity(self, content: Mapping[str, Any], **_: Any) -> dict[str, str]:
        """A row, whether there or not."""
        self._wrote(1)
        return self._put(content)

    def update_entity(self, content: Mapping[str, Any], *, etag: str = "", **_: Any) -> dict[str, str]:
        """A row that is there, at that version."""
        self._wrote(1)
        return self._update(content, etag)

    def delete_entity(self, partition: str, row: str, **_: Any) -> None:
        """A row that may be there."""
        self._wrote(1)
        self._delete(partition, row)

    def submit_transaction(self, operations: Sequence[tuple[Any, ...]]) -> list[dict[str, str]]:
        """All or nothing: refused before anything is written. At most 100 rows of one partition."""
        rows = [operation[1] for operation in operations]
        if len(operations) > 100 or len({row["PartitionKey"] for row in rows}) != 1:
            raise ValueError("not a transaction that the service takes")
        self._wrote(len(operations))
        answers = []
        for kind, content, *rest in operations:
            options = rest[0] if rest else {}
            if kind == "create":
                answers.append(self._create(content))
            elif kind == "update":
                answers.append(self._update(content, options.get("etag", "")))
            elif kind == "upsert":
                answers.append(self._put(content))
            else:
                self._delete(content["PartitionKey"], content["RowKey"])
                answers.append({})
        return answers

    def _in_range(self, conditions: Sequence[tuple[str, str]]) -> Sequence[str]:
        bounds = dict(conditions)
        if "eq" in bounds:
            return [bounds["eq"]] if bounds["eq"] in self._partitions else []
        first = bisect_left(self._order, bounds.get("ge", ""))
        last = bisect_left(self._order, bounds["lt"]) if "lt" in bounds else len(self._order)
        return self._order[first:last]

    def _wrote(self, rows: int) -> None:
        self._tally.add(TABLE_WRITES)
        self._tally.add(ROWS_WRITTEN, rows)

    def _present(self, partition: str, row: str) -> Row:
        try:
            return self._partitions[partition][row]
        except KeyError:
            raise _failure(ResourceNotFoundError, _NOT_FOUND) from None

    def _create(self, content: Mapping[str, Any]) -> dict[str, str]:
        if content["RowKey"] in self._partitions.get(content["PartitionKey"], {}):
            raise _failure(ResourceExistsError, _CONFLICT)
        return self._put(content)

    def _update(self, content: Mapping[str, Any], etag: str) -> dict[str, str]:
        if self._present(content["PartitionKey"], content["RowKey"]).metadata["etag"] != etag:
            raise _failure(ResourceModifiedError, _CHANGED)
        return self._put(content)

    def _put(self, content: Mapping[str, Any]) -> dict[str, str]:
        partition = content["PartitionKey"]
        if partition not in self._partitions:
            self._partitions[partition] = {}
            self._order.insert(bisect_left(self._order, partition), partition)
        etag = f"v{next(self._versions)}"
        self._partitions[partition][content["RowKey"]] = Row(content, etag)
        return {"etag": etag}

    def _delete(self, partition: str, row: str) -> None:
        self._partitions.get(partition, {}).pop(row, None)


def _holds(value: str, op: str, bound: str) -> bool:
    return value == bound if op == "eq" else value >= bound if op == "ge" else value < bound


def _failure(kind: type[HttpResponseError], status: int) -> HttpResponseError:
    error = kind()
    error.status_code = status
    return error
