"""One dead EHR slows nobody else: after some failures in a row one call at a time probes."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from queue import PriorityQueue

import pytest

from shared.identifiers import ConnectionKey, new_connection_id
from shared.presence.model import EHR_DOWN, Kind, State, Status
from shared.visits.breaker import MOST_AT_ONCE, MOST_FOR_A_TENANT, Breaker, Entry, closed_since
from shared.visits.circuit import FAILURES_TO_OPEN, FORGOTTEN_AFTER, PROBE_TAKES, Circuit
from shared.visits.outbox import RETRY_FOR
from shared.visits.ports import Told
from tests.support.connections import OTHER_TENANT
from tests.support.fakes import Clock, FakeCircuits
from tests.support.house import CONNECTION, TENANT, House, entra, event
from tests.support.machine import slower

DOWN = Told(delivered=False, retry=True, reason="ReadTimeout", down=True)
WELL = Told(delivered=True)
REFUSED = Told(delivered=False, reason="INVALID-USER-ID")
LOCKED = Told(delivered=False, retry=True, reason="LOCK-FAILED")
DOC = entra("oid-1")
WORKERS = 24
"""What the queue hands out at once (host.json, 16 + 8)."""
_QUICK_SECONDS = 0.6
"""After so long, whoever waited for a place at an EHR that was quick knows that it hangs."""
OTHER = ConnectionKey(TENANT, new_connection_id(TENANT.tenant))


def once(breaker: Breaker, told: Told, connection: ConnectionKey = CONNECTION) -> Entry:
    entry = breaker.enter(connection)
    if entry.wait is None:
        breaker.leave(connection, entry, told)
    return entry


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> FakeCircuits:
    return FakeCircuits()


@pytest.fixture
def breaker(clock: Clock, store: FakeCircuits) -> Breaker:
    return Breaker(store, clock)


@pytest.fixture
def opened(breaker: Breaker) -> Breaker:
    for _ in range(FAILURES_TO_OPEN):
        assert once(breaker, DOWN).wait is None
    return breaker


def test_an_ehr_that_is_well_costs_no_storage(breaker: Breaker, store: FakeCircuits) -> None:
    for told in (WELL, REFUSED, LOCKED, WELL) * 10:
        assert once(breaker, told) == Entry()
    assert (store.reads, store.kept) == (0, {})


def test_enough_failures_in_a_row_keep_everybody_away(opened: Breaker) -> None:
    wait = once(opened, WELL).wait
    assert wait is not None
    assert timedelta() < wait <= timedelta(seconds=12)


def test_an_answer_in_between_begins_the_row_anew(breaker: Breaker, store: FakeCircuits) -> None:
    for _ in range(5):
        for _ in range(FAILURES_TO_OPEN - 1):
            once(breaker, DOWN)
        once(breaker, REFUSED)
    assert store.kept == {}


def test_another_connection_is_not_touched(opened: Breaker) -> None:
    assert once(opened, WELL, OTHER) == Entry()


def test_one_probes_and_all_others_wait_for_it(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    elsewhere = Breaker(store, clock)
    once(elsewhere, DOWN)
    clock.forward(20)
    probe = opened.enter(CONNECTION)
    assert probe == Entry(probe=True)
    assert opened.enter(CONNECTION).wait is not None
    assert elsewhere.enter(CONNECTION).wait is not None
    opened.leave(CONNECTION, probe, WELL)
    assert once(opened, WELL) == Entry()


def test_of_two_that_want_to_probe_at_the_same_moment_one_may(
    opened: Breaker, store: FakeCircuits, clock: Clock
) -> None:
    elsewhere = Breaker(store, clock)
    once(elsewhere, DOWN)
    clock.forward(20)
    save = store.save
    entries: list[Entry] = []

    def overtaken(*arguments: object) -> object:
        store.save = save  # type: ignore[method-assign]
        entries.append(elsewhere.enter(CONNECTION))
        return save(*arguments)  # type: ignore[arg-type]

    store.save = overtaken  # type: ignore[method-assign,assignment]
    entries.append(opened.enter(CONNECTION))
    assert [entry.probe for entry in entries] == [True, False]
    assert entries[1].wait is not None


def test_a_probe_in_vain_doubles_the_pause_up_to_five_minutes(
    opened: Breaker, store: FakeCircuits, clock: Clock
) -> None:
    pauses: list[timedelta] = []
    for _ in range(9):
        clock.until(store.kept[CONNECTION].probe_at)
        assert once(opened, DOWN).probe
        pauses.append(store.kept[CONNECTION].probe_at - clock())
    assert pauses[0] < pauses[2] < pauses[4]
    assert timedelta(minutes=3) < pauses[-1] <= timedelta(minutes=5)


def test_the_ehr_itself_may_ask_for_longer(breaker: Breaker, store: FakeCircuits, clock: Clock) -> None:
    for _ in range(FAILURES_TO_OPEN):
        once(breaker, Told(delivered=False, retry=True, retry_after=timedelta(hours=1), down=True))
    assert store.kept[CONNECTION].probe_at == clock() + timedelta(hours=1)


def test_a_crash_while_probing_only_costs_time(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    clock.forward(20)
    assert opened.enter(CONNECTION).probe
    restarted = Breaker(store, clock)
    once(restarted, DOWN)
    assert restarted.enter(CONNECTION).wait is not None
    clock.forward(PROBE_TAKES.total_seconds())
    assert restarted.enter(CONNECTION).probe


def test_a_new_process_learns_with_its_first_failure(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    fresh = Breaker(store, clock)
    assert once(fresh, DOWN).wait is None
    assert once(fresh, WELL).wait is not None


def test_whoever_finds_it_closed_by_another_goes_on(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    elsewhere = Breaker(store, clock)
    once(elsewhere, DOWN)
    clock.forward(20)
    once(opened, WELL)
    assert once(elsewhere, WELL) == Entry()


def test_a_call_that_began_before_does_not_move_the_probe(breaker: Breaker, store: FakeCircuits) -> None:
    early = [breaker.enter(CONNECTION) for _ in range(3)]
    for _ in range(FAILURES_TO_OPEN):
        once(breaker, DOWN)
    probe_at = store.kept[CONNECTION].probe_at
    for entry in early:
        breaker.leave(CONNECTION, entry, DOWN)
    assert store.kept[CONNECTION].probe_at == probe_at


def test_it_can_open_again_after_it_closed(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    clock.forward(20)
    once(opened, WELL)
    assert store.kept[CONNECTION].closed == clock()
    for _ in range(FAILURES_TO_OPEN):
        assert once(opened, DOWN).wait is None
    assert once(opened, WELL).wait is not None
    assert store.kept[CONNECTION].is_open


def test_a_closed_circuit_is_known_for_an_hour(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    assert closed_since(store, clock()) == {}
    clock.forward(20)
    once(opened, WELL)
    assert closed_since(store, clock()) == {CONNECTION: clock()}
    clock.forward(FORGOTTEN_AFTER.total_seconds() + 1)
    assert closed_since(store, clock()) == {}
    assert store.kept == {}


def test_a_circuit_that_nobody_probes_any_more_is_forgotten(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    clock.until(store.kept[CONNECTION].probe_at + FORGOTTEN_AFTER)
    assert closed_since(store, clock()) == {}
    assert store.kept
    clock.forward(1)
    assert closed_since(store, clock()) == {}
    assert not store.kept
    assert opened.enter(CONNECTION).wait is None


def test_a_few_who_wait_for_days_are_no_crowd(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    for _ in range(300):
        clock.until(store.kept[CONNECTION].probe_at)
        once(opened, DOWN)
        waits = [opened.enter(CONNECTION).wait or timedelta() for _ in range(3)]
        assert max(waits) <= store.kept[CONNECTION].probe_at - clock() + timedelta(seconds=4)


def test_the_more_are_waiting_the_further_apart_they_come_back(opened: Breaker) -> None:
    waits = [opened.enter(CONNECTION).wait for _ in range(200)]
    assert max(wait for wait in waits[100:] if wait) > timedelta(minutes=1)


def test_one_ehr_takes_half_of_the_workers_at_most(breaker: Breaker) -> None:
    entries = [breaker.enter(CONNECTION) for _ in range(MOST_AT_ONCE)]
    assert all(entry.wait is None for entry in entries)
    assert breaker.enter(CONNECTION).busy
    assert breaker.enter(OTHER) == Entry()
    breaker.leave(CONNECTION, entries[0], WELL)
    assert breaker.enter(CONNECTION) == Entry()


@pytest.mark.parametrize(
    ("took", "under_way", "waits"),
    [(0.2, 0.0, True), (0.2, 0.4, True), (0.2, 0.6, False), (2.0, 0.0, False)],
    ids=["quick", "not late yet", "was quick and hangs now", "slow"],
)
def test_a_place_at_a_quick_ehr_is_waited_for(
    clock: Clock, store: FakeCircuits, took: float, under_way: float, *, waits: bool
) -> None:
    ticks = [0.0]
    breaker = Breaker(store, clock, lambda: ticks[0])
    first = breaker.enter(CONNECTION)
    ticks[0] = took
    breaker.leave(CONNECTION, first, WELL)
    entries = [breaker.enter(CONNECTION) for _ in range(MOST_AT_ONCE)]
    ticks[0] += under_way
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(breaker.enter, CONNECTION)
        if waits:
            time.sleep(0.05)
            assert not late.done()
            breaker.leave(CONNECTION, entries[0], WELL)
        assert late.result(5).busy is not waits


def test_a_tenant_with_two_dead_ehrs_leaves_workers_to_others(breaker: Breaker) -> None:
    second = ConnectionKey(TENANT, new_connection_id(TENANT.tenant))
    entries = [breaker.enter(one) for _ in range(MOST_AT_ONCE) for one in (CONNECTION, second)]
    assert len([one for one in entries if one.wait is None]) == MOST_FOR_A_TENANT
    stranger = ConnectionKey(OTHER_TENANT, new_connection_id(OTHER_TENANT.tenant))
    assert breaker.enter(stranger) == Entry()
    breaker.leave(CONNECTION, entries[0], None)
    assert breaker.enter(second) == Entry()


@pytest.mark.parametrize("quick_before", [True, False])
def test_an_ehr_that_hangs_does_not_hold_up_another_tenants(store: FakeCircuits, *, quick_before: bool) -> None:
    """The workers of one process, a hundred messages for an EHR that hangs, and now and then one for another."""
    dead, other = CONNECTION, ConnectionKey(OTHER_TENANT, new_connection_id(OTHER_TENANT.tenant))
    breaker = Breaker(store, lambda: datetime.now(UTC))
    if quick_before:
        once(breaker, WELL, dead)
    messages: PriorityQueue[tuple[float, int, ConnectionKey]] = PriorityQueue()
    delays: list[float] = []
    over = threading.Event()
    numbers = itertools.count()

    def put(connection: ConnectionKey, after: float = 0.0) -> None:
        messages.put((time.monotonic() + after, next(numbers), connection))

    def work() -> None:
        while not over.is_set():
            due, number, connection = messages.get()
            if due > time.monotonic():
                messages.put((due, number, connection))
                time.sleep(0.02)
                continue
            entry = breaker.enter(connection)
            if entry.wait is not None:
                put(connection, entry.wait.total_seconds())
            elif connection == other:
                delays.append(time.monotonic() - due)
                breaker.leave(connection, entry, WELL)
            else:
                over.wait(10)
                breaker.leave(connection, entry, DOWN)

    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in range(100):
            put(dead)
        for _ in range(WORKERS):
            pool.submit(work)
        time.sleep(_QUICK_SECONDS * slower())
        for _ in range(6):
            put(other)
            time.sleep(0.1)
        over.set()
        for _ in range(WORKERS):
            put(dead)
    assert len(delays) == 6
    assert max(delays) < 0.5 * slower()


def test_a_call_without_an_outcome_frees_its_place(breaker: Breaker) -> None:
    for _ in range(MOST_AT_ONCE + 1):
        entry = breaker.enter(CONNECTION)
        assert entry.wait is None
        breaker.leave(CONNECTION, entry, None)


def test_opening_and_closing_are_logged_with_the_connection(
    breaker: Breaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(FAILURES_TO_OPEN):
        once(breaker, DOWN)
    clock.forward(20)
    once(breaker, WELL)
    fields = f'{{"connection":"{CONNECTION.connection}"}}'
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", f"ehr_circuit_opened {fields}"),
        ("INFO", f"ehr_circuit_closed {fields}"),
    ]


def test_a_circuit_says_since_when_it_is_open_and_how_often_it_was_probed(
    opened: Breaker, store: FakeCircuits, clock: Clock
) -> None:
    began = clock()
    assert (store.kept[CONNECTION].opened, store.kept[CONNECTION].probes) == (began, 0)
    for number in (1, 2):
        clock.until(store.kept[CONNECTION].probe_at)
        once(opened, DOWN)
        assert (store.kept[CONNECTION].opened, store.kept[CONNECTION].probes) == (began, number)
    clock.until(store.kept[CONNECTION].probe_at)
    once(opened, WELL)
    for _ in range(FAILURES_TO_OPEN):
        once(opened, DOWN)
    assert store.kept[CONNECTION].opened == clock()


def test_after_a_probe_in_vain_too_the_ehr_may_ask_for_longer(
    opened: Breaker, store: FakeCircuits, clock: Clock
) -> None:
    clock.until(store.kept[CONNECTION].probe_at)
    once(opened, Told(delivered=False, retry=True, retry_after=timedelta(hours=1), down=True))
    assert store.kept[CONNECTION].probe_at == clock() + timedelta(hours=1)


def test_the_pause_doubles_from_probe_to_probe(opened: Breaker, store: FakeCircuits, clock: Clock) -> None:
    for longest in (20, 40, 80, 160, 300, 300):
        clock.until(store.kept[CONNECTION].probe_at)
        once(opened, DOWN)
        pause = (store.kept[CONNECTION].probe_at - clock()).total_seconds()
        assert 0.75 * longest <= pause <= longest


def test_where_two_open_it_at_once_both_know_of_the_one_that_is_kept(store: FakeCircuits, clock: Clock) -> None:
    one, other = Breaker(store, clock), Breaker(store, clock)
    for _ in range(FAILURES_TO_OPEN - 1):
        once(one, DOWN)
        once(other, DOWN)
    read = store.read

    def overtaken(connection: ConnectionKey) -> Circuit | None:
        store.read = read  # type: ignore[method-assign]
        nothing_yet = read(connection)
        once(other, DOWN)
        return nothing_yet

    store.read = overtaken  # type: ignore[method-assign]
    once(one, DOWN)
    assert store.kept[CONNECTION].version == "c1"
    for breaker in (one, other):
        assert breaker.enter(CONNECTION).wait is not None


def test_one_that_others_have_moved_further_away_is_waited_for_as_they_do(
    opened: Breaker, store: FakeCircuits, clock: Clock
) -> None:
    elsewhere = Breaker(store, clock)
    once(elsewhere, DOWN)
    clock.forward(20)
    once(opened, DOWN)
    moved = store.kept[CONNECTION].probe_at - clock()
    assert elsewhere.enter(CONNECTION).wait == moved
    reads = store.reads
    assert elsewhere.enter(CONNECTION).wait is not None
    assert store.reads == reads


def test_what_was_forgotten_by_others_meanwhile_is_closed_without_a_word(
    opened: Breaker, store: FakeCircuits, clock: Clock
) -> None:
    clock.forward(20)
    probe = opened.enter(CONNECTION)
    store.kept.clear()
    opened.leave(CONNECTION, probe, WELL)
    assert store.kept == {}
    assert opened.enter(CONNECTION) == Entry()


def test_one_that_cannot_be_forgotten_now_does_not_hide_the_others(
    opened: Breaker, store: FakeCircuits, clock: Clock
) -> None:
    clock.until(store.kept[CONNECTION].probe_at + FORGOTTEN_AFTER + timedelta(seconds=1))
    for _ in range(FAILURES_TO_OPEN):
        once(opened, DOWN, OTHER)
    store.kept[OTHER] = replace(store.kept[OTHER], closed=clock())
    old = store.kept[CONNECTION]
    listed = [(CONNECTION, replace(old, version="of before")), (OTHER, store.kept[OTHER])]
    store.all = lambda: listed  # type: ignore[method-assign]
    assert closed_since(store, clock()) == {OTHER: clock()}
    assert store.kept[CONNECTION] == old


# The same seen from the outbox: many visits at an EHR that is down.


def visits_at_once(count: int) -> House:
    house = House()
    for number in range(count):
        session = f"csn-{number}"
        house.provider_launch(session_id=session)
        house.happen(event(number, f"leg-{number}", Kind.JOINED, DOC), session_id=session)
    return house


def all_writebacks(house: House) -> list[tuple[State, Status, str, int]]:
    return [
        (one.state, one.status, one.reason, one.attempts)
        for visit in house.visits.kept.values()
        for participant in visit.participants.values()
        for one in participant.writebacks
    ]


def test_forty_visits_at_a_dead_ehr_make_few_calls_and_lose_nothing() -> None:
    house = visits_at_once(40)
    house.teller.otherwise = DOWN
    for _ in range(60):
        house.clock.forward(5)
        house.work()
    calls = len(house.teller.tries)
    assert calls <= FAILURES_TO_OPEN + 8
    assert {status for _, status, _, _ in all_writebacks(house)} <= {Status.PENDING, Status.RETRYING}
    assert EHR_DOWN in {reason for _, _, reason, _ in all_writebacks(house)}
    house.teller.otherwise = WELL
    for _ in range(90):
        house.clock.forward(10)
        house.work()
        house.upkeep.sweep()
    assert {status for _, status, _, _ in all_writebacks(house)} == {Status.DELIVERED}
    assert len(house.teller.log) == 40


def test_when_the_ehr_answers_again_the_sweep_calls_everything_back_at_once() -> None:
    house = visits_at_once(30)
    house.teller.otherwise = DOWN
    while house.clock() < house.visit("csn-0").created + timedelta(hours=3):
        house.clock.until(house.pointers.next_due() or house.clock())
        house.work()
    house.teller.otherwise = WELL
    while not house.teller.log:
        house.clock.until(house.pointers.next_due() or house.clock())
        house.work()
    answered = house.clock()
    for _ in range(12):
        house.upkeep.sweep()
        house.clock.forward(10)
        house.work()
    assert len(house.teller.log) == 30
    assert house.clock() <= answered + timedelta(minutes=2)


def test_what_waited_longer_than_the_longest_time_is_given_up_and_can_be_replayed() -> None:
    house = visits_at_once(8)
    house.teller.stamps_time = False
    house.teller.otherwise = DOWN
    began = house.clock()
    while (due := house.pointers.next_due()) and house.clock() < began + RETRY_FOR + timedelta(hours=12):
        house.clock.until(due)
        house.work()
    assert {status for _, status, _, _ in all_writebacks(house)} == {Status.GIVEN_UP}
    house.teller.otherwise = WELL
    for key, visit in list(house.visits.kept.items()):
        for participant in visit.participants:
            assert house.outbox.replay((key, participant, 1))
    house.work_until_quiet()
    assert len(house.teller.log) == 8
