"""The queue listener: polling, batches, dequeue counts, poison queues, as the WebJobs extension has them."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from azure.core.exceptions import AzureError

from sandbox.host.model import Function, QueueMessage
from sandbox.host.settings import QueueOptions
from sandbox.host.storage import Queue, StoredMessage

LOG = logging.getLogger("host.queues")
FIRST_DELAY = 0.1

# Runs the function with a message; says whether it succeeded.
Run = Callable[[Function, QueueMessage], Awaitable[bool]]


class QueueListener:
    """Feeds one function from its queue."""

    def __init__(self, function: Function, queue: Queue, options: QueueOptions, run: Run) -> None:
        self._function = function
        self._queue = queue
        self._poison = queue.poison
        self._options = options
        self._run = run
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Event()
        self._unreachable = False

    async def listen(self) -> None:
        """Poll until cancelled: at once after a batch, ever more slowly while the queue is empty."""
        delay = FIRST_DELAY
        while True:
            messages = await self._receive()
            for message in messages:
                self._keep(asyncio.create_task(self._process(message)))
            if messages:
                delay = FIRST_DELAY
                await self._wait_for_room()
                continue
            await asyncio.sleep(delay)
            longest = max(self._options.max_polling_interval, FIRST_DELAY)
            delay = min(longest, delay * 2 * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, no secret

    async def finish(self) -> None:
        """Wait for the messages that are being worked on."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if len(self._tasks) <= self._options.new_batch_threshold:
            self._room.set()

    async def _wait_for_room(self) -> None:
        while len(self._tasks) > self._options.new_batch_threshold:
            self._room.clear()
            await self._room.wait()

    async def _receive(self) -> list[StoredMessage]:
        taking = asyncio.create_task(self._queue.receive(self._options.batch_size, self._options.hidden))
        try:
            messages = await asyncio.shield(taking)
        except asyncio.CancelledError:
            self._keep(asyncio.create_task(self._hand_back(taking)))
            raise
        except AzureError as error:
            if not self._unreachable:
                LOG.warning("The queue '%s' cannot be read, trying on: %s", self._queue.name, _first_line(error))
            self._unreachable = True
            return []
        if self._unreachable:
            LOG.info("The queue '%s' can be read again", self._queue.name)
        self._unreachable = False
        return messages

    async def _hand_back(self, taking: asyncio.Task[list[StoredMessage]]) -> None:
        """Give back what arrives while the host stops, so that it is not hidden for ten minutes."""
        await asyncio.wait([taking])
        if taking.exception() is not None:
            return
        try:
            for message in taking.result():
                await self._queue.hide(message, 0)
        except AzureError as error:
            LOG.warning("Messages of '%s' were not handed back: %s", self._queue.name, _first_line(error))

    async def _process(self, message: StoredMessage) -> None:
        try:
            await self._work_on(message)
        except AzureError as error:
            LOG.warning("A message of '%s' could not be settled: %s", self._queue.name, _first_line(error))

    async def _work_on(self, message: StoredMessage) -> None:
        limit = self._options.max_dequeue_count
        if self._poison is not None and message.dequeue_count > limit:
            await self._give_up(message, self._poison, f"was taken {message.dequeue_count} times")
            return
        try:
            body = self._queue.decode(message.text)
        except ValueError as error:
            if self._poison is not None:
                await self._give_up(message, self._poison, str(error))
            return
        renewal = asyncio.create_task(self._keep_hidden(message))
        try:
            succeeded = await self._run(self._function, QueueMessage(body, _metadata(message, body)))
        finally:
            renewal.cancel()
        if succeeded:
            await self._queue.delete(message)
        elif self._poison is None:
            # As in the real host it stays hidden for the rest of its time, so as not to fail without a pause.
            return
        elif message.dequeue_count >= limit:
            await self._give_up(message, self._poison, f"failed {message.dequeue_count} times")
        else:
            await self._queue.hide(message, self._options.visibility_timeout)

    async def _give_up(self, message: StoredMessage, poison: Queue, reason: str) -> None:
        LOG.warning("A message of '%s' %s: moved to '%s'", self._queue.name, reason, poison.name)
        await poison.send_stored(message.text)
        await self._queue.delete(message)

    async def _keep_hidden(self, message: StoredMessage) -> None:
        while True:
            await asyncio.sleep(self._options.hidden / 2)
            try:
                await self._queue.hide(message, self._options.hidden)
            except AzureError as error:
                LOG.warning("A message of '%s' could not be renewed: %s", self._queue.name, _first_line(error))


def _metadata(message: StoredMessage, body: str | bytes) -> dict[str, Any]:
    return {
        "Id": message.id,
        "PopReceipt": message.pop_receipt,
        "DequeueCount": message.dequeue_count,
        "InsertionTime": _iso(message.inserted),
        "ExpirationTime": _iso(message.expires),
        "NextVisibleTime": _iso(message.next_visible),
        "QueueTrigger": body if isinstance(body, str) else "",
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
