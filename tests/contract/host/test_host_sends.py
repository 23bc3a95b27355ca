"""The host's quick way to a queue: what it sends can be read, and what it cannot send is left to the client library."""

import uuid
from collections.abc import Iterator

import pytest
from azure.core.credentials import AzureSasCredential
from azure.storage.queue import QueueClient

from sandbox.host.sends import Sender


@pytest.fixture
def queue(azurite: str) -> Iterator[QueueClient]:
    """A queue of the test's own, not made yet."""
    with QueueClient.from_connection_string(azurite, f"sends-{uuid.uuid4()}") as client:
        yield client


def sent(queue: QueueClient, text: str) -> bool:
    sender = Sender(queue, 2)
    try:
        return sender.send(text)
    finally:
        sender.close()


@pytest.mark.parametrize(
    "text", ["b25l", "a < b & c > d", "ü 中", "x" * 64_000], ids=["base64", "xml", "utf-8", "long"]
)
def test_what_is_sent_is_what_is_read(queue: QueueClient, text: str) -> None:
    queue.create_queue()
    assert sent(queue, text)
    (message,) = queue.receive_messages()
    assert message.content == text


def test_a_queue_that_is_not_there_takes_nothing(queue: QueueClient) -> None:
    assert not sent(queue, "b25l")


def test_a_message_that_is_too_long_is_not_taken(queue: QueueClient) -> None:
    queue.create_queue()
    assert not sent(queue, "x" * 66_000)


def test_storage_that_is_away_takes_nothing() -> None:
    away = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a"
    with QueueClient.from_connection_string(away, "away") as queue:
        assert not sent(queue, "b25l")


def test_without_an_account_key_nothing_is_tried() -> None:
    with QueueClient("https://127.0.0.1:9/a", "keyless", AzureSasCredential("sig=none")) as queue:
        assert not sent(queue, "b25l")
