"""What failed at every try: parked with a reason, brought back for days, given up with an alarm, and never lost."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from shared.backlog import Backlog, Counts
from shared.batches import Batches
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Geography, VisitKey, new_connection_id
from shared.microsoft.door import Batch, Item, packed
from shared.parking import KEPT_FOR, TRIED_FOR, Parking, counted
from shared.rotation import CERTIFICATES
from shared.sealing import Sealer
from tests.support.blobs import FakeBlobs, FakeTexts
from tests.support.connections import TENANT
from tests.support.fakes import START, Clock

SEALER = Sealer(b"k" * 32)
VISIT = VisitKey(ConnectionKey(TENANT, new_connection_id(TENANT.tenant)), "a" * 32)
LARGE = "x" * 100_000


class World:
    """A poison queue's worker, a worker that fails or not, and what lies where."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.large, self.parked, self.queue = FakeBlobs(self.clock), FakeBlobs(self.clock), FakeTexts()
        self.batches = Batches(SEALER, Geography.EMEA, lambda: self.large, lambda: self.queue)
        self.fails_with: Exception | None = ConnectorError("busy")
        self.worked: list[str] = []
        inbox: Any = self
        self.parking = Parking(lambda: inbox, self.batches, lambda: self.parked, self.clock)

    def work(self, message: str) -> None:
        """In place of the inbox."""
        self.worked.append(message)
        if self.fails_with:
            raise self.fails_with
        batch = self.batches.open(message)
        assert batch is not None
        self.batches.forget(batch)

    def message(self, data: str = "x") -> str:
        """A message as the door makes it, now."""
        item = Item(VISIT, TENANT.tenant, "subscription", {"data": data})
        one = packed(SEALER, Batch((item,), ("token",), self.clock().isoformat()))
        if one.blob:
            self.large.write(one.blob, one.content)
        return one.message

    def facts(self) -> Mapping[str, str]:
        """What is noted beside the one batch that is parked."""
        ((_, _, facts),) = self.parked.kept.values()
        return facts

    def returned(self) -> list[Batch]:
        """What came back to the queue."""
        found = [self.batches.open(text) for text, _ in self.queue.sent]
        return [one for one in found if one]

    def fail_again(self) -> None:
        """The message that came back last fails at every try, and comes out of the poison queue."""
        self.parking.take(self.queue.sent[-1][0], 1)


def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    lines = [(record.levelname, *record.getMessage().partition(" ")[::2]) for record in caplog.records]
    return [{"level": level, **json.loads(fields)} for level, name, fields in lines if name == event]


def test_what_works_at_last_is_not_parked() -> None:
    world = World()
    world.fails_with = None
    world.parking.take(world.message(LARGE), 1)
    assert len(world.worked) == 1
    assert (world.parked.kept, world.large.kept) == ({}, {})


