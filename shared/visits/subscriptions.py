"""The subscription to a meeting's call events: made, prolonged, made anew, ended.

Graph, "Reduce missing subscriptions and change notifications": prolonging a subscription authorises it anew as
well. The connector only ever prolongs, and for one subscription not twice within ten minutes.
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import TenantKey, VisitKey
from shared.telemetry import Event, log
from shared.visits.model import Meeting, Phase, Subscription, Visit
from shared.visits.ports import ConflictError, Meetings, VisitStore
from shared.visits.tries import tries

SUBSCRIPTION_LIFETIME = timedelta(hours=12)
"""Well under Graph's 4,230 minutes for call events; upkeep renews at half of it."""
APART = timedelta(minutes=10)
THROTTLED, LIMIT = "microsoft_throttled", "subscription_limit"
_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(hours=1)
_FULL_FOR = timedelta(minutes=5)
_NOT_NAMED = "there is one already, and Graph does not name it"


@dataclass(frozen=True)
class Subscriptions:
    """What subscriptions are kept with. Which tenants rest is known to this process alone."""

    visits: VisitStore
    meetings: Meetings
    now: Clock
    _until: dict[tuple[TenantKey, str], datetime] = field(default_factory=dict)

    def make(self, key: VisitKey, meeting: Meeting) -> Subscription | None:
        """A subscription, or None: a visit without live events is better than no visit, and upkeep tries again."""
        try:
            made = self.meetings.subscribe(key, meeting, self.now() + SUBSCRIPTION_LIFETIME)
        except ConnectorError as failed:
            self._failed(key, failed)
            return None
        if made is None:
            log(Event.SUBSCRIPTION_FAILED, level=logging.ERROR, visit=key.session, reason=_NOT_NAMED)
        else:
            log(Event.SUBSCRIPTION_MADE, visit=key.session)
        return made

    def watched(self, visit: Visit) -> Visit:
        """The visit with a subscription again, if it is open, has none, and one can be had at once."""
        if visit.phase is not Phase.OPEN or visit.meeting is None or visit.subscription is not None:
            return visit
        if self._rests(visit.key, THROTTLED):
            return visit
        made = self.make(visit.key, visit.meeting)
        return self._keep(visit, made) if made else visit

    def renew(self, visit: Visit) -> None:
        """Prolong the subscription if half of its life is over; make one if there is none. Never raises for Graph."""
        subscription = visit.subscription
        if subscription and subscription.expires - self.now() > SUBSCRIPTION_LIFETIME / 2:
            return
        if self._rests(visit.key, THROTTLED) or (subscription is None and self._rests(visit.key, LIMIT)):
            return
        try:
            self._prolong(visit, subscription)
        except ConnectorError as failed:
            self._failed(visit.key, failed)

    def on_lifecycle(self, visit: Visit, event: str, subscription_id: str) -> None:
        """Graph says that the subscription of that id, or the present one if it is empty, needs us.

        Raises:
            ConnectorError: what it needs could not be done; it must be tried again.
        """
        current = visit.subscription
        if subscription_id and (current is None or current.subscription_id != subscription_id):
            # Made by a process that ended before it could write it down: it is of this visit all the same.
            named, is_current = Subscription(subscription_id, self.now()), current is None
        elif current:
            named, is_current = current, True
        else:
            return
        if event == "reauthorizationRequired" and not self._just_prolonged(named):
            self._prolong(visit, named)
        elif event == "subscriptionRemoved" and is_current:
            self._prolong(visit, None)

    def end(self, visit: Visit) -> None:
        """End the subscription of a visit that is over.

        Written down first: a visit that is opened again at this moment keeps its subscription, or gets another.
        One that cannot be ended runs out by itself.
        """
        if visit.subscription and not self._rests(visit.key, THROTTLED):
            try:
                self.visits.save(visit, replace(visit, subscription=None))
            except ConflictError:
                return
            self.delete(visit.key, visit.subscription)

    def delete(self, key: VisitKey, subscription: Subscription) -> None:
        """End a subscription that no visit holds any more."""
        if self._rests(key, THROTTLED):
            return
        try:
            self.meetings.unsubscribe(key.connection.tenant, subscription)
        except ConnectorError as failed:
            self._failed(key, failed)
            return
        again = self.visits.read(key)
        if again and again.subscription and again.subscription.subscription_id == subscription.subscription_id:
            # Who opened the visit meanwhile was told by Graph that there is this one, which is gone now.
            without = self._keep(again, None)
            self.watched(without)

    def _prolong(self, visit: Visit, subscription: Subscription | None) -> None:
        if visit.meeting is None:
            return
        expires = self.now() + SUBSCRIPTION_LIFETIME
        renewed = self.meetings.renew(visit.key.connection.tenant, subscription, expires) if subscription else None
        if renewed:
            self._keep(visit, replace(renewed, prolonged=self.now()))
            log(Event.SUBSCRIPTION_RENEWED, visit=visit.key.session)
            return
        made = self.meetings.subscribe(visit.key, visit.meeting, expires)
        if made is None:
            log(Event.SUBSCRIPTION_FAILED, level=logging.ERROR, visit=visit.key.session, reason=_NOT_NAMED)
            return
        self._keep(visit, made)
        log(Event.SUBSCRIPTION_MADE, visit=visit.key.session)

    def _keep(self, visit: Visit, subscription: Subscription | None) -> Visit:
        """The visit with that subscription, also if somebody else wrote to it; unless it is not open any more."""
        for _ in tries():
            try:
                return self.visits.save(visit, replace(visit, subscription=subscription))
            except ConflictError:
                again = self.visits.read(visit.key)
                if again is None or again.phase is not Phase.OPEN:
                    break
                visit = again
        return visit

    def _just_prolonged(self, subscription: Subscription) -> bool:
        return subscription.prolonged is not None and self.now() - subscription.prolonged < APART

    def _failed(self, key: VisitKey, failed: ConnectorError) -> None:
        tenant = key.connection.tenant
        log(
            Event.SUBSCRIPTION_FAILED,
            level=logging.ERROR,
            visit=key.session,
            tenant=tenant.tenant,
            code=failed.code,
            seconds=failed.retry_after or 0,
        )
        if failed.code == THROTTLED:
            asked = timedelta(seconds=failed.retry_after) if failed.retry_after else _REST
            self._until[tenant, THROTTLED] = self.now() + min(asked, _LONGEST_REST)
        elif failed.code == LIMIT:
            self._until[tenant, LIMIT] = self.now() + _FULL_FOR

    def _rests(self, key: VisitKey, why: str) -> bool:
        until = self._until.get((key.connection.tenant, why))
        return until is not None and self.now() < until
