"""What may be stored: every column of every kind of row, with what it is and until when. Nothing else has a way in.

The privacy page is made from the same list (`messages/stored.json`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from shared.catalogue import entries
from shared.errors import Language


@dataclass(frozen=True)
class StoredField:
    """One column, for people."""

    table: str
    row: str
    column: str
    names_a_person: bool
    encrypted: bool
    what: str
    why: str
    until: str


class NotInSchemaError(Exception):
    """Something was to be stored that the list of what is stored does not have."""


def columns(row: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they are stored in a kind of row (`Visits.visit` …): empty ones left out, times as ISO 8601 text.

    Raises:
        NotInSchemaError: a name is not on the list.
    """
    unknown = values.keys() - _columns_of(row)
    if unknown:
        raise NotInSchemaError(f"{row}: {', '.join(sorted(unknown))}")
    stored: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or value == "":
            continue
        stored[name] = value.isoformat() if isinstance(value, datetime) else value
    return stored


def stored_fields(language: Language) -> tuple[StoredField, ...]:
    """Everything that is stored, in a language."""
    found = []
    for name, entry in entries("stored").items():
        table, row, column = name.split(".")
        words = entry[language]
        found.append(StoredField(table, row, column, entry["names_a_person"], entry["encrypted"], **words))
    return tuple(found)


@cache
def encrypted_columns(table: str) -> frozenset[str]:
    """The columns of a table that hold sealed values."""
    parts = (name.split(".") for name, entry in entries("stored").items() if entry["encrypted"])
    return frozenset(column for of, _, column in parts if of == table)


@cache
def _columns_of(row: str) -> frozenset[str]:
    prefix = f"{row}."
    return frozenset(name.removeprefix(prefix) for name in entries("stored") if name.startswith(prefix))
