"""Output queues in memory, for measuring what an HTTP function costs by itself."""

from collections import deque

from sandbox.host.model import Datum

_KEPT = 1000


class MemoryQueue:
    """Takes what an output binding is given, and keeps the newest of it: a long run must not fill the memory."""

    def __init__(self) -> None:
        self.messages: deque[Datum] = deque(maxlen=_KEPT)

    async def send(self, datum: Datum) -> None:
        """Add it."""
        self.messages.append(datum)
