"""Every generation of a meeting's call events, read into one form. Graph beta `meetingCallEvents`.

Member names come in any letter case; unknown members are ignored and missing ones tolerated. Display names are
in there; they are not taken out.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.presence.model import Kind, Signal
from shared.visits.who import CallEvent, Identity, IdentityKind, LegSignal

_ENDED = "callended"
_PREFIX = "microsoft.communication."
_GONE_LISTS = ("activeparticipants@exited", "activeparticipants@remove", "participants@remove")
_THERE_LISTS = (
    "participants@delta",
    "activeparticipants@delta",
    "activeparticipants@joined",
    "participants",
    "activeparticipants",
)
_MAX_LEG = 256
_MAX_DEPTH = 32


def call_event(resource: Mapping[str, Any], received: datetime) -> CallEvent:
    """What one decrypted notification says.

    Args:
        resource: the resource data.
        received: when it reached our door; stands in where it names no time.
    """
    event = _lower(resource)
    at = _time(event.get("eventdatetime")) or received
    kind = str(event.get("eventtype") or event.get("calleventtype") or "").lower().removeprefix(_PREFIX)
    signals = tuple(_signals(event, at))
    return CallEvent(at=at, signals=signals, ended=kind == _ENDED)


def _signals(event: Mapping[str, Any], at: datetime) -> Iterator[LegSignal]:
    for names, gone in ((_THERE_LISTS, False), (_GONE_LISTS, True)):
        for name in names:
            for participant in _objects(event.get(name)):
                leg = participant.get("id")
                if isinstance(leg, str) and 0 < len(leg) <= _MAX_LEG:
                    yield LegSignal(leg, Signal(at, _kind(participant, gone=gone)), _identity(participant))


def _kind(participant: Mapping[str, Any], *, gone: bool) -> Kind:
    if gone or participant.get("removedstate") is not None:
        return Kind.LEFT
    return Kind.LOBBY if participant.get("isinlobby") is True else Kind.JOINED


def _identity(participant: Mapping[str, Any]) -> Identity:
    info = participant.get("info")
    info = info if isinstance(info, dict) else participant
    identities = info.get("identity")
    identities = identities if isinstance(identities, dict) else {}
    user = identities.get("user")
    if isinstance(user, dict) and user.get("id"):
        return Identity(IdentityKind.USER, str(user["id"]).lower(), str(user.get("tenantid") or "").lower())
    if isinstance(identities.get("applicationinstance"), dict) or isinstance(identities.get("application"), dict):
        return Identity(IdentityKind.APPLICATION)
    return Identity(IdentityKind.GUEST)


def _lower(value: Any, depth: int = 0) -> Any:
    """The value with all member names in lower case, at every depth that any generation knows."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {str(name).lower(): _lower(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_lower(inner, depth + 1) for inner in value]
    return value


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
