"""After the launch: what the holder of a visit ticket sees and does, on the waiting page and on the arrival board."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import PEOPLE, Geography, Role, VisitKey, visit_key
from shared.presence.model import REJOINED, Participant, State
from shared.sealing import SealBrokenError, Sealer
from shared.visits.model import Phase, Visit
from shared.visits.ports import ConflictError, VisitStore
from shared.visits.tries import tries
from shared.visits.ways import TICKET


class Ticket(BaseModel):
    """What lets a browser see its visit; sealed in a cookie."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    visit: str
    participant: str
    expires: float


@dataclass(frozen=True)
class View:
    """What the waiting page may know of a visit: the person's own state, whether it is open, whether it is over."""

    state: str
    opened: bool
    over: bool
    help_asked: bool = False
    dial_in: str = ""


@dataclass(frozen=True)
class Seen:
    """One participant as the arrival board shows them: a role and a number, never a name."""

    key: str
    role: Role
    number: int
    state: str
    since: datetime | None
    devices: str
    help_asked: bool
    needs_attention: bool


@dataclass(frozen=True)
class Board:
    """The arrival board of one visit."""

    opened: bool
    over: bool
    join_url: str
    people: tuple[Seen, ...]


@dataclass(frozen=True)
class Reception:
    """What the reception works with."""

    visits: VisitStore
    sealer: Sealer
    now: Clock
    geography: Geography
    visit_lifetime: timedelta

    def issue(self, visit: Visit, participant: str) -> str:
        """A sealed ticket for one participant of a visit, good until the visit's longest time is over."""
        expires = visit.created + self.visit_lifetime
        ticket = Ticket(visit=visit.key.routing, participant=participant, expires=expires.timestamp())
        return self.sealer.seal(TICKET, ticket.model_dump_json())

    def ticket(self, cookie: str) -> tuple[VisitKey, str]:
        """The visit and the participant that a ticket is for. Raises ticket_missing."""
        try:
            ticket = Ticket.model_validate_json(self.sealer.open(TICKET, cookie))
        except (SealBrokenError, ValidationError):
            raise ConnectorError("ticket_missing") from None
        key = visit_key(self.geography, ticket.visit)
        if key is None or ticket.expires < self.now().timestamp():
            raise ConnectorError("ticket_missing")
        return key, ticket.participant

    def view(self, key: VisitKey, participant: str) -> View:
        """How the visit stands for one participant."""
        visit = self.visits.read(key)
        person = visit.participants.get(participant) if visit else None
        if visit is None or person is None or visit.phase is Phase.SETTLED:
            return View(state="", opened=False, over=True)
        return View(
            state=person.state.value if person.state else "",
            opened=visit.phase is Phase.OPEN,
            over=self._is_over(visit),
            help_asked=person.help_asked_at is not None,
            dial_in=visit.meeting.dial_in if visit.meeting else "",
        )

    def board(self, key: VisitKey, participant: str) -> Board:
        """The arrival board, for clinicians of the visit. Raises ticket_missing for anybody else's ticket."""
        visit = self.visits.read(key)
        person = visit.participants.get(participant) if visit else None
        if person is None or person.role is not Role.PROVIDER:
            raise ConnectorError("ticket_missing")
        if visit is None or visit.phase is Phase.SETTLED:
            return Board(opened=False, over=True, join_url="", people=())
        people = sorted(
            (one for one in visit.participants.values() if one.role in PEOPLE),
            key=lambda one: (one.role.value, one.number),
        )
        return Board(
            opened=visit.phase is Phase.OPEN,
            over=self._is_over(visit),
            join_url=visit.meeting.join_url if visit.meeting else "",
            people=tuple(_seen(one) for one in people),
        )

    def join(self, key: VisitKey, participant: str) -> str:
        """The join URL of the open meeting, and the patient is expected there. Raises visit_expired, not_open_yet."""

        def expected(visit: Visit, person: Participant) -> Participant:
            if visit.meeting is None or visit.phase is not Phase.OPEN:
                raise ConnectorError("not_open_yet")
            return replace(person, page_joined_at=self.now())

        visit = self._change(key, participant, expected)
        if visit.meeting is None:
            raise ConnectorError("not_open_yet")
        return visit.meeting.join_url

    def note_devices(self, key: VisitKey, participant: str, devices: str) -> None:
        """Keep the result of the device test. Raises visit_expired."""
        self._change(key, participant, lambda _, person: replace(person, devices=devices))

    def ask_for_help(self, key: VisitKey, participant: str) -> None:
        """Somebody cannot get in: the arrival board shows it. Raises visit_expired."""
        self._change(key, participant, lambda _, person: replace(person, help_asked_at=self.now()))

    def handle(self, key: VisitKey, clinician: str, participant: str) -> None:
        """A clinician has taken note of somebody's signal. Raises ticket_missing, visit_expired."""
        self.board(key, clinician)
        self._change(key, participant, lambda _, person: replace(person, handled_at=self.now()))

    def _change(self, key: VisitKey, participant: str, change: Callable[[Visit, Participant], Participant]) -> Visit:
        for _ in tries():
            visit = self.visits.read(key)
            person = visit.participants.get(participant) if visit else None
            if visit is None or person is None or visit.phase is Phase.SETTLED:
                raise ConnectorError("visit_expired")
            changed = change(visit, person)
            try:
                return self.visits.save(visit, replace(visit, participants=visit.with_participant(changed)))
            except ConflictError:
                continue
        raise ConnectorError("busy", retry_after=2)

    def _is_over(self, visit: Visit) -> bool:
        return self.now() > visit.created + self.visit_lifetime


def _seen(person: Participant) -> Seen:
    since = max((one.at for one in person.writebacks if _tells(one.state, one.reason, person)), default=None)
    asked = person.help_asked_at
    latest = max((moment for moment in (since, asked) if moment), default=None)
    handled = person.handled_at is not None and latest is not None and person.handled_at >= latest
    signal = person.role is not Role.PROVIDER and (person.state is State.WAITING or asked is not None)
    return Seen(
        key=person.key,
        role=person.role,
        number=person.number,
        state=person.state.value if person.state else "",
        since=since,
        devices=person.devices,
        help_asked=asked is not None,
        needs_attention=signal and not handled,
    )


def _tells(state: State, reason: str, person: Participant) -> bool:
    return state is person.state and reason != REJOINED
