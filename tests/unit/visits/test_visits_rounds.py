"""A round sees every visit; of very many it sees each in its turn, and trouble with one is nobody else's."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.identifiers import ConnectionKey, VisitKey, new_connection_id
from shared.visits import rounds
from shared.visits.model import Visit
from shared.visits.rounds import Rounds, whose_turn
from tests.support.fakes import START, Clock, FakeVisits
from tests.support.house import CONNECTION, TENANT

OTHER = ConnectionKey(TENANT, new_connection_id(TENANT.tenant))
MINUTE = timedelta(minutes=1)


def keys(count: int, connection: ConnectionKey = CONNECTION) -> list[VisitKey]:
    """Keys as the keyed hash makes them: spread evenly."""
    return [VisitKey(connection, f"{number * 2654435761 % 2**48:012x}".ljust(32, "0")) for number in range(count)]


@pytest.fixture
def store() -> FakeVisits:
    store = FakeVisits()
    for key in keys(40):
        store.create(Visit(key, START))
    return store


@pytest.mark.parametrize("workers", [1, 8])
def test_a_round_sees_every_visit_once(store: FakeVisits, workers: int) -> None:
    seen: Counter[VisitKey] = Counter()
    lock = threading.Lock()

    def act(visit: Visit) -> None:
        with lock:
            seen[visit.key] += 1

    Rounds(store, Clock(), workers).go("test", MINUTE, act)
    assert seen == Counter(keys(40))


def test_trouble_with_one_is_logged_and_does_not_stop_the_others(
    store: FakeVisits, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[VisitKey] = []
    bad = keys(40)[7]

    def act(visit: Visit) -> None:
        if visit.key == bad:
            raise RuntimeError("a secret of the visit")
        seen.append(visit.key)

    Rounds(store, Clock(), 1).go("test", MINUTE, act)
    assert len(seen) == 39
    assert bad.session in caplog.text
    assert "RuntimeError" in caplog.text
    assert "a secret" not in caplog.text


def test_of_too_many_each_has_its_turn_and_some_need_not_wait(
    store: FakeVisits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "MOST_IN_ONE_ROUND", 10)
    urgent = keys(3, OTHER)
    for key in urgent:
        store.create(Visit(key, START))
    clock = Clock()
    seen: Counter[VisitKey] = Counter()
    for _ in range(5):
        Rounds(store, clock, 1).go("test", MINUTE, lambda visit: seen.update([visit.key]), first={OTHER})
        clock.forward(60)
    assert {seen[key] for key in urgent} == {5}
    assert {seen[key] for key in keys(40)} == {1}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 30_000), st.integers(0, 10**9))
def test_no_round_is_much_larger_than_it_may_be_and_all_turns_together_see_everything(count: int, number: int) -> None:
    everything = keys(count)
    turns = max(1, -(-count // rounds.MOST_IN_ONE_ROUND))
    parts = [whose_turn(everything, number + turn) for turn in range(turns)]
    assert sorted(key.session for part in parts for key in part) == sorted(key.session for key in everything)
    assert all(len(part) <= rounds.MOST_IN_ONE_ROUND * 1.2 for part in parts)
