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
from shared.microsoft.notifications import NotificationRefusedError, Notifications
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
        they wait for it.

        Raises:
            Exception: nothing could be done now, and nothing is lost; the queue tries again.
        """
        batch = self.batches.open(message)
        if batch is None:
            return
        vouched = self.notifications.vouched_tenants(batch.validation_tokens, datetime.fromisoformat(batch.received))
        by_visit: defaultdict[VisitKey, list[Item]] = defaultdict(list)
        for item in batch.items:
            by_visit[item.visit].append(item)
        failed: dict[VisitKey, Batch] = {}
        for visit, items in by_visit.items():
            part = batch._replace(items=tuple(items))
            try:
                self._work_visit(visit, part, vouched)
            except Exception as error:
                if len(by_visit) == len(failed) + 1:
                    raise
                log(Event.NOTIFICATION_RETRYING, level=logging.WARNING, visit=visit.session, reason=name_of(error))
                failed[visit] = part
        for part in failed.values():
            self.batches.send(part, AGAIN_AFTER)
        self.batches.forget(batch)

    def _work_visit(self, visit: VisitKey, batch: Batch, vouched: frozenset[str]) -> None:
        received = datetime.fromisoformat(batch.received)
        events: list[CallEvent] = []
        for item in batch.items:
            if item.lifecycle:
                self.upkeep.on_lifecycle(visit, item.lifecycle, item.subscription)
            elif item.tenant not in vouched:
                _ignored("no valid token" if batch.validation_tokens else "no tokens: see appRoleAssignmentRequired")
            else:
                self._read(item, received, events)
        if events:
            self.attendance.note(visit, events)

    def _read(self, item: Item, received: datetime, events: list[CallEvent]) -> None:
        try:
            events.append(call_event(self.notifications.open(item.encrypted), received))
        except NotificationRefusedError as refused:
            _ignored(refused.reason)


def _ignored(reason: str) -> None:
    log(Event.NOTIFICATION_IGNORED, level=logging.WARNING, reason=reason)
