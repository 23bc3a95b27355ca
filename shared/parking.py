"""What failed at every try in the queue of notifications: parked with its reason, tried for days, and then kept.

A poison queue has no poison queue of its own: what fails there as well would run out unseen. So it goes to a
blob, sealed as it is, from which a timer brings it back.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from shared.batches import Batches
from shared.clock import Clock
from shared.errors import name_of
from shared.store.blobs import Blobs, Listed
from shared.telemetry import Event, log

if TYPE_CHECKING:
    from shared.inbox import Inbox

TRIED_FOR = timedelta(hours=76)
"""As long as a writeback is tried: whoever was down is back after a weekend."""
KEPT_FOR = timedelta(days=30)
"""As long as what was given up can be replayed."""
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=1)
_MOST = 2000
"""As many as a timer brings back in one go, within the five minutes that a function may run."""
_GIVEN_UP, _RECEIVED, _DUE, _REASON, _TRIES = "given_up", "received", "due", "reason", "tries"


@dataclass(frozen=True)
class Parking:
    """What parking works with. The container is only opened when there is something to park or to look for.

    The inbox, too, is only made for a message: what it needs may be what is broken.
    """

    inbox: "Callable[[], Inbox]"
    batches: Batches
    parked: Callable[[], Blobs]
    now: Clock

    def take(self, message: str, attempt: int) -> None:
        """A message of the poison queue: worked once more, and parked if that fails, too.

        Args:
            message: as it came.
            attempt: which time it comes out of the poison queue. After the first it is parked without a try:
                the process may have ended over it.

        Raises:
            AzureError: it could not be parked; it stays in the poison queue and comes again.
        """
        reason = self._reason(message) if attempt <= 1 else "interrupted"
        batch = self.batches.open(message) if reason else None
        if batch is None:
            return
        received, now = datetime.fromisoformat(batch.received), self.now()
        pause = min(_FIRST_PAUSE * 2 ** min(batch.tries, 10), _LONGEST_PAUSE)
        facts = {
            _RECEIVED: batch.received,
            _REASON: reason,
            _TRIES: str(batch.tries),
            _DUE: (now + pause).isoformat(),
        }
        if now - received > TRIED_FOR:
            facts |= _given_up(now, facts)
        # The same message parked twice is parked once.
        name = hashlib.sha256(message.encode()).hexdigest()[:32]
        self.parked().write(name, self.batches.sealed(batch), facts)
        self.batches.forget(batch)
        log(
            Event.QUEUE_MESSAGE_PARKED,
            level=logging.WARNING,
            function="park_notifications",
            reason=reason,
            attempt=batch.tries + 1,
            count=len(batch.items),
        )

    def bring_back(self) -> int:
        """Put what is due back on the queue; give up what was tried for long enough. How many are back."""
        due = (one for one in self.parked().all() if self._is_due(one))
        return sum(self._safely(self._send, one) for one in islice(due, _MOST))

    def bring_back_given_up(self) -> int:
        """Put what was given up on the queue once more, as an engineer asks; how many there were."""
        given_up = [one for one in self.parked().all() if _GIVEN_UP in one.facts]
        return sum(self._safely(self._send, one) for one in given_up[:_MOST])

    def _reason(self, message: str) -> str:
        """Why it cannot be worked; empty if it can."""
        try:
            self.inbox().work(message)
        except Exception as failed:  # noqa: BLE001 - whatever it is, the message must not be lost over it
            return name_of(failed)
        return ""

    def _is_due(self, one: Listed) -> bool:
        return self._safely(self._look_at, one)

    def _look_at(self, one: Listed) -> bool:
        """Whether it shall go back now. What has been here for too long is given up, or deleted in the end."""
        now = self.now()
        if _GIVEN_UP in one.facts:
            if now - datetime.fromisoformat(one.facts[_GIVEN_UP]) > KEPT_FOR:
                self.parked().delete(one.name)
            return False
        if now - datetime.fromisoformat(one.facts[_RECEIVED]) > TRIED_FOR:
            self.parked().note(one.name, {**one.facts, **_given_up(now, one.facts)})
            return False
        return now >= datetime.fromisoformat(one.facts[_DUE])

    def _send(self, one: Listed) -> bool:
        """Back on the queue; a crash in between leaves it in both places, which is harmless."""
        text = self.parked().read(one.name)
        batch = self.batches.open(text) if text else None
        if batch is None:
            return False
        self.batches.send(batch._replace(tries=batch.tries + 1), timedelta())
        self.parked().delete(one.name)
        return True

    def _safely(self, act: Callable[[Listed], bool], one: Listed) -> bool:
        """What it says, or False: one that cannot be handled must not keep the others here."""
        try:
            return act(one)
        except Exception as failed:  # noqa: BLE001 - the next round tries again
            log(Event.REQUEST_FAILED, level=logging.ERROR, function="bring_back_parked", error_type=name_of(failed))
            return False


def _given_up(now: datetime, facts: Mapping[str, str]) -> Mapping[str, str]:
    log(
        Event.NOTIFICATION_GIVEN_UP,
        level=logging.ERROR,
        reason=facts.get(_REASON, ""),
        attempt=int(facts.get(_TRIES, "0")) + 1,
    )
    return {_GIVEN_UP: now.isoformat()}


def counted(blobs: Blobs) -> tuple[int, int]:
    """How many batches are parked and will be brought back, and how many were given up."""
    facts = [one.facts for one in blobs.all(hurried=True)]
    given_up = sum(_GIVEN_UP in one for one in facts)
    return len(facts) - given_up, given_up
