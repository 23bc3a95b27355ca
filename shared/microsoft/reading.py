"""Reading what Graph says, whatever letter case it comes in: members, times, identities. Names are not taken out."""

from datetime import UTC, datetime
from typing import Any

from shared.visits.who import Identity, IdentityKind

_MAX_DEPTH = 32
_MACHINES = ("applicationinstance", "application")


def lowered(value: Any, depth: int = 0) -> Any:
    """The value with all member names in lower case, at every depth that any generation knows."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {str(name).lower(): lowered(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [lowered(inner, depth + 1) for inner in value]
    return value


def objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list; none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def moment(value: object) -> datetime | None:
    """A time that Graph gave, in UTC; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def identity(value: object) -> Identity:
    """Who an identity set (lowered) is: an Entra user, a machine, or anybody else."""
    kinds = value if isinstance(value, dict) else {}
    user = kinds.get("user")
    if isinstance(user, dict) and user.get("id"):
        return Identity(IdentityKind.USER, str(user["id"]).lower(), str(user.get("tenantid") or "").lower())
    if any(isinstance(kinds.get(name), dict) for name in _MACHINES):
        return Identity(IdentityKind.APPLICATION)
    return Identity(IdentityKind.GUEST)
