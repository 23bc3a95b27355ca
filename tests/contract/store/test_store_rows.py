"""How a visit becomes rows and rows a visit: nothing is lost, and what names a person is sealed."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings

from shared.sealing import SealBrokenError, Sealer
from shared.store.visit_rows import rows_of, visit_of
from shared.visits.model import Visit
from shared.visits.upkeep import forgotten
from tests.contract.store.visits import full_visit, new_key, visits

KEY = new_key()
SEALER = Sealer(b"k" * 32)


@settings(max_examples=200)
@given(visits(KEY))
def test_through_rows_and_back_a_visit_is_the_same(visit: Visit) -> None:
    assert visit_of(KEY, rows_of(visit, SEALER), SEALER) == visit


@settings(max_examples=50)
@given(visits(KEY))
def test_the_same_visit_gives_the_same_rows(visit: Visit) -> None:
    assert rows_of(visit, SEALER) == rows_of(visit_of(KEY, rows_of(visit, SEALER), SEALER), SEALER)


def test_a_visit_with_something_in_every_field_comes_back() -> None:
    visit = full_visit(KEY)
    assert visit_of(KEY, rows_of(visit, SEALER), SEALER) == visit


def test_what_is_sealed_is_not_there_in_plain() -> None:
    stored = json.dumps(rows_of(full_visit(KEY), SEALER))
    assert "PLAIN" not in stored


def test_all_rows_of_a_visit_are_in_its_partition_and_carry_their_names() -> None:
    for name, row in rows_of(full_visit(KEY), SEALER).items():
        assert row["PartitionKey"] == KEY.partition
        assert row["RowKey"] == name
    assert KEY.partition.startswith(f"{KEY.connection.tenant.geography.value}|{KEY.connection.tenant.tenant}|")


def test_a_forgotten_visit_has_nothing_sealed_and_no_one_left() -> None:
    visit = forgotten(full_visit(KEY))
    found = rows_of(visit, SEALER)
    sealed = {"session_id", "meeting", "external", "object_id", "legs", "baton", "organizer", "co_organizers"}
    for row in found.values():
        assert sealed.isdisjoint(row)
    assert visit_of(KEY, found, SEALER) == visit


def test_a_sealed_value_does_not_open_in_another_visit() -> None:
    found = rows_of(full_visit(KEY), SEALER)
    with pytest.raises(SealBrokenError):
        visit_of(new_key(KEY.connection), found, SEALER)


def test_a_sealed_value_does_not_open_with_another_key() -> None:
    with pytest.raises(SealBrokenError):
        visit_of(KEY, rows_of(full_visit(KEY), SEALER), Sealer(b"x" * 32))


def test_equal_ids_of_two_visits_do_not_look_equal() -> None:
    other = new_key(KEY.connection)
    one = rows_of(full_visit(KEY), SEALER)["visit"]["session_id"]
    assert rows_of(replace(full_visit(other)), SEALER)["visit"]["session_id"] != one
