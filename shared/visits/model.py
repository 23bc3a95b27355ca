"""A visit: one session id of one connection, its meeting and its participants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.identifiers import VisitKey
from shared.presence.model import Participant


class Phase(StrEnum):
    """Where a visit stands."""

    WAITING = "waiting"
    OPENING = "opening"
    OPEN = "open"
    SETTLED = "settled"


@dataclass(frozen=True)
class Meeting:
    """The one Teams meeting of a visit."""

    meeting_id: str
    join_url: str
    organizer: str
    dial_in: str = ""


@dataclass(frozen=True)
class Subscription:
    """The Graph subscription to a meeting's call events; `prolonged` is when that was last done, or begun.

    One whose `expires` has passed is not relied upon: it ran out, or it is being ended.
    """

    subscription_id: str
    expires: datetime
    prolonged: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """How far the reports after a call were asked for: how often, when last, and whether that is enough."""

    tries: int = 0
    last: datetime | None = None
    done: bool = False


@dataclass(frozen=True)
class Visit:
    """All that is known of a visit.

    `version` is the storage's mark of the content that was read; a save with an older one is refused.
    """

    key: VisitKey
    created: datetime
    phase: Phase = Phase.WAITING
    group: bool = False
    department: str = ""
    session_id: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    """The EHR's own ids of the visit, as far as a launch gave them: `appointment`, `encounter`."""
    organizer: str = ""
    claim: str = ""
    claimed_until: datetime | None = None
    co_organizers: tuple[str, ...] = ()
    meeting: Meeting | None = None
    subscription: Subscription | None = None
    opened: datetime | None = None
    last_signal: datetime | None = None
    ends: tuple[datetime, ...] = ()
    asked: Asked = Asked()
    participants: Mapping[str, Participant] = field(default_factory=dict)
    version: str = ""

    @property
    def is_done_with(self) -> bool:
        """Whether no timer has to look at it any more: it is settled, and its subscription has ended."""
        return self.phase is Phase.SETTLED and self.subscription is None

    def with_participant(self, participant: Participant) -> Mapping[str, Participant]:
        """The participants with this one added or put in place of its predecessor."""
        return {**self.participants, participant.key: participant}
