"""What timers do: renew or repair subscriptions, send what a crash left behind, settle and forget visits."""

from dataclasses import dataclass, replace
from datetime import timedelta

from shared.clock import Clock
from shared.identifiers import VisitKey
from shared.presence.model import Participant, State
from shared.telemetry import Event, log
from shared.visits.attendance import Attendance
from shared.visits.breaker import CircuitStore, closed_since
from shared.visits.model import Asked, Phase, Visit
from shared.visits.ports import ConflictError, VisitStore
from shared.visits.pulse import Pulse, PulseStore, beaten, may_have_missed
from shared.visits.recall import recalled
from shared.visits.rounds import Rounds
from shared.visits.schedule import Schedule
from shared.visits.subscriptions import Subscriptions


@dataclass(frozen=True)
class Upkeep:
    """What upkeep works with."""

    visits: VisitStore
    rounds: Rounds
    subscriptions: Subscriptions
    attendance: Attendance
    now: Clock
    visit_lifetime: timedelta
    quiet: timedelta
    circuits: CircuitStore
    schedule: Schedule
    pulses: PulseStore

    def renew_subscriptions(self) -> None:
        """Prolong what has lived half its life; make anew what is gone or could not be made."""
        self.rounds.go("renew_subscriptions", timedelta(minutes=10), self._renew)

    def on_lifecycle(self, key: VisitKey, event: str, subscription_id: str) -> None:
        """Graph says that a subscription needs us. One of a visit that is over may go.

        Raises:
            ConnectorError: what it needs could not be done; the queue tries again.
        """
        visit = self.visits.read(key)
        if visit and visit.phase is Phase.OPEN and not self.is_over(visit):
            self.subscriptions.on_lifecycle(visit, event, subscription_id)

    def sweep(self) -> None:
        """Send the batons again that were lost with their message; call back what waited for an EHR that was down."""
        answers_since = closed_since(self.circuits, self.now())

        def sweep(visit: Visit) -> None:
            since = answers_since.get(visit.key.connection)
            after = recalled(visit, since, self.now()) if since else visit
            for participant in visit.participants:
                after = self.attendance.planned(after, participant)
            if after != visit:
                self._save_and_send(visit, after)

        self.rounds.go("sweep_writebacks", timedelta(minutes=1), sweep, first=answers_since.keys())

    def settle(self) -> None:
        """End the subscription of every visit that is over; forget its people once nothing more can come of it.

        After an absence of ours, visits from before are left alone for as long as Graph may still tell of them.
        """
        pulse = beaten(self.pulses.read(), self.now())
        self.pulses.write(pulse)
        self.rounds.go("settle_visits", timedelta(minutes=5), lambda visit: self._end(visit, pulse))

    def is_over(self, visit: Visit) -> bool:
        """A visit is over after its longest time, or when it was open and quiet for long enough."""
        if self.now() > visit.created + self.visit_lifetime:
            return True
        busy = any(one.state in (State.CONNECTED, State.WAITING) for one in visit.participants.values())
        latest = max((moment for moment in (visit.last_signal, *visit.ends) if moment), default=None)
        return latest is not None and not busy and self.now() >= latest + self.quiet

    def _may_be_told(self, participant: Participant) -> bool:
        """Whether the EHR may still be told something of this person, by retry or by replay."""
        now = self.now()
        return any(not one.is_settled or one.is_kept_for_replay(now) for one in participant.writebacks)

    def _renew(self, visit: Visit) -> None:
        if visit.phase is Phase.OPEN and not self.is_over(visit):
            self.subscriptions.renew(visit)

    def _end(self, visit: Visit, pulse: Pulse) -> None:
        if visit.phase is Phase.SETTLED and visit.subscription:
            self.subscriptions.end(visit)
            return
        if may_have_missed(pulse, visit):
            self._ask_again(visit, pulse)
            return
        if not self.is_over(visit):
            return
        may_be_told = any(map(self._may_be_told, visit.participants.values()))
        if may_be_told or self.schedule.is_open(visit, self.now()):
            self.subscriptions.end(visit)
        else:
            self._settle(visit)

    def _ask_again(self, visit: Visit, pulse: Pulse) -> None:
        """Reports that were asked for before we were away know nothing of a call that was held meanwhile."""
        if visit.asked.last and pulse.back and visit.asked.last < pulse.back:
            self._save_and_send(visit, replace(visit, asked=Asked()))

    def _settle(self, visit: Visit) -> None:
        """Forget first: a visit that is opened again at this moment keeps its subscription.

        People are forgotten also when the subscription cannot be ended now; later rounds try that again.
        """
        settled = self._save_and_send(visit, self.subscriptions.let_go(forgotten(visit), visit.subscription))
        if settled:
            log(Event.VISIT_SETTLED, visit=visit.key.session, count=len(visit.participants))
            self.subscriptions.end(settled)

    def _save_and_send(self, before: Visit, after: Visit) -> Visit | None:
        """The visit as it was saved; None if somebody else wrote meanwhile: it is left for the next round."""
        try:
            saved = self.visits.save(before, after)
        except ConflictError:
            return None
        self.attendance.send_new(before, saved)
        return saved


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
