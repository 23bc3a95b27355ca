"""Where a launch may lead, and what the browser carries meanwhile. Light: every cold start reads this."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from shared.identifiers import VisitKey

LAUNCH = "launch"
SIGN_IN = "sign-in"
TICKET = "visit"
LAUNCH_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Departure:
    """The browser goes to `url`; what it must bring back is sealed in `cookie`, under `state`."""

    url: str
    state: str
    cookie: str


@dataclass(frozen=True)
class ToMeeting:
    """The browser goes on into the meeting, or to the arrival board first; with a ticket for the visit."""

    join_url: str
    key: VisitKey
    ticket: str
    board_first: bool = False


@dataclass(frozen=True)
class ToDeviceTest:
    """The browser goes on to the device test; no visit is touched."""

    connection: str


@dataclass(frozen=True)
class ToWaitingPage:
    """The browser goes on to the waiting page, with its ticket."""

    key: VisitKey
    ticket: str


def cookie_name(purpose: str, state: str) -> str:
    """The name of the cookie of one launch, so that several in several tabs do not disturb each other."""
    return f"__Host-{purpose}-{hashlib.sha256(state.encode()).hexdigest()[:16]}"
