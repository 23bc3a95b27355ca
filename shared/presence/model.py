"""The values that presence is told in: signals come in, steps are true, writebacks are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from shared.identifiers import Role

PAGE_LEG = "page"
"""The leg of a patient who waits on our own page; every other leg is one of the meeting's."""

REPLAY_FOR = timedelta(days=30)
"""How long what was given up can be replayed; so long its addressee is kept."""


class Kind(IntEnum):
    """What a signal says of one leg. At the same instant they happened in this order."""

    LOBBY = 1
    JOINED = 2
    LEFT = 3


class State(StrEnum):
    """Where a participant is; `opened` is only ever the meeting's."""

    OPENED = "opened"
    WAITING = "waiting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


THERE = frozenset({State.WAITING, State.CONNECTED})
"""The states of somebody who is there, so that telling of them late would show a person who is not."""


class Source(StrEnum):
    """Where we know something from."""

    PAGE = "page"
    CALL_EVENTS = "call_events"
    ATTENDANCE_REPORT = "attendance_report"
    CALL_RECORD = "call_record"
    CONNECTOR = "connector"


AFTERWARDS = frozenset({Source.ATTENDANCE_REPORT, Source.CALL_RECORD})
"""The sources that speak only when the call is over."""


class Status(StrEnum):
    """How far a writeback has come."""

    PENDING = "pending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"
    NOT_NEEDED = "not needed"


UNSETTLED = frozenset({Status.PENDING, Status.RETRYING})


@dataclass(frozen=True, order=True)
class Signal:
    """One thing that happened to one leg. Whoever tells of it, it is the same thing."""

    at: datetime
    kind: Kind
    source: Source = field(default=Source.CALL_EVENTS, compare=False)


Legs = Mapping[str, frozenset[Signal]]
"""All signals of a participant, by leg. A leg is one device's way into the meeting."""


@dataclass(frozen=True)
class Step:
    """A participant came into a state, seen from outside: what is true, whatever anybody was told."""

    state: State
    at: datetime
    source: Source


@dataclass(frozen=True)
class Writeback:
    """One transition on its way to the EHR."""

    sequence: int
    state: State
    at: datetime
    source: Source
    status: Status
    due: datetime
    reason: str = ""
    attempts: int = 0
    first_try: datetime | None = None
    last_try: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will be tried by itself."""
        return self.status not in UNSETTLED

    def is_kept_for_replay(self, now: datetime) -> bool:
        """Whether it was given up, after its last try or instead of it, so lately that it can still be replayed."""
        given_up = max(self.due, self.last_try or self.due)
        return self.status is Status.GIVEN_UP and given_up > now - REPLAY_FOR


@dataclass(frozen=True)
class Baton:
    """The right to deliver a participant's writebacks; one queue message holds it, and no other delivers."""

    token: str
    due: datetime


@dataclass(frozen=True)
class Participant:
    """One person of a visit, as far as we need to know."""

    key: str
    role: Role
    number: int
    external_id: str = ""
    external_id_type: str = ""
    object_id: str = ""
    page_joined_at: datetime | None = None
    devices: str = ""
    help_asked_at: datetime | None = None
    handled_at: datetime | None = None
    legs: Legs = field(default_factory=dict)
    state: State | None = None
    """Where the participant is now, as far as we know; None before the first step."""
    writebacks: tuple[Writeback, ...] = ()
    baton: Baton | None = None

    @property
    def unsettled(self) -> tuple[Writeback, ...]:
        """What is still to be told, in the order in which it happened."""
        waiting = [one for one in self.writebacks if not one.is_settled]
        return tuple(sorted(waiting, key=lambda one: (one.at, one.sequence)))


REJOINED = "rejoined"
"""Reason of a writeback that came to nothing, because the participant was back at once."""
LATE = "late"
"""Reason of a transition that became known after a later one had been told."""
SAID = "said already"
"""Reason of a transition that would tell the EHR only what it was told last."""
NO_WORD = "no word"
"""Reason of a transition for which this EHR has no word, or of a person whom the EHR does not know."""
OVERTAKEN = "overtaken"
"""Reason of a transition that was followed by another before an EHR that stamps the time could be told of it."""
TOO_OLD = "too old"
"""Reason of a transition of a visit long over, when an EHR that stamps the time could at last be told."""
EHR_DOWN = "ehr_down"
"""Reason of a writeback that was put off because the EHR answers nobody at present."""
AFTERWARDS_ONLY = "learned afterwards"
"""Reason of a transition that only a report after the call told of, for an EHR that stamps the time."""
