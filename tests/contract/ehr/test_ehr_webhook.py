"""Events to a webhook, received over HTTP and checked by the specification's own library."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shared.connections.telling import EhrKind
from shared.identifiers import Role
from shared.presence.model import State
from shared.visits.ports import EhrUser, StatusMessage, Told
from tests.contract.ehr.parts import Parts
from tests.support.connections import KEY
from tests.support.fakes import START
from tests.support.listener import Heard, Listener
from tests.support.processes import free_port

DONE = Told(delivered=True)


@pytest.fixture
def receiver() -> Iterator[Listener]:
    with Listener() as made:
        yield made


@pytest.fixture
def webhook(ehr: Parts, receiver: Listener) -> Parts:
    ehr.becomes(EhrKind.WEBHOOK, url=f"{receiver.url}/events?from=teams")
    return ehr


def verified(heard: Heard, secret: str) -> dict[str, Any]:
    """The event, if its signature is good: the library has its own idea of how to check."""
    return dict(Webhook(secret).verify(heard.body, dict(heard.headers)))


@pytest.mark.parametrize("state", [State.WAITING, State.CONNECTED, State.DISCONNECTED])
def test_each_state_is_an_event_that_the_receiver_can_check(webhook: Parts, receiver: Listener, state: State) -> None:
    assert webhook.tell(state) == DONE
    (heard,) = receiver.heard
    assert (heard.method, heard.path) == ("POST", "/events?from=teams")
    assert heard.headers["content-type"] == "application/json"
    assert verified(heard, webhook.secrets.shown(KEY, 1)) == {
        "type": f"visit.participant.{state.value}",
        "timestamp": START.isoformat(),
        "data": {
            "connection": KEY.connection,
            "environment": "test",
            "sessionId": "910001",
            "role": "provider",
            "state": state.value,
            "at": START.isoformat(),
            "source": "call_events",
            "externalId": "PROV1",
            "externalIdType": "1",
        },
    }


def test_letters_of_every_script_are_signed_as_they_are_sent(webhook: Parts, receiver: Listener) -> None:
    assert webhook.tell(session_id="次\U0001f642", external_id="é") == DONE
    event = verified(receiver.heard[0], webhook.secrets.shown(KEY, 1))
    assert (event["data"]["sessionId"], event["data"]["externalId"]) == ("次\U0001f642", "é")


def test_the_meeting_is_told_of_only_where_its_address_may_be(webhook: Parts, receiver: Listener) -> None:
    assert webhook.teller.abilities(KEY).of(Role.MEETING) == frozenset()
    webhook.becomes(EhrKind.WEBHOOK, url=receiver.url, join_url=True)
    assert webhook.teller.abilities(KEY).of(Role.MEETING) == {State.OPENED}
    message = StatusMessage(
        "910001", EhrUser("", ""), Role.MEETING, State.OPENED, START, "key", join_url="https://teams.example/1"
    )
    assert webhook.teller.tell(KEY, message) == DONE
    event = verified(receiver.heard[0], webhook.secrets.shown(KEY, 1))
    assert event["type"] == "visit.meeting.opened"
    assert event["data"]["joinUrl"] == "https://teams.example/1"
    assert "externalId" not in event["data"]


def test_the_time_goes_along_so_that_the_past_can_be_told(webhook: Parts) -> None:
    abilities = webhook.teller.abilities(KEY)
    assert not abilities.stamps_time
    assert abilities.of(Role.PATIENT) == set(State) - {State.OPENED}
    webhook.becomes(EhrKind.WEBHOOK)
    assert webhook.teller.abilities(KEY).is_mute
    assert webhook.tell() == Told(delivered=False, reason="no address")


def test_the_id_is_the_same_on_every_try_and_for_nothing_else(webhook: Parts, receiver: Listener) -> None:
    receiver.will_answer(503)
    assert webhook.tell().retry
    assert webhook.tell() == DONE
    other = StatusMessage("910001", EhrUser("P", "1"), Role.PATIENT, State.CONNECTED, START, "other key")
    assert webhook.teller.tell(KEY, other) == DONE
    first, again, another = [heard.headers["webhook-id"] for heard in receiver.heard]
    assert first == again != another
    assert "." not in first + another


def test_a_new_secret_is_good_at_once_and_the_old_one_until_the_next(webhook: Parts, receiver: Listener) -> None:
    webhook.becomes(EhrKind.WEBHOOK, url=receiver.url, secret_version=3)
    assert webhook.tell() == DONE
    (heard,) = receiver.heard
    for version in (3, 2):
        assert verified(heard, webhook.secrets.shown(KEY, version))
    for version in (1, 4):
        with pytest.raises(WebhookVerificationError):
            verified(heard, webhook.secrets.shown(KEY, version))


def test_what_was_changed_on_the_way_is_noticed(webhook: Parts, receiver: Listener) -> None:
    webhook.tell()
    heard, secret = receiver.heard[0], webhook.secrets.shown(KEY, 1)
    assert verified(heard, secret)
    for name, value in (("webhook-id", "msg_other"), ("webhook-timestamp", str(int(START.timestamp())))):
        with pytest.raises(WebhookVerificationError):
            verified(Heard(heard.method, heard.path, {**heard.headers, name: value}, heard.body), secret)
    with pytest.raises(WebhookVerificationError):
        verified(Heard(heard.method, heard.path, heard.headers, heard.body + b" "), secret)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_one(webhook: Parts, receiver: Listener, status: int) -> None:
    receiver.will_answer(status)
    assert webhook.tell() == DONE


@pytest.mark.parametrize(
    ("status", "down"),
    [(302, True), (401, True), (404, True), (400, False), (422, False), (408, True), (429, True), (500, True)],
)
def test_every_failure_is_tried_again(webhook: Parts, receiver: Listener, status: int, *, down: bool) -> None:
    receiver.will_answer(status, Location=f"{receiver.url}/elsewhere")
    assert webhook.tell() == Told(delivered=False, retry=True, reason=f"HTTP {status}", down=down)
    assert len(receiver.heard) == 1


def test_a_wished_wait_is_respected(webhook: Parts, receiver: Listener) -> None:
    receiver.will_answer(429, **{"Retry-After": "9"})
    assert webhook.tell().retry_after == timedelta(seconds=9)


def test_a_receiver_that_is_gone_for_good_is_told_nothing_more(webhook: Parts, receiver: Listener) -> None:
    receiver.will_answer(410)
    assert webhook.tell() == Told(delivered=False, reason="HTTP 410")


def test_nobody_there_is_tried_again(webhook: Parts) -> None:
    webhook.becomes(EhrKind.WEBHOOK, url=f"http://localhost:{free_port()}/")
    assert webhook.tell() == Told(delivered=False, retry=True, reason="ConnectError", down=True)


def test_trying_it_out_says_nothing_of_anybody(webhook: Parts, receiver: Listener) -> None:
    assert webhook.teller.try_out(KEY) == DONE
    event = verified(receiver.heard[0], webhook.secrets.shown(KEY, 1))
    assert event["type"] == "connector.ping"
    assert event["data"] == {"connection": KEY.connection, "environment": "test"}
    assert json.loads(receiver.heard[0].body) == event
