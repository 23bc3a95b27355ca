"""The queue of writebacks in memory, every operation counted; messages become visible with the clock."""

from __future__ import annotations

import heapq
import itertools
from datetime import datetime, timedelta
from typing import Any

from shared.clock import Clock
from tests.bench.cost.tally import MESSAGES, QUEUE, Tally


class MemoryQueueClient:
    """What the store's pointers need of a queue client, and the worker's side of it."""

    def __init__(self, tally: Tally, now: Clock) -> None:
        self._tally = tally
        self._now = now
        self._order = itertools.count()
        self._waiting: list[tuple[datetime, int, str]] = []

    def send_message(self, text: str, *, visibility_timeout: int = 0, **_: Any) -> None:
        """Put it on the queue."""
        self._tally.add(QUEUE)
        self._tally.add(MESSAGES)
        due = self._now() + timedelta(seconds=visibility_timeout)
        heapq.heappush(self._waiting, (due, next(self._order), text))

    def take(self) -> str | None:
        """What has been visible longest, if anything is: taken, and deleted once it is worked on."""
        if not self._waiting or self._waiting[0][0] > self._now():
            return None
        self._tally.add(QUEUE, 2)
        return heapq.heappop(self._waiting)[2]

    def next_due(self) -> datetime | None:
        """When the next message becomes visible."""
        return self._waiting[0][0] if self._waiting else None
