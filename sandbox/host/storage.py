"""Storage queues for the host: azure-storage-queue (synchronous), called in threads of its own."""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from sandbox.host.model import Datum
from sandbox.host.sends import Sender
from sandbox.host.settings import connection_string, resolve_names

T = TypeVar("T")
_THREADS = 16

# The host polls many times a second; its own requests must not drown the app's in the log.
QUIET = logging.getLogger("sandbox.host.storage")
QUIET.setLevel(logging.WARNING)


# Twice, within a second: the client's own default holds a caller for more than a minute.
RETRIES: dict[str, Any] = {
    "retry_total": 2,
    "initial_backoff": 0.1,
    "increment_base": 0.5,
    "random_jitter_range": 0,
}


@dataclass(slots=True)
class StoredMessage:
    """A message taken from a queue; each update of it gives a new pop receipt."""

    id: str
    text: str
    pop_receipt: str
    dequeue_count: int
    inserted: datetime | None
    expires: datetime | None
    next_visible: datetime | None


class Queues:
    """All queues that the app's bindings name."""

    def __init__(self, environ: Mapping[str, str], *, base64_text: bool) -> None:
        self._environ = environ
        self._base64 = base64_text
        self._clients: dict[tuple[str, str], QueueClient] = {}
        self._senders: dict[tuple[str, str], Sender] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="queues")

    def open(self, queue: str, connection: str) -> "Queue":
        """A queue by the name and the connection that its binding gives."""
        name = resolve_names(queue, self._environ).lower()
        return Queue(name, connection_string(connection, self._environ), self)

    def client(self, name: str, connection: str) -> QueueClient:
        """The one client of a queue."""
        client = self._clients.get((name, connection))
        if client is None:
            client = QueueClient.from_connection_string(connection, name, **RETRIES, logger=QUIET)
            self._clients[name, connection] = client
        return client

    def sender(self, name: str, connection: str) -> Sender:
        """The one sender of a queue."""
        sender = self._senders.get((name, connection))
        if sender is None:
            sender = self._senders[name, connection] = Sender(self.client(name, connection), _THREADS)
        return sender

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run a blocking call away from the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def encode(self, text: str | bytes) -> str:
        """A message's text as it is stored."""
        raw = text.encode() if isinstance(text, str) else text
        return base64.b64encode(raw).decode() if self._base64 else raw.decode()

    def decode(self, text: str) -> str | bytes:
        """A stored message's content, as text if it is UTF-8; raises ValueError if it is not base64."""
        if not self._base64:
            return text
        try:
            raw = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError("the message is not base64") from error
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw

    def close(self) -> None:
        """Let go of clients and threads, without waiting."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for sender in self._senders.values():
            sender.close()
        for client in self._clients.values():
            client.close()


class Queue:
    """One storage queue."""

    def __init__(self, name: str, connection: str, queues: Queues) -> None:
        self.name = name
        self._connection = connection
        self._queues = queues

    @property
    def poison(self) -> "Queue | None":
        """Where messages go that fail again and again; a poison queue has none of its own."""
        if self.name.endswith("-poison"):
            return None
        return Queue(f"{self.name}-poison", self._connection, self._queues)

    def decode(self, text: str) -> str | bytes:
        """A stored message's content."""
        return self._queues.decode(text)

    async def receive(self, count: int, hidden: float) -> list[StoredMessage]:
        """Take up to `count` messages; a queue that does not exist has none."""
        return await self._queues.in_thread(lambda: self._receive(count, hidden))

    async def delete(self, message: StoredMessage) -> None:
        """Delete a message; one that is gone is no error."""
        await self._queues.in_thread(lambda: self._delete(message))

    async def hide(self, message: StoredMessage, seconds: float) -> None:
        """Keep a message invisible for that long from now on; 0 gives it back at once."""
        await self._queues.in_thread(lambda: self._hide(message, seconds))

    async def send_stored(self, text: str) -> None:
        """Add a message as it was stored elsewhere, creating the queue if need be."""
        await self._queues.in_thread(lambda: self._send(text))

    async def send(self, datum: Datum) -> None:
        """Add what an output binding was given: one message, or one for each item of a JSON array."""
        for content in _messages(datum):
            await self.send_stored(self._queues.encode(content))

    @property
    def _client(self) -> QueueClient:
        return self._queues.client(self.name, self._connection)

    def _receive(self, count: int, hidden: float) -> list[StoredMessage]:
        pages = self._client.receive_messages(messages_per_page=count, visibility_timeout=int(hidden)).by_page()
        try:
            page = list(next(pages, ()))
        except ResourceNotFoundError:
            return []
        return [
            StoredMessage(
                id=message.id,
                text=message.content or "",
                pop_receipt=message.pop_receipt or "",
                dequeue_count=message.dequeue_count or 0,
                inserted=message.inserted_on,
                expires=message.expires_on,
                next_visible=message.next_visible_on,
            )
            for message in page
        ]

    def _delete(self, message: StoredMessage) -> None:
        try:
            self._client.delete_message(message.id, message.pop_receipt)
        except ResourceNotFoundError:
            return

    def _hide(self, message: StoredMessage, seconds: float) -> None:
        updated = self._client.update_message(message.id, message.pop_receipt, visibility_timeout=int(seconds))
        message.pop_receipt = updated.pop_receipt or message.pop_receipt

    def _send(self, text: str) -> None:
        if self._queues.sender(self.name, self._connection).send(text):
            return
        try:
            self._client.send_message(text)
        except ResourceNotFoundError:
            self._create()
            self._client.send_message(text)

    def _create(self) -> None:
        try:
            self._client.create_queue()
        except ResourceExistsError:
            return


def _messages(datum: Datum) -> list[str | bytes]:
    if datum.type != "json":
        return [datum.value]
    document: Any = json.loads(datum.value)
    items = document if isinstance(document, list) else [document]
    return [item if isinstance(item, str) else json.dumps(item) for item in items]
