"""From a queued notification to the visit it belongs to: checked, opened, read, folded."""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.batches import Batches
from shared.errors import name_of
from shared.identifiers import VisitKey
from shared.microsoft.call_events import call_event
from shared.microsoft.door import Batch, Item
from shared.microsoft.notifications import NotificationRefusedError, Notifications, Tenants
from shared.telemetry import Event, log
from shared.visits.attendance import Attendance
from shared.visits.upkeep import Upkeep
from shared.visits.who import CallEvent

AGAIN_AFTER = timedelta(seconds=10)
"""As long as the host waits before it tries a message again (`visibilityTimeout` in host.json)."""


@dataclass(frozen=True)
class Inbox:
    """What the notification worker works with."""

    notifications: Notifications
    attendance: Attendance
    upkeep: Upkeep
    batches: Batches

    def work(self, message: str) -> None:
        """Do what one queue message says. Each item is judged alone; what cannot be believed is left out.

        A visit for which something fails is tried again by itself: neither are the others worked again, nor do
        they wait for it. So are the items of a tenant whose token cannot be judged yet.

        Raises:
            Exception: nothing could be done now, and nothing is lost; the queue tries again.
        """
        batch = self.batches.open(message)
        if batch is None:
            return
        tenants = self.notifications.vouched_tenants(batch.validation_tokens, datetime.fromisoformat(batch.received))
        parts = _parts(batch, tenants)
        failed: list[Batch] = []
        for part in parts:
            try:
                self._work_part(part, tenants)
            except Exception as error:
                if len(parts) == len(failed) + 1:
                    raise
                session, reason = part.items[0].visit.session, name_of(error)
                log(Event.NOTIFICATION_RETRYING, level=logging.WARNING, visit=session, reason=reason)
                failed.append(part)
        for part in failed:
            self.batches.send(part, AGAIN_AFTER)
        self.batches.forget(batch)

    def _work_part(self, part: Batch, tenants: Tenants) -> None:
        received = datetime.fromisoformat(part.received)
        events: list[CallEvent] = []
        for item in part.items:
            if _waits(item, tenants):
                raise tenants.undecided[item.tenant]
            if item.lifecycle:
                self.upkeep.on_lifecycle(item.visit, item.lifecycle, item.subscription)
            elif item.tenant not in tenants.vouched:
                _ignored("no valid token" if part.validation_tokens else "no tokens: see appRoleAssignmentRequired")
            else:
                self._read(item, received, events)
        if events:
            self.attendance.note(part.items[0].visit, events)

    def _read(self, item: Item, received: datetime, events: list[CallEvent]) -> None:
        try:
            events.append(call_event(self.notifications.open(item.encrypted), received))
        except NotificationRefusedError as refused:
            _ignored(refused.reason)


def _parts(batch: Batch, tenants: Tenants) -> list[Batch]:
    """What is worked, and tried again, by itself: each visit, and each tenant that cannot be judged yet."""
    parts: defaultdict[VisitKey | str, list[Item]] = defaultdict(list)
    for item in batch.items:
        parts[item.tenant if _waits(item, tenants) else item.visit].append(item)
    return [batch._replace(items=tuple(items)) for items in parts.values()]


def _waits(item: Item, tenants: Tenants) -> bool:
    """Whether nothing can be done for it yet. A lifecycle item needs no token."""
    return not item.lifecycle and item.tenant in tenants.undecided


def _ignored(reason: str) -> None:
    log(Event.NOTIFICATION_IGNORED, level=logging.WARNING, reason=reason)
