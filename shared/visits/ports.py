"""What the visits' use cases need from outside, in our words. Real ones: `shared.store`, `.microsoft`, `.ehr`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.identifiers import ConnectionKey, Environment, Role, TenantKey, VisitKey
from shared.oauth import Proof, SigningAlgorithm
from shared.presence.model import Source, State
from shared.visits.model import Meeting, Subscription, Visit


class ConflictError(Exception):
    """Somebody else wrote first: read again."""


class VisitStore(Protocol):
    """Visits, each read and written as a whole."""

    def read(self, key: VisitKey) -> Visit | None:
        """The visit, or None."""
        ...

    def create(self, visit: Visit) -> Visit:
        """Store a new visit and return it with its version. Raises ConflictError if it is there already."""
        ...

    def save(self, before: Visit, after: Visit) -> Visit:
        """Store what differs, in one transaction, if nobody wrote since `before` was read.

        Returns the visit with its new version. Raises ConflictError.
        """
        ...

    def live(self) -> Sequence[VisitKey]:
        """Every visit of this geography that is not done with."""
        ...


class ClinicianStore(Protocol):
    """The one-time links between EHR users and Entra users."""

    def object_id(self, connection: ConnectionKey, ehr_user: str) -> str | None:
        """The Entra object id that an EHR user signed in with."""
        ...

    def ehr_user(self, connection: ConnectionKey, object_id: str) -> "EhrUser | None":
        """The EHR user that an Entra user is."""
        ...

    def link(self, connection: ConnectionKey, ehr_user: "EhrUser", object_id: str) -> None:
        """Keep the link."""
        ...


class Meetings(Protocol):
    """Teams meetings, through Microsoft Graph."""

    def create_or_get(self, tenant: TenantKey, organizer: str, wish: "MeetingWish") -> Meeting:
        """The meeting of that organizer with that external id, made if it is not there."""
        ...

    def configure(self, tenant: TenantKey, meeting: Meeting, co_organizers: Sequence[str]) -> None:
        """Lobby, presenters, chat, recording; and the co-organizers, added to those who are there."""
        ...

    def subscribe(self, key: VisitKey, meeting: Meeting, expires: datetime) -> Subscription | None:
        """Subscribe to the meeting's call events; None if there is such a subscription already."""
        ...

    def renew(self, tenant: TenantKey, subscription: Subscription, expires: datetime) -> Subscription | None:
        """Prolong a subscription; None if it is gone."""
        ...

    def unsubscribe(self, tenant: TenantKey, subscription: Subscription) -> None:
        """End a subscription; one that is gone is fine."""
        ...


class Ehr(Protocol):
    """Signing in at an EHR: SMART App Launch."""

    def authorize_url(self, request: "EhrSignInRequest") -> str:
        """Where to send the browser."""
        ...

    def redeem(self, request: "EhrSignInRequest", code: str) -> "EhrAnswer":
        """What the EHR says of the user and the launch. Tokens are dropped here."""
        ...


class SignIn(Protocol):
    """A clinician's one-time Microsoft sign-in."""

    def authorize_url(self, tenant: TenantKey, redirect_uri: str, proof: Proof) -> str:
        """Where to send the browser."""
        ...

    def redeem(self, tenant: TenantKey, redirect_uri: str, proof: Proof, code: str) -> str:
        """The Entra object id of who signed in, in that tenant and no other."""
        ...


class Pointers(Protocol):
    """The queue of batons: each message lets one worker deliver one participant's writebacks."""

    def send(self, pointer: "Pointer", delay: timedelta) -> None:
        """Put the pointer on the queue; it becomes visible after the delay."""
        ...


class StatusTeller(Protocol):
    """Telling an EHR of a transition."""

    def abilities(self, connection: ConnectionKey) -> "Abilities":
        """What this connection's EHR can be told."""
        ...

    def tell(self, connection: ConnectionKey, message: "StatusMessage") -> "Told":
        """Tell it, once; never raises."""
        ...


@dataclass(frozen=True)
class Pointer:
    """Whose writebacks to deliver, and the baton that allows it."""

    visit: VisitKey
    participant: str
    baton: str


@dataclass(frozen=True)
class MeetingWish:
    """What a new meeting shall be."""

    external_id: str
    subject: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class EhrUser:
    """A user as the EHR names them."""

    external_id: str
    external_id_type: str


@dataclass(frozen=True)
class EhrSignInRequest:
    """One sign-in at an EHR; `launch` is None for a standalone one."""

    base_url: str
    environment: Environment
    redirect_uri: str
    proof: Proof
    launch: str | None = None
    algorithm: SigningAlgorithm = "auto"


@dataclass(frozen=True)
class EhrAnswer:
    """The members of a token response that are no tokens, and the checked subject and `fhirUser` of the id token."""

    subject: str
    fields: Mapping[str, str]
    fhir_user: str = ""


@dataclass(frozen=True)
class Abilities:
    """What an EHR can be told.

    `words` are the states that it has a word for; `by_role` has the roles for which it has other ones. `stamps_time`
    says that it notes when it was told, not when it happened: then it can only be told the present. `repeats` are the
    states that it is told of each time, even if it has no word for what was in between: the last leaving ends a visit,
    not the first.
    """

    words: frozenset[State] = frozenset()
    stamps_time: bool = True
    by_role: Mapping[Role, frozenset[State]] = field(default_factory=dict)
    repeats: frozenset[State] = frozenset()

    def of(self, role: Role) -> frozenset[State]:
        """The states of a participant of that role for which there is a word."""
        return self.by_role.get(role, self.words)

    @property
    def is_mute(self) -> bool:
        """Whether this EHR is told of nobody and nothing."""
        return not any(self.of(role) for role in Role)


@dataclass(frozen=True)
class StatusMessage:
    """One transition, as much as any kind of EHR may want of it; `key` is the same on every try.

    `references` are the EHR's own ids of the visit (`appointment`, `encounter`) as far as a launch gave them;
    `join_url` is there only when the state is `opened`. `last` says that nobody is left in the meeting,
    `overtaken` that it has not been so for a while: an EHR that stamps the time would not be told of it any more.
    """

    session_id: str
    user: EhrUser
    role: Role
    state: State
    at: datetime
    key: str
    source: Source = Source.CALL_EVENTS
    references: Mapping[str, str] = field(default_factory=dict)
    join_url: str = ""
    last: bool = False
    overtaken: bool = False


@dataclass(frozen=True)
class Told:
    """How telling went: delivered, or not and whether another try makes sense.

    `down` says that the EHR as a whole did not answer, so that others need not try: no connection, no answer in
    time, 5xx, a maintenance page, or a request to come back later.
    """

    delivered: bool
    retry: bool = False
    retry_after: timedelta | None = None
    reason: str = ""
    down: bool = False