@pytest.mark.parametrize(
    ("error", "reason"), [(ConnectorError("busy"), "busy"), (ValueError("Markername"), "builtins.ValueError")]
)
def test_what_fails_is_parked_with_its_reason_and_told(
    error: Exception, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    world.fails_with = error
    world.parking.take(world.message(), 1)
    assert world.facts() == {
        "received": START.isoformat(),
        "reason": reason,
        "tries": "0",
        "due": (START + timedelta(minutes=5)).isoformat(),
    }
    (told,) = logged(caplog, "queue_message_parked")
    assert told == {"level": "WARNING", "function": "park_notifications", "reason": reason, "attempt": 1, "count": 1}
    assert "Markername" not in caplog.text
    ((text, _, _),) = world.parked.kept.values()
    assert VISIT.session not in text


def test_a_process_that_ended_over_a_message_does_not_end_over_it_again() -> None:
    world = World()
    world.parking.take(world.message(), 2)
    assert world.worked == []
    assert world.facts()["reason"] == "interrupted"


def test_the_same_message_parked_twice_is_parked_once() -> None:
    world = World()
    message = world.message()
    world.parking.take(message, 1)
    world.parking.take(message, 2)
    assert len(world.parked.kept) == 1


def test_a_large_batch_is_parked_as_a_whole_and_comes_back_as_a_whole() -> None:
    world = World()
    world.parking.take(world.message(LARGE), 1)
    assert world.large.kept == {}
    world.clock.forward(minutes=5)
    assert world.parking.bring_back() == 1
    (batch,) = world.returned()
    assert batch.items[0].encrypted == {"data": LARGE}
    assert len(world.large.kept) == 1


def test_what_cannot_be_parked_stays_in_the_poison_queue() -> None:
    world = World()
    message = world.message(LARGE)
    world.parked.down = True
    with pytest.raises(AzureError):
        world.parking.take(message, 1)
    assert len(world.large.kept) == 1
    world.parked.down = False
    world.parking.take(message, 2)
    assert len(world.parked.kept) == 1


def test_what_we_did_not_seal_is_nothing_to_park() -> None:
    world = World()
    for message in ("", "garbage", SEALER.seal("another purpose", "{}")):
        world.parking.take(message, 1)
        world.parking.take(message, 2)
    assert world.parked.kept == {}


def test_it_comes_back_after_ever_longer_pauses_of_an_hour_at_most() -> None:
    world = World()
    world.parking.take(world.message(), 1)
    pauses = []
    for _ in range(6):
        began = world.clock()
        while not world.parking.bring_back():
            world.clock.forward(minutes=1)
        pauses.append(int((world.clock() - began).total_seconds() / 60))
        assert world.parked.kept == {}
        world.fail_again()
    assert pauses == [5, 10, 20, 40, 60, 60]
    assert world.facts()["tries"] == "6"
    assert world.facts()["received"] == START.isoformat()


def test_what_came_back_and_works_is_worked_as_it_came() -> None:
    world = World()
    world.parking.take(world.message(), 1)
    world.clock.forward(minutes=5)
    world.parking.bring_back()
    (batch,) = world.returned()
    assert (batch.received, batch.validation_tokens, batch.tries) == (START.isoformat(), ("token",), 1)
    assert world.queue.sent[0][1] == timedelta()


def test_after_three_days_it_is_given_up_with_an_alarm_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.parking.take(world.message(), 1)
    world.clock.present = START + TRIED_FOR
    assert world.parking.bring_back() == 1
    world.fail_again()
    world.clock.forward(hours=1)
    for _ in range(3):
        assert world.parking.bring_back() == 0
    assert logged(caplog, "notification_given_up") == [{"level": "ERROR", "reason": "busy", "attempt": 2}]
    given_up = world.clock()
    assert counted(world.parked) == (0, 1)
    world.clock.present = given_up + KEPT_FOR
    world.parking.bring_back()
    assert counted(world.parked) == (0, 1)
    world.clock.forward(1)
    world.parking.bring_back()
    assert counted(world.parked) == (0, 0)


def test_an_engineer_brings_back_what_was_given_up_and_it_is_tried_once_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.parking.take(world.message(), 1)
    waiting = Batch((), (), world.clock().isoformat())
    world.clock.present = START + TRIED_FOR + timedelta(minutes=1)
    world.parking.bring_back()
    world.parked.write("waiting", world.batches.sealed(waiting), {"received": world.clock().isoformat(), "due": "z"})
    assert world.parking.bring_back_given_up() == 1
    assert set(world.parked.kept) == {"waiting"}
    world.parked.kept.clear()
    world.fail_again()
    # It failed again: given up at once, with another alarm, and still there.
    assert counted(world.parked) == (0, 1)
    assert len(logged(caplog, "notification_given_up")) == 2
    world.fails_with = None
    assert world.parking.bring_back_given_up() == 1
    assert world.parked.kept == {}


def test_one_that_cannot_be_handled_keeps_no_other_here(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.parking.take(world.message(), 1)
    world.parked.write("0 no facts", "x")
    world.parked.write("1 no batch", "x", {"received": START.isoformat(), "due": START.isoformat()})
    world.clock.forward(minutes=5)
    assert world.parking.bring_back() == 1
    assert set(world.parked.kept) == {"0 no facts", "1 no batch"}
    assert [one["error_type"] for one in logged(caplog, "request_failed")] == ["builtins.KeyError"]


def test_a_certificate_outlives_everything_that_may_come_back() -> None:
    longest = timedelta(hours=72) + timedelta(minutes=4230)
    assert longest + timedelta(hours=4) + TRIED_FOR + KEPT_FOR + timedelta(days=7) < CERTIFICATES.kept


def test_counts_are_taken_now_and_then_and_missing_when_storage_is_away() -> None:
    world = World()
    backlog = Backlog({}, lambda: world.parked, world.clock)
    assert backlog.counts() == Counts({}, 0, 0)
    world.parking.take(world.message(), 1)
    assert backlog.counts() == Counts({}, 0, 0)
    world.clock.forward(30)
    assert backlog.counts() == Counts({}, 1, 0)
    world.parked.down = True
    world.clock.forward(30)
    assert backlog.counts() is None
