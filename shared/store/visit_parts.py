"""A change of a visit in transactions: one as a rule, several where it has more rows than one may have. Pure.

Between the parts a crash leaves a visit that mends itself: whoever plans it next makes from a person's signals the
writebacks that are missing. So signals are written first, writebacks in the order of their numbers, and batons last,
because the message of a baton is sent when all is written.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from azure.data.tables import UpdateMode

from shared.store.tables import MAX_OPERATIONS

Operation = tuple[Any, ...]
Rows = Mapping[str, dict[str, Any]]
_PARTICIPANT = "participant"
_BATON = ("baton", "baton_due")
_REPLACE = {"mode": UpdateMode.REPLACE}


def parts(old: Rows, new: Rows, guard: str) -> Sequence[Sequence[Operation]]:
    """The operations that make the new rows of the old ones, in parts that fit a transaction beside its guard.

    Args:
        old: the rows as they stand, by RowKey, in the order in which they are made.
        new: the rows as they shall be.
        guard: the RowKey that is in every part and in none of these operations.
    """
    changed = [row for name, row in new.items() if name != guard and old.get(name) != row]
    gone = [row for name, row in old.items() if name not in new]
    everything: list[Operation] = [*(_upsert(row) for row in changed), *(("delete", row) for row in gone)]
    if len(everything) < MAX_OPERATIONS:
        return [everything]
    waiting = [row for row in changed if _passes_a_baton(old.get(row["RowKey"]), row)]
    first = [_upsert(_with_old_baton(old.get(row["RowKey"]), row) if row in waiting else row) for row in changed]
    # From the end, so that what is left of a person has no gaps.
    first += [("delete", row) for row in reversed(gone)]
    return [*_filled(first), *_filled([_upsert(row) for row in waiting])]


def _filled(operations: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    part: list[Operation] = []
    for _, group in itertools.groupby(operations, key=_unit):
        together = list(group)
        if len(part) + len(together) >= MAX_OPERATIONS:
            yield part
            part = []
        part.extend(together)
    if part:
        yield part


def _unit(operation: Operation) -> str:
    """What must not be parted: a writeback and its transition."""
    return str(operation[1]["RowKey"]).partition(":")[2]


def _upsert(row: dict[str, Any]) -> Operation:
    return ("upsert", row, _REPLACE)


def _passes_a_baton(old: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    is_person = str(row["RowKey"]).startswith(f"{_PARTICIPANT}:")
    return is_person and any((old or {}).get(name) != row.get(name) for name in _BATON)


def _with_old_baton(old: Mapping[str, Any] | None, row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: old[name] for name in _BATON if old and name in old}
    return {name: value for name, value in row.items() if name not in _BATON} | kept
