"""What timers do: renew or repair subscriptions, send what a crash left behind, settle and forget visits."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import VisitKey
from shared.presence.model import Participant, State, Status
from shared.telemetry import Event, log
from shared.visits.attendance import Attendance
from shared.visits.breaker import CircuitStore, closed_since
from shared.visits.meeting import SUBSCRIPTION_LIFETIME
from shared.visits.model import Phase, Visit
from shared.visits.ports import ConflictError, Meetings, VisitStore
from shared.visits.recall import recalled

REPLAY_FOR = timedelta(days=30)
"""How long what was given up can be replayed; so long its addressee is kept."""


@dataclass(frozen=True)
class Upkeep:
    """What upkeep works with."""

    visits: VisitStore
    meetings: Meetings
    attendance: Attendance
    now: Clock
    visit_lifetime: timedelta
    quiet: timedelta
    circuits: CircuitStore

    def renew_subscriptions(self) -> None:
        """Prolong what has lived half its life; make anew what is gone or could not be made."""
        for key in self.visits.live():
            visit = self.visits.read(key)
            if visit is None or visit.phase is not Phase.OPEN or self.is_over(visit):
                continue
            try:
                self._renew(visit)
            except ConnectorError as failed:
                log(Event.SUBSCRIPTION_FAILED, level=logging.ERROR, visit=key.session, code=failed.code)

    def on_lifecycle(self, key: VisitKey, event: str) -> None:
        """Graph says that a subscription needs us. Prolonging it also authorises it anew; both is never done.

        Graph, "Reduce missing subscriptions and change notifications".
        """
        visit = self.visits.read(key)
        if visit is None or visit.phase is not Phase.OPEN or visit.subscription is None:
            return
        if event == "reauthorizationRequired":
            self._renew(visit, due=True)
        elif event == "subscriptionRemoved":
            self._renew(replace(visit, subscription=None), due=True)

    def sweep(self) -> None:
        """Send the batons again that were lost with their message; call back what waited for an EHR that was down."""
        answers_since = closed_since(self.circuits, self.now())
        for key in self.visits.live():
            visit = self.visits.read(key)
            if visit is None:
                continue
            since = answers_since.get(key.connection)
            after = recalled(visit, since, self.now()) if since else visit
            for participant in visit.participants:
                after = self.attendance.planned(after, participant)
            if after != visit:
                self._save_and_send(visit, after)

    def settle(self) -> None:
        """Forget the people of every visit that is over and whose writebacks are settled."""
        for key in self.visits.live():
            visit = self.visits.read(key)
            if visit and self.is_over(visit) and not any(map(self._may_be_told, visit.participants.values())):
                self._settle(visit)

    def is_over(self, visit: Visit) -> bool:
        """A visit is over after its longest time, or when it was open and quiet for long enough."""
        if self.now() > visit.created + self.visit_lifetime:
            return True
        busy = any(one.state in (State.CONNECTED, State.WAITING) for one in visit.participants.values())
        latest = max((moment for moment in (visit.last_signal, *visit.ends) if moment), default=None)
        return latest is not None and not busy and self.now() >= latest + self.quiet

    def _may_be_told(self, participant: Participant) -> bool:
        """Whether the EHR may still be told something of this person, by retry or by replay."""
        oldest = self.now() - REPLAY_FOR
        return any(
            not one.is_settled or (one.status is Status.GIVEN_UP and (one.last_try or one.at) > oldest)
            for one in participant.writebacks
        )

    def _renew(self, visit: Visit, *, due: bool = False) -> None:
        if visit.meeting is None:
            return
        subscription = visit.subscription
        expires = self.now() + SUBSCRIPTION_LIFETIME
        if subscription and not due and subscription.expires - self.now() > SUBSCRIPTION_LIFETIME / 2:
            return
        tenant = visit.key.connection.tenant
        renewed = self.meetings.renew(tenant, subscription, expires) if subscription else None
        if renewed is None:
            renewed = self.meetings.subscribe(visit.key, visit.meeting, expires)
        if renewed:
            self._save_and_send(visit, replace(visit, subscription=renewed))
            log(Event.SUBSCRIPTION_RENEWED, visit=visit.key.session)

    def _settle(self, visit: Visit) -> None:
        """Forget first: a visit that is opened again at this moment keeps its subscription.

        One that cannot be ended runs out by itself; what it still brings is of a visit that is settled.
        """
        if not self._save_and_send(visit, forgotten(visit)):
            return
        log(Event.VISIT_SETTLED, visit=visit.key.session, count=len(visit.participants))
        if visit.subscription:
            try:
                self.meetings.unsubscribe(visit.key.connection.tenant, visit.subscription)
            except ConnectorError as failed:
                log(Event.SUBSCRIPTION_FAILED, level=logging.ERROR, visit=visit.key.session, code=failed.code)

    def _save_and_send(self, before: Visit, after: Visit) -> bool:
        """Whether it was saved; a visit that somebody else wrote meanwhile is left for the next round."""
        try:
            saved = self.visits.save(before, after)
        except ConflictError:
            return False
        self.attendance.send_new(before, saved)
        return True


def forgotten(visit: Visit) -> Visit:
    """The visit without anything that names a person or opens a door: counts and times stay."""
    return replace(
        visit,
        phase=Phase.SETTLED,
        session_id="",
        references={},
        organizer="",
        co_organizers=(),
        meeting=None,
        subscription=None,
        participants={key: _nobody(one) for key, one in visit.participants.items()},
    )


def _nobody(participant: Participant) -> Participant:
    return replace(
        participant,
        external_id="",
        external_id_type="",
        object_id="",
        page_joined_at=None,
        legs={},
        baton=None,
    )
