"""From a queue message to the visits: what is believed, what is left out, and what is tried again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import AzureError

from shared.batches import Batches
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, Geography, TenantKey, VisitKey, new_connection_id
from shared.inbox import AGAIN_AFTER, Inbox
from shared.jose import KeyNotYetKnownError, KeySource, KeysUnavailableError
from shared.keys import LocalKeys
from shared.microsoft.door import accept, client_state, packed
from shared.microsoft.notifications import Notifications
from shared.parking import TRIED_FOR, Parking, counted
from shared.presence.model import Kind
from shared.sealing import Sealer
from shared.visits.who import CallEvent
from tests.support.blobs import FakeBlobs, FakeTexts
from tests.support.connections import OTHER_TENANT, TENANT
from tests.support.fakes import START, Clock
from tests.support.notifications import encrypted, validation_token
from tests.support.tokens import public, rsa_key, settings

SEALER = Sealer(b"k" * 32)


class Noted:
    """Takes the place of attendance and upkeep."""

    def __init__(self) -> None:
        self.events: list[tuple[VisitKey, list[CallEvent]]] = []
        self.lifecycle: list[tuple[VisitKey, str, str]] = []
        self.failing: dict[VisitKey, Exception] = {}

    def note(self, key: VisitKey, events: list[CallEvent]) -> None:
        if key in self.failing:
            raise self.failing[key]
        self.events.append((key, events))

    def on_lifecycle(self, key: VisitKey, event: str, subscription_id: str) -> None:
        if key in self.failing:
            raise self.failing[key]
        self.lifecycle.append((key, event, subscription_id))


class World:
    """The inbox between Graph and the visits."""

    def __init__(self, keys: LocalKeys) -> None:
        self.keys, self.noted, self.down = keys, Noted(), False
        self.clock, self.published = Clock(), public(rsa_key())
        notifications = Notifications(keys, KeySource(self._fetch, self.clock), settings())
        visits: Any = self.noted
        self.blobs = FakeBlobs()
        self.queue = FakeTexts()
        batches = Batches(SEALER, Geography.EMEA, lambda: self.blobs, lambda: self.queue)
        self.inbox = Inbox(notifications, visits, visits, batches)

    def _fetch(self) -> Mapping[str, Any]:
        if self.down:
            raise OSError
        return self.published

    def item(self, key: VisitKey, leg: str = "leg", **changes: Any) -> dict[str, Any]:
        content = encrypted(self.keys, {"participants@delta": [{"id": leg, "isInLobby": True}]})
        plain = {"clientState": client_state(SEALER, key), "tenantId": key.connection.tenant.tenant}
        return {**plain, "encryptedContent": content, **changes}

    def take_in(self, items: list[dict[str, Any]], *tokens: str) -> str:
        """The queue message of a request; its blob is there, if it has one."""
        body = {"value": items, "validationTokens": list(tokens)}
        one = packed(SEALER, accept(SEALER, Geography.EMEA, body, START.isoformat()))
        if one.blob:
            self.blobs.write(one.blob, one.content)
        return one.message

    def work(self, items: list[dict[str, Any]], *tokens: str) -> None:
        self.inbox.work(self.take_in(items, *tokens))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return LocalKeys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def world(keys: LocalKeys) -> World:
    return World(keys)


def visit(tenant: TenantKey = TENANT) -> VisitKey:
    return VisitKey(ConnectionKey(tenant, new_connection_id(tenant.tenant)), "a" * 32)


def test_events_reach_their_visits_together(world: World) -> None:
    first, second = visit(), visit(OTHER_TENANT)
    items = [world.item(first, "a"), world.item(second, "b"), world.item(first, "c")]
    world.work(items, validation_token(TENANT.tenant, "1.0"), validation_token(OTHER_TENANT.tenant))
    found = {key: [one.signals[0].leg for one in events] for key, events in world.noted.events}
    assert found == {first: ["a", "c"], second: ["b"]}
    event = world.noted.events[0][1][0]
    assert (event.at, event.signals[0].signal.kind) == (START, Kind.LOBBY)


def test_an_item_whose_tenant_nobody_vouches_for_is_left_out(world: World) -> None:
    mine, theirs = visit(), visit(OTHER_TENANT)
    world.work([world.item(mine), world.item(theirs)], validation_token(TENANT.tenant))
    assert [key for key, _ in world.noted.events] == [mine]
    world.work([world.item(theirs)])
    world.work([world.item(theirs)], validation_token(OTHER_TENANT.tenant, exp=1))
    assert len(world.noted.events) == 1


def test_an_item_that_cannot_be_read_takes_no_other_with_it(world: World) -> None:
    key = visit()
    broken = {**world.item(key)["encryptedContent"], "dataSignature": "AAAA"}
    odd = [world.item(key, encryptedContent=content) for content in (broken, {}, None, {"data": "\u00e9"})]
    world.work([*odd, world.item(key, "good")], validation_token(TENANT.tenant))
    ((found, events),) = world.noted.events
    assert (found, [one.signals[0].leg for one in events]) == (key, ["good"])


def test_a_lifecycle_item_needs_no_token(world: World) -> None:
    key = visit()
    named = {"lifecycleEvent": "reauthorizationRequired", "subscriptionId": "SUBSCRIPTION-1"}
    world.work([world.item(key, **named, encryptedContent=None)])
    assert world.noted.lifecycle == [(key, "reauthorizationRequired", "subscription-1")]
    assert world.noted.events == []


@pytest.mark.parametrize(
    "message",
    [
        "",
        "garbage",
        "\ufffd",
        SEALER.seal("another purpose", "{}"),
        SEALER.seal("notifications", "no json"),
        SEALER.seal("notifications", "[]"),
        SEALER.seal("notifications", "{}"),
        SEALER.seal("notifications", json.dumps({"items": [3], "tokens": [], "received": ""})),
        SEALER.seal("notifications", json.dumps({"blob": "nowhere"})),
    ],
    ids=[
        "empty",
        "garbage",
        "no text",
        "another purpose",
        "no JSON",
        "a list",
        "no members",
        "a number as item",
        "no blob",
    ],
)
def test_what_we_did_not_seal_is_dropped(world: World, message: str) -> None:
    world.inbox.work(message)
    assert world.noted.events == []


def test_a_visit_that_fails_is_tried_again_by_itself_and_the_others_are_not_worked_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    good, busy, broken = visit(), visit(), visit()
    world.noted.failing = {busy: ConnectorError("busy"), broken: ValueError("Markername")}
    items = [world.item(key, leg) for leg in ("a", "b") for key in (good, busy, broken)]
    world.work(items, validation_token(TENANT.tenant))
    assert [key for key, _ in world.noted.events] == [good]
    assert [delay for _, delay in world.queue.sent] == [AGAIN_AFTER, AGAIN_AFTER]
    again = [world.inbox.batches.open(text) for text, _ in world.queue.sent]
    assert [{item.visit for item in batch.items} for batch in again if batch] == [{busy}, {broken}]
    assert '"reason":"busy"' in caplog.text
    assert '"reason":"builtins.ValueError"' in caplog.text
    assert "Markername" not in caplog.text
    world.noted.failing = {}
    for text, _ in world.queue.sent:
        world.inbox.work(text)
    found = {key: [one.signals[0].leg for one in events] for key, events in world.noted.events}
    assert found == {key: ["a", "b"] for key in (good, busy, broken)}
    assert len(world.noted.events) == 3


def test_a_lifecycle_that_fails_keeps_no_events_of_others_waiting(world: World) -> None:
    good, broken = visit(), visit()
    world.noted.failing = {broken: ConnectorError("microsoft_throttled")}
    items = [world.item(broken, lifecycleEvent="reauthorizationRequired", encryptedContent=None), world.item(good)]
    world.work(items, validation_token(TENANT.tenant))
    assert [key for key, _ in world.noted.events] == [good]
    assert len(world.queue.sent) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_where_nothing_at_all_can_be_done_the_message_stays_as_it_is(world: World, count: int) -> None:
    keys = [visit() for _ in range(count)]
    world.noted.failing = {key: ConnectorError("busy") for key in keys}
    with pytest.raises(ConnectorError, match="busy"):
        world.work([world.item(key) for key in keys], validation_token(TENANT.tenant))
    assert world.queue.sent == []


def test_what_is_tried_again_by_itself_goes_to_a_blob_if_it_is_large(world: World) -> None:
    good, busy = visit(), visit()
    content = encrypted(world.keys, {"participants@delta": [{"id": f"leg {n}"} for n in range(2000)]})
    world.noted.failing = {busy: ConnectorError("busy")}
    message = world.take_in(
        [world.item(good), world.item(busy, encryptedContent=content)], validation_token(TENANT.tenant)
    )
    first = set(world.blobs.kept)
    world.inbox.work(message)
    assert len(world.blobs.kept) == 1
    assert not first & set(world.blobs.kept)
    world.noted.failing = {}
    world.inbox.work(world.queue.sent[0][0])
    assert [key for key, _ in world.noted.events] == [good, busy]
    assert world.blobs.kept == {}


def large(world: World, key: VisitKey) -> str:
    content = encrypted(world.keys, {"participants@delta": [{"id": f"leg {n}"} for n in range(2000)]})
    return world.take_in([world.item(key, encryptedContent=content)], validation_token(TENANT.tenant))


def test_a_large_batch_is_read_from_its_blob_which_is_then_deleted(world: World) -> None:
    key = visit()
    message = large(world, key)
    assert len(world.blobs.kept) == 1
    world.inbox.work(message)
    ((found, events),) = world.noted.events
    assert (found, len(events[0].signals)) == (key, 2000)
    assert world.blobs.kept == {}


def test_a_message_delivered_twice_finds_its_blob_gone_and_does_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    message = large(world, visit())
    world.inbox.work(message)
    world.inbox.work(message)
    assert len(world.noted.events) == 1
    assert '{"reason":"its blob is gone"}' in caplog.text


def test_a_blob_holds_a_batch_and_never_the_way_to_another(world: World) -> None:
    inner = large(world, visit())
    world.blobs.write("outer", inner)
    world.inbox.work(SEALER.seal("notifications", json.dumps({"blob": "outer"})))
    assert world.noted.events == []


def test_a_blob_that_no_message_can_point_to_any_more_is_deleted(world: World) -> None:
    large(world, visit())
    ((_, written, _),) = world.blobs.kept.values()
    assert world.inbox.batches.remove_orphans(written + timedelta(days=8)) == 0
    assert world.inbox.batches.remove_orphans(written + timedelta(days=8, seconds=1)) == 1
    assert world.blobs.kept == {}


def test_while_a_blob_cannot_be_read_or_worked_the_queue_tries_again_and_it_stays(world: World) -> None:
    message = large(world, visit())
    world.blobs.down = True
    with pytest.raises(AzureError):
        world.inbox.work(message)
    world.blobs.down, world.down = False, True
    with pytest.raises(KeysUnavailableError):
        world.inbox.work(message)
    assert len(world.blobs.kept) == 1


def test_while_entras_keys_cannot_be_read_the_queue_tries_again(world: World) -> None:
    world.down = True
    with pytest.raises(KeysUnavailableError):
        world.work([world.item(visit())], validation_token(TENANT.tenant))
    assert world.noted.events == []


def test_a_tenant_that_cannot_be_judged_yet_keeps_no_other_and_no_lifecycle_waiting(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs, too = visit(), visit(OTHER_TENANT), visit(OTHER_TENANT)
    lifecycle = world.item(theirs, lifecycleEvent="reauthorizationRequired", encryptedContent=None)
    tokens = validation_token(TENANT.tenant), validation_token(OTHER_TENANT.tenant, key=rsa_key("new"))
    world.work([world.item(theirs, "a"), world.item(too, "b"), lifecycle, world.item(mine, "c")], *tokens)
    assert [key for key, _ in world.noted.events] == [mine]
    assert [key for key, _, _ in world.noted.lifecycle] == [theirs]
    ((again, delay),) = world.queue.sent
    assert delay == AGAIN_AFTER
    assert '"reason":"shared.jose.KeyNotYetKnownError"' in caplog.text

    with pytest.raises(KeyNotYetKnownError):
        world.inbox.work(again)
    assert len(world.queue.sent) == 1, "it stays in the queue, which counts its tries"

    world.published = public(rsa_key(), rsa_key("new"))
    world.clock.forward(30)
    world.inbox.work(again)
    assert [key for key, _ in world.noted.events] == [mine, theirs, too]
    assert len(world.noted.lifecycle) == 1
    assert len(world.queue.sent) == 1


def test_whoever_finds_a_key_unknown_first_is_tried_again_like_everybody_else(world: World) -> None:
    key = visit()
    message = world.take_in([world.item(key)], validation_token(TENANT.tenant, key=rsa_key("new")))
    for _ in range(2):
        with pytest.raises(KeyNotYetKnownError):
            world.inbox.work(message)
    world.published = public(rsa_key("new"))
    world.clock.forward(30)
    world.inbox.work(message)
    assert [one for one, _ in world.noted.events] == [key]


def test_a_key_that_never_comes_is_waited_for_as_long_as_for_anything_and_then_given_up(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    parked = FakeBlobs(world.clock)
    parking = Parking(lambda: world.inbox, world.inbox.batches, lambda: parked, world.clock)
    parking.take(world.take_in([world.item(visit())], validation_token(TENANT.tenant, key=rsa_key("forged"))), 1)
    while parked.kept and world.clock() < START + TRIED_FOR + timedelta(hours=2):
        world.clock.forward(minutes=5)
        if parking.bring_back():
            parking.take(world.queue.sent[-1][0], 1)
    assert 76 < len(world.queue.sent) < 90
    assert counted(parked) == (0, 1)
    said = [one.getMessage() for one in caplog.records if "notification_given_up" in one.getMessage()]
    assert len(said) == 1
    assert '"reason":"shared.jose.KeyNotYetKnownError"' in said[0]


def test_a_lifecycle_item_is_done_while_entras_keys_cannot_be_read(world: World) -> None:
    key, world.down = visit(), True
    lifecycle = world.item(key, lifecycleEvent="reauthorizationRequired", encryptedContent=None)
    world.work([world.item(key), lifecycle], validation_token(TENANT.tenant))
    assert len(world.noted.lifecycle) == len(world.queue.sent) == 1
    assert world.noted.events == []
    world.down = False
    world.clock.forward(30)
    world.inbox.work(world.queue.sent[0][0])
    assert len(world.noted.lifecycle) == len(world.noted.events) == 1


def test_the_log_says_why_and_nothing_else(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world.work([world.item(visit())])
    world.work([world.item(visit())], "token")
    told = [json.loads(record.getMessage().partition(" ")[2]) for record in caplog.records]
    assert told == [{"reason": "no tokens: see appRoleAssignmentRequired"}, {"reason": "no valid token"}]
