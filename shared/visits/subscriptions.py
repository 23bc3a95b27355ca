"""The subscription to a meeting's call events: made, prolonged, made anew, ended.

Graph, "Reduce missing subscriptions and change notifications": prolonging a subscription authorises it anew as
well. The connector only ever prolongs, and for one subscription not twice within ten minutes.
"""

import logging
import math
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
_CLAIM = timedelta(seconds=20)
"""Who has not prolonged it in that time has died over it, as far as others know."""
_SLOWEST = timedelta(minutes=1)
_REST = timedelta(minutes=1)
_LONGEST_REST = timedelta(hours=1)
_FULL_FOR = timedelta(minutes=5)
_BUSY = "busy"
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
        """The visit with a subscription again, if it is open, has none to rely upon, and one can be had at once."""
        if visit.phase is not Phase.OPEN or visit.meeting is None or self._is_followed(visit):
            return visit
        if visit.subscription:
            # It was to be ended, and may be there yet.
            self.renew(visit)
            return self.visits.read(visit.key) or visit
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
        if subscription and self._is_being_prolonged(subscription):
            return
        try:
            self._prolong(visit, subscription)
        except ConnectorError as failed:
            self._failed(visit.key, failed)

    def on_lifecycle(self, visit: Visit, event: str, subscription_id: str) -> None:
        """Graph says that the subscription of that id, or the present one if it is empty, needs us.

        Raises:
            ConnectorError: what it needs could not be done, or the tenant rests; it must be tried again.
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
            self._prolong_for_graph(visit, named)
        elif event == "subscriptionRemoved" and is_current:
            self._prolong_for_graph(visit, None)

    def let_go(self, visit: Visit, subscription: Subscription | None) -> Visit:
        """The visit with a subscription that is not relied upon any more, and of which Graph does not know that yet."""
        if subscription is None or self._has_run_out(subscription):
            return replace(visit, subscription=None)
        return replace(visit, subscription=replace(subscription, expires=min(subscription.expires, self.now())))

    def end(self, visit: Visit) -> None:
        """End the subscription of a visit that is over.

        It stays on record until Graph has ended it, so that the next round tries again; and it is written down first
        that it is not relied upon: a visit that is opened again at this moment keeps its subscription, or gets another.
        """
        without = self.let_go(visit, visit.subscription)
        if visit.subscription is None or (without.subscription and self._rests(visit.key, THROTTLED)):
            return
        try:
            saved = visit if without == visit else self.visits.save(visit, without)
        except ConflictError:
            return
        if saved.subscription:
            self._unsubscribe(saved, saved.subscription)

    def _unsubscribe(self, visit: Visit, subscription: Subscription) -> None:
        try:
            self.meetings.unsubscribe(visit.key.connection.tenant, subscription)
        except ConnectorError as failed:
            self._failed(visit.key, failed)
            return
        for _ in tries():
            try:
                without = self.visits.save(visit, replace(visit, subscription=None))
            except ConflictError:
                again = self.visits.read(visit.key)
                if again is None or not _is_same(again.subscription, subscription):
                    return
                visit = again
                continue
            if self._is_followed(visit):
                # Who opened the visit meanwhile was told by Graph that there is this one, which is gone now.
                self.watched(without)
            return

    def _prolong_for_graph(self, visit: Visit, subscription: Subscription | None) -> None:
        rest = self._rest(visit.key, THROTTLED)
        if rest:
            raise ConnectorError(THROTTLED, retry_after=math.ceil(rest.total_seconds()))
        if subscription and self._is_being_prolonged(subscription):
            raise _being_prolonged()
        try:
            self._prolong(visit, subscription)
        except ConnectorError as failed:
            self._failed(visit.key, failed)
            raise

    def _prolong(self, visit: Visit, subscription: Subscription | None) -> None:
        if visit.meeting is None:
            return
        if subscription is None:
            self._make_anew(visit, visit.meeting)
            return
        claimed = self._claimed(visit, subscription)
        if claimed is None:
            return
        before, visit = claimed
        expires = self.now() + SUBSCRIPTION_LIFETIME
        try:
            renewed = self.meetings.renew(visit.key.connection.tenant, subscription, expires)
            if renewed is None and visit.meeting:
                self._make_anew(visit, visit.meeting)
        except ConnectorError:
            self._take_back(visit, before.subscription)
            raise
        if renewed:
            self._keep(visit, replace(renewed, prolonged=self.now()))
            log(Event.SUBSCRIPTION_RENEWED, visit=visit.key.session)

    def _make_anew(self, visit: Visit, meeting: Meeting) -> None:
        made = self.meetings.subscribe(visit.key, meeting, self.now() + SUBSCRIPTION_LIFETIME)
        if made is None:
            log(Event.SUBSCRIPTION_FAILED, level=logging.ERROR, visit=visit.key.session, reason=_NOT_NAMED)
            return
        self._keep(visit, made)
        log(Event.SUBSCRIPTION_MADE, visit=visit.key.session)

    def _claimed(self, visit: Visit, subscription: Subscription) -> tuple[Visit, Visit] | None:
        """The visit as it was, and with the mark that its subscription is being prolonged; None if that is not to be.

        Two workers with the same request of Graph must not both prolong. The mark is `prolonged` with an end that
        was not moved yet; if its process ends, it is worth nothing soon.
        """
        for _ in tries():
            try:
                claim = replace(subscription, prolonged=self.now())
                return visit, self.visits.save(visit, replace(visit, subscription=claim))
            except ConflictError:
                again = self.visits.read(visit.key)
                if again is None or again.phase is not Phase.OPEN:
                    return None
                visit = again
                if visit.subscription and _is_same(visit.subscription, subscription):
                    subscription = visit.subscription
                if self._is_being_prolonged(subscription):
                    raise _being_prolonged() from None
                if self._just_prolonged(subscription):
                    return None
        raise _being_prolonged()

    def _take_back(self, claimed: Visit, before: Subscription | None) -> None:
        """Take a mark back, if nobody has written another subscription meanwhile."""
        visit: Visit | None = claimed
        for _ in tries():
            if visit is None or visit.subscription != claimed.subscription:
                return
            try:
                self.visits.save(visit, replace(visit, subscription=before))
            except ConflictError:
                visit = self.visits.read(claimed.key)
                continue
            return

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

    def _is_followed(self, visit: Visit) -> bool:
        return visit.subscription is not None and self.now() < visit.subscription.expires

    def _has_run_out(self, subscription: Subscription) -> bool:
        """Whether Graph cannot have it any more, also if it was prolonged and that could not be written down."""
        return self.now() >= subscription.expires + SUBSCRIPTION_LIFETIME

    def _just_prolonged(self, subscription: Subscription) -> bool:
        begun = subscription.prolonged
        return begun is not None and self.now() - begun < APART and _was_done(subscription)

    def _is_being_prolonged(self, subscription: Subscription) -> bool:
        begun = subscription.prolonged
        return begun is not None and self.now() - begun < _CLAIM and not _was_done(subscription)

    def _failed(self, key: VisitKey, failed: ConnectorError) -> None:
        if failed.code == _BUSY:
            # Another worker is at it, and Graph was not even asked.
            return
        tenant = key.connection.tenant
        log(
            Event.SUBSCRIPTION_FAILED,
            level=logging.ERROR,
            visit=key.session,
            tenant=tenant.tenant,
            code=failed.code,
            seconds=failed.retry_after or 0,
        )
        if failed.code == THROTTLED or failed.retry_after:
            asked = timedelta(seconds=failed.retry_after) if failed.retry_after else _REST
            self._until[tenant, THROTTLED] = self.now() + min(asked, _LONGEST_REST)
        elif failed.code == LIMIT:
            self._until[tenant, LIMIT] = self.now() + _FULL_FOR

    def _rests(self, key: VisitKey, why: str) -> bool:
        return bool(self._rest(key, why))

    def _rest(self, key: VisitKey, why: str) -> timedelta:
        """For how long yet the tenant is left alone."""
        until = self._until.get((key.connection.tenant, why))
        return max(until - self.now(), timedelta()) if until else timedelta()


def _being_prolonged() -> ConnectorError:
    """Whether that goes well is not known yet: the message that asks for it must come again."""
    return ConnectorError(_BUSY, retry_after=math.ceil(_CLAIM.total_seconds()))


def _is_same(one: Subscription | None, other: Subscription) -> bool:
    return one is not None and one.subscription_id == other.subscription_id


def _was_done(subscription: Subscription) -> bool:
    """Whether prolonging, once begun, went well: then a whole life lies between that and its end."""
    begun = subscription.prolonged
    return begun is not None and subscription.expires - begun > SUBSCRIPTION_LIFETIME - _SLOWEST
