"""What a VisitStore must do: the same for the fake of the unit tests and for the tables."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from azure.data.tables import TableServiceClient
from hypothesis import HealthCheck, given, settings

from shared.identifiers import Geography, Role
from shared.presence.model import Baton, Kind, Participant, Signal, Source, State, Status, Writeback
from shared.sealing import Sealer
from shared.store.tables import OPEN_VISITS, VISITS
from shared.store.visits import TableVisits
from shared.visits.model import Phase, Visit
from shared.visits.ports import ConflictError, VisitStore
from shared.visits.upkeep import forgotten
from tests.contract.store.visits import START, full_visit, new_connection, new_key, visits
from tests.support.fakes import FakeVisits


@pytest.fixture(params=["fake", "tables"])
def store(request: pytest.FixtureRequest) -> VisitStore:
    """Either store."""
    if request.param == "fake":
        return FakeVisits()
    real: TableVisits = request.getfixturevalue("table_visits")
    return real


@pytest.fixture
def table_visits(tables: TableServiceClient, sealer: Sealer) -> TableVisits:
    """The real one."""
    return TableVisits(tables, sealer, Geography.EMEA)


def person(number: int, count: int = 1) -> Participant:
    writebacks = tuple(
        Writeback(one, State.CONNECTED, START, Source.CALL_EVENTS, Status.PENDING, START) for one in range(1, count + 1)
    )
    return Participant(f"guest-{number:016x}", Role.GUEST, number, writebacks=writebacks)


def with_people(visit: Visit, *people: Participant) -> Visit:
    return replace(visit, participants={one.key: one for one in people})


def test_a_visit_that_is_not_there_is_none(store: VisitStore) -> None:
    assert store.read(new_key()) is None


def test_what_was_created_is_read(store: VisitStore) -> None:
    visit = full_visit(new_key())
    created = store.create(visit)
    assert created == replace(visit, version=created.version)
    assert created.version
    assert store.read(visit.key) == created


def test_what_is_there_is_not_created_again(store: VisitStore) -> None:
    created = store.create(full_visit(new_key()))
    with pytest.raises(ConflictError):
        store.create(Visit(created.key, START))
    assert store.read(created.key) == created


def test_a_save_gives_a_new_version_and_is_read(store: VisitStore) -> None:
    created = store.create(full_visit(new_key()))
    saved = store.save(created, replace(created, department="D-9", ends=()))
    assert saved.version != created.version
    assert store.read(created.key) == saved
    assert (saved.department, saved.ends) == ("D-9", ())


def test_a_save_of_what_somebody_else_wrote_meanwhile_is_refused_and_changes_nothing(store: VisitStore) -> None:
    created = store.create(full_visit(new_key()))
    saved = store.save(created, replace(created, department="first"))
    with pytest.raises(ConflictError):
        store.save(created, with_people(replace(created, department="second"), person(1)))
    assert store.read(created.key) == saved


def test_a_save_of_what_is_not_there_is_refused(store: VisitStore) -> None:
    visit = replace(full_visit(new_key()), version="W/\"datetime'2026-03-02T09%3A00%3A00.0000000Z'\"")
    with pytest.raises(ConflictError):
        store.save(visit, visit)
    assert store.read(visit.key) is None


def test_a_save_that_changes_nothing_still_counts_as_a_write(store: VisitStore) -> None:
    created = store.create(full_visit(new_key()))
    saved = store.save(created, created)
    assert store.read(created.key) == saved
    with pytest.raises(ConflictError):
        store.save(created, created)


def test_people_come_change_and_go_in_one_save(store: VisitStore) -> None:
    created = store.create(with_people(Visit(new_key(), START), person(1, 2), person(2)))
    changed = replace(person(2), number=7)
    saved = store.save(created, with_people(created, changed, person(3, 3)))
    assert store.read(created.key) == saved
    assert {one.number for one in saved.participants.values()} == {7, 3}


def test_values_that_are_gone_are_gone(store: VisitStore) -> None:
    created = store.create(full_visit(new_key()))
    bare = replace(forgotten(created), phase=Phase.WAITING, department="", opened=None, last_signal=None, ends=())
    saved = store.save(created, bare)
    assert store.read(created.key) == saved


def test_what_is_not_settled_is_live_and_what_is_opened_again_is_too(store: VisitStore) -> None:
    visit = store.create(full_visit(new_key()))
    assert visit.key in store.live()
    settled = store.save(visit, forgotten(visit))
    assert visit.key not in store.live()
    store.save(settled, replace(settled, phase=Phase.WAITING))
    assert visit.key in store.live()


def test_what_is_settled_is_live_until_its_subscription_has_ended(store: VisitStore) -> None:
    visit = store.create(full_visit(new_key()))
    assert visit.subscription
    settled = store.save(visit, replace(forgotten(visit), subscription=visit.subscription))
    assert visit.key in store.live()
    store.save(settled, replace(settled, subscription=None))
    assert visit.key not in store.live()


def test_two_visits_do_not_disturb_each_other(store: VisitStore) -> None:
    connection = new_connection()
    one, other = (store.create(full_visit(new_key(connection))) for _ in range(2))
    store.save(one, with_people(one))
    assert store.read(other.key) == other


def test_of_many_writers_at_once_one_wins_every_round(store: VisitStore) -> None:
    created = store.create(Visit(new_key(), START))

    def write(number: int) -> bool:
        try:
            store.save(created, with_people(created, person(number)))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [*pool.map(write, range(8))]
    assert won.count(True) == 1
    final = store.read(created.key)
    assert final is not None
    assert [one.number for one in final.participants.values()] == [won.index(True)]


def test_of_many_creators_at_once_one_wins(store: VisitStore) -> None:
    key = new_key()

    def create(number: int) -> bool:
        try:
            store.create(with_people(Visit(key, START), person(number)))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [*pool.map(create, range(8))]
    assert won.count(True) == 1
    final = store.read(key)
    assert final is not None
    assert [one.number for one in final.participants.values()] == [won.index(True)]


def test_a_crowd_larger_than_one_transaction_is_saved(store: VisitStore) -> None:
    created = store.create(Visit(new_key(), START))
    crowd = store.save(created, with_people(created, *(person(number, 3) for number in range(60))))
    assert store.read(created.key) == crowd
    empty = store.save(crowd, with_people(crowd))
    assert store.read(created.key) == empty


@pytest.mark.parametrize("count", [49, 50, 130])
def test_one_person_with_as_much_news_as_one_transaction_takes_or_more_is_saved(store: VisitStore, count: int) -> None:
    created = store.create(Visit(new_key(), START))
    with_baton = replace(person(1, count), baton=Baton("one", START))
    saved = store.save(created, with_people(created, with_baton, person(2, count)))
    assert store.read(created.key) == saved
    without = store.save(saved, with_people(saved, person(2, count)))
    assert store.read(created.key) == without


class StoppedError(Exception):
    """The process ended between two transactions."""


@pytest.mark.parametrize("done", range(6))
def test_a_crash_between_transactions_leaves_signals_without_gaps_and_no_baton_without_its_writebacks(
    table_visits: TableVisits, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    created = table_visits.create(with_people(Visit(new_key(), START), replace(person(1), baton=Baton("old", START))))
    leg = frozenset({Signal(START, Kind.JOINED)})
    crowd = [replace(person(number, 130), baton=Baton("new", START), legs={"leg": leg}) for number in (1, 2)]
    sent: list[int] = []
    real: Callable[..., object] = table_visits._visits.submit_transaction

    def stops(operations: object, **more: object) -> object:
        if len(sent) == done:
            raise StoppedError
        sent.append(1)
        return real(operations, **more)

    with monkeypatch.context() as patched:
        patched.setattr(table_visits._visits, "submit_transaction", stops)
        with pytest.raises(StoppedError):
            table_visits.save(created, with_people(created, *crowd))
    left = table_visits.read(created.key)
    assert left is not None
    assert [one.baton for one in left.participants.values()] == [Baton("old", START), None][: len(left.participants)]
    for one in left.participants.values():
        assert [writeback.sequence for writeback in one.writebacks] == [*range(1, len(one.writebacks) + 1)]
        assert done == 0 or one.legs == {"leg": leg}
    whole = table_visits.save(left, with_people(left, *crowd))
    assert table_visits.read(created.key) == whole


def test_a_visit_that_is_opened_again_while_it_is_being_closed_stays_live(
    table_visits: TableVisits, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = table_visits.create(full_visit(new_key()))
    real: Callable[..., object] = table_visits._visits.submit_transaction

    def opened_in_between(operations: object, **more: object) -> object:
        answer = real(operations, **more)
        patched.undo()
        settled = table_visits.read(visit.key)
        assert settled is not None
        table_visits.save(settled, replace(settled, phase=Phase.WAITING))
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(table_visits._visits, "submit_transaction", opened_in_between)
        table_visits.save(visit, forgotten(visit))
    assert visit.key in table_visits.live()


def test_a_visit_that_was_not_closed_to_the_end_is_closed_by_the_next_round(
    table_visits: TableVisits, tables: TableServiceClient
) -> None:
    visit = table_visits.create(full_visit(new_key()))
    settled = table_visits.save(visit, forgotten(visit))
    assert visit.key not in table_visits.live()
    row = {"PartitionKey": visit.key.connection.tenant.partition, "RowKey": visit.key.routing}
    tables.get_table_client(OPEN_VISITS).upsert_entity(row)
    table_visits.save(settled, settled)
    assert visit.key not in table_visits.live()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(visits(new_key()), visits(new_key()))
def test_any_visit_becomes_any_other(table_visits: TableVisits, first: Visit, second: Visit) -> None:
    key = new_key()
    created = table_visits.create(replace(first, key=key))
    assert table_visits.read(key) == created
    saved = table_visits.save(created, replace(second, key=key))
    assert table_visits.read(key) == saved


def test_nothing_that_names_a_person_is_in_the_tables(table_visits: TableVisits, tables: TableServiceClient) -> None:
    table_visits.create(full_visit(new_key()))
    for name in (VISITS, OPEN_VISITS):
        rows = [dict(row) for row in tables.get_table_client(name).list_entities()]
        assert rows
        assert "PLAIN" not in repr(rows)


def test_writebacks_of_a_tenant_and_of_no_other(table_visits: TableVisits) -> None:
    visit = table_visits.create(full_visit(new_key()))
    table_visits.create(full_visit(new_key()))
    (patient,) = [one for one in visit.participants.values() if one.writebacks]
    found = [*table_visits.writebacks(visit.key.connection.tenant)]
    assert found == [(visit.key, patient.key, patient.writebacks[0])]


def test_writebacks_go_on_after_each_of_them(table_visits: TableVisits) -> None:
    connection = new_connection()
    for _ in range(3):
        table_visits.create(with_people(Visit(new_key(connection), START), person(1, 11), person(2, 2)))
    everything = [*table_visits.writebacks(connection.tenant)]
    assert len(everything) == 39
    for number, (key, participant, one) in enumerate(everything):
        rest = [*table_visits.writebacks(connection.tenant, (key, participant, one.sequence))]
        assert rest == everything[number + 1 :]


def test_a_live_visit_that_was_never_stored_harms_nobody(table_visits: TableVisits, tables: TableServiceClient) -> None:
    key = new_key()
    row = {"PartitionKey": key.connection.tenant.partition, "RowKey": key.routing}
    tables.get_table_client(OPEN_VISITS).upsert_entity(row)
    assert key in table_visits.live()
    assert table_visits.read(key) is None


def test_visits_of_another_geography_are_not_live_here(tables: TableServiceClient, sealer: Sealer) -> None:
    key = new_key()
    TableVisits(tables, sealer, Geography.EMEA).create(Visit(key, START))
    assert key not in TableVisits(tables, sealer, Geography.APAC).live()


def test_a_save_is_one_request(table_visits: TableVisits, monkeypatch: pytest.MonkeyPatch) -> None:
    created = table_visits.create(full_visit(new_key()))
    sent: list[int] = []
    real: Callable[..., object] = table_visits._visits.submit_transaction

    def counted(operations: object, **more: object) -> object:
        sent.append(1)
        return real(operations, **more)

    monkeypatch.setattr(table_visits._visits, "submit_transaction", counted)
    table_visits.save(created, replace(created, last_signal=START + timedelta(hours=1)))
    assert len(sent) == 1
