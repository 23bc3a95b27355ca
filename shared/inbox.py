"""From a queued notification to the visit it belongs to: checked, opened, read, folded."""

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from shared.batches import Batches
from shared.identifiers import VisitKey
from shared.microsoft.call_events import call_event
from shared.microsoft.door import Item
from shared.microsoft.notifications import NotificationRefusedError, Notifications
from shared.telemetry import Event, log
from shared.visits.attendance import Attendance
from shared.visits.upkeep import Upkeep
from shared.visits.who import CallEvent


@dataclass(frozen=True)
class Inbox:
    """What the notification worker works with."""

    notifications: Notifications
    attendance: Attendance
    upkeep: Upkeep
    batches: Batches

    def work(self, message: str) -> None:
        """Do what one queue message says. Each item is judged alone; what cannot be believed is left out.

        Raises:
            KeysUnavailableError, ConnectorError, AzureError: nothing is lost; the queue tries again.
        """
        batch = self.batches.open(message)
        if batch is None:
            return
        received = datetime.fromisoformat(batch.received)
        vouched = self.notifications.vouched_tenants(batch.validation_tokens, received)
        events: defaultdict[VisitKey, list[CallEvent]] = defaultdict(list)
        for item in batch.items:
            if item.lifecycle:
                self.upkeep.on_lifecycle(item.visit, item.lifecycle, item.subscription)
            elif item.tenant not in vouched:
                _ignored("no valid token" if batch.validation_tokens else "no tokens: see appRoleAssignmentRequired")
            else:
                self._read(item, received, events[item.visit])
        for visit, of_visit in events.items():
            if of_visit:
                self.attendance.note(visit, of_visit)
        self.batches.forget(message)

    def _read(self, item: Item, received: datetime, events: list[CallEvent]) -> None:
        try:
            events.append(call_event(self.notifications.open(item.encrypted), received))
        except NotificationRefusedError as refused:
            _ignored(refused.reason)


def _ignored(reason: str) -> None:
    log(Event.NOTIFICATION_IGNORED, level=logging.WARNING, reason=reason)
