"""Every generation of a meeting's call events, read into one form. Graph beta `meetingCallEvents`.

Member names come in any letter case; unknown members are ignored and missing ones tolerated. Display names are
in there; they are not taken out.

Lists with `@` in their name, and those without it as long as they name somebody, are read as changes: no public page
says that a plain list always names everybody who is there, and to take somebody for gone who is not would mislead a
clinician. A plain `participants` that is empty can be read in one way only: nobody is there any more, not even in the
lobby. `activeParticipants` does not know the lobby, so an empty one says nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from shared.microsoft.reading import identity, lowered, moment, objects
from shared.presence.model import Kind, Signal
from shared.visits.who import CallEvent, Identity, LegSignal

_ENDED = "callended"
_ROSTER = frozenset({"rosterupdated", "callrosterupdate", "callrosterupdated"})
_PREFIX = "microsoft.communication."
_GONE_LISTS = ("activeparticipants@exited", "activeparticipants@remove", "participants@remove")
_ROSTER_LIST = "participants"
_THERE_LISTS = (
    "participants@delta",
    "activeparticipants@delta",
    "activeparticipants@joined",
    _ROSTER_LIST,
    "activeparticipants",
)
_MAX_LEG = 256


def call_event(resource: Mapping[str, Any], received: datetime) -> CallEvent:
    """What one decrypted notification says.

    Args:
        resource: the resource data.
        received: when it reached our door; stands in where it names no time.
    """
    event = lowered(resource)
    at = moment(event.get("eventdatetime")) or received
    names = (event.get("eventtype"), event.get("calleventtype"))
    kinds = {name.lower().removeprefix(_PREFIX) for name in names if isinstance(name, str)}
    signals = tuple(_signals(event, at))
    ended = _ENDED in kinds or (bool(kinds & _ROSTER) and _is_empty_roster(event))
    return CallEvent(at=at, signals=signals, ended=ended)


def _is_empty_roster(event: Mapping[str, Any]) -> bool:
    """Whether the roster is told as a whole, and nobody is on it. Beside another list it is no whole roster."""
    others = (name for name in (*_GONE_LISTS, *_THERE_LISTS) if name != _ROSTER_LIST)
    return event.get(_ROSTER_LIST) == [] and not any(name in event for name in others)


def _signals(event: Mapping[str, Any], at: datetime) -> Iterator[LegSignal]:
    for names, gone in ((_THERE_LISTS, False), (_GONE_LISTS, True)):
        for name in names:
            for participant in objects(event.get(name)):
                leg = participant.get("id")
                if isinstance(leg, str) and 0 < len(leg) <= _MAX_LEG:
                    yield LegSignal(leg, Signal(at, _kind(participant, gone=gone)), _identity(participant))


def _kind(participant: Mapping[str, Any], *, gone: bool) -> Kind:
    if gone or participant.get("removedstate") is not None:
        return Kind.LEFT
    return Kind.LOBBY if participant.get("isinlobby") is True else Kind.JOINED


def _identity(participant: Mapping[str, Any]) -> Identity:
    info = participant.get("info")
    return identity((info if isinstance(info, dict) else participant).get("identity"))
