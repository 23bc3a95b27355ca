"""Batches of notifications between the door and the worker: in a queue message, or in a blob that it names."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.identifiers import Geography
from shared.microsoft.door import Batch, InBlob, packed, sealed, unpacked
from shared.sealing import SealBrokenError, Sealer
from shared.store.blobs import Blobs
from shared.telemetry import Event, log

ORPHANED_AFTER = timedelta(days=8)
"""A queue message lives for seven days: a blob that is older has none that points to it."""


class Sending(Protocol):
    """The queue of notifications."""

    def send(self, text: str, delay: timedelta) -> None:
        """Put a message on the queue; it becomes visible after the delay."""
        ...


@dataclass(frozen=True)
class Batches:
    """Where batches are. Blobs and queue are only opened when something has to be read or sent."""

    sealer: Sealer
    geography: Geography
    large: Callable[[], Blobs]
    queue: Callable[[], Sending]

    def open(self, message: str) -> Batch | None:
        """The batch of a queue message, or of a text that was kept.

        None if there is nothing to do for it any more, or never was.

        Raises:
            AzureError: its blob cannot be read now.
        """
        content = self._unpacked(message)
        if not isinstance(content, InBlob):
            return content
        text = self.large().read(content.name)
        if text is None:
            # Queues deliver twice now and then; the first delivery was worked through.
            _ignored("its blob is gone")
            return None
        batch = self._unpacked(text)
        return batch._replace(blob=content.name) if isinstance(batch, Batch) else None

    def send(self, batch: Batch, delay: timedelta) -> None:
        """Put a batch on the queue. Raises AzureError; then it may be there all the same, which is harmless."""
        one = packed(self.sealer, batch)
        if one.blob:
            self.large().write(one.blob, one.content)
        self.queue().send(one.message, delay)

    def sealed(self, batch: Batch) -> str:
        """The batch as a text to be kept; `open` reads it."""
        return sealed(self.sealer, batch)

    def forget(self, batch: Batch) -> None:
        """The batch is worked through, or kept elsewhere: its blob, if it has one, may go. Raises AzureError."""
        if batch.blob:
            self.large().delete(batch.blob)

    def remove_orphans(self, now: datetime) -> int:
        """Delete blobs whose message was never sent, or ran out; how many there were."""
        orphans = [one.name for one in self.large().all() if now - one.written > ORPHANED_AFTER]
        for name in orphans:
            self.large().delete(name)
        return len(orphans)

    def _unpacked(self, text: str) -> Batch | InBlob | None:
        try:
            return unpacked(self.sealer, self.geography, text)
        except SealBrokenError:
            _ignored("not sealed by us")
            return None


def _ignored(reason: str) -> None:
    log(Event.NOTIFICATION_IGNORED, level=logging.WARNING, reason=reason)
