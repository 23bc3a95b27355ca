"""How much lies where nothing should lie for long: poison queues, and what is parked. For whoever asks for health."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from shared.clock import Clock
from shared.parking import counted
from shared.store.blobs import Blobs
from shared.store.queues import waiting

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient

_KEPT_FOR = timedelta(seconds=30)


@dataclass(frozen=True)
class Counts:
    """Messages in each poison queue, batches that will be brought back, and batches that were given up."""

    poison: Mapping[str, int]
    parked: int
    given_up: int


@dataclass
class Backlog:
    """Counts, at most every half minute: anybody may ask for health, as often as they like."""

    queues: "Mapping[str, QueueClient]"
    parked: Callable[[], Blobs]
    now: Clock
    _counted: Counts | None = field(default=None, init=False)
    _at: datetime | None = field(default=None, init=False)

    def counts(self) -> Counts | None:
        """What was counted last, or None if storage did not tell. Takes some seconds at most."""
        if self._at is None or self.now() - self._at >= _KEPT_FOR:
            self._at = self.now()
            self._counted = self._count()
        return self._counted

    def _count(self) -> Counts | None:
        try:
            poison = {name: waiting(client) for name, client in self.queues.items()}
            parked, given_up = counted(self.parked())
        except AzureError:
            return None
        return Counts(poison, parked, given_up)
