"""A tenant that leaves: everything of it is deleted, and it gets a receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.identifiers import TenantKey

NOTHING_NEW_AFTER = timedelta(hours=3)
"""By then nothing of the tenant can come any more: a queue's pointer waits for two hours at most, a launch in
another process knows a connection for a minute, and a parked batch comes back within an hour."""
RECEIPT_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Departure:
    """One tenant on its way out, or gone.

    `by` is the Entra object id of the administrator who asked for it; empty if the stamp's settings name the tenant.
    `deleted` counts what was deleted, by kind.
    """

    tenant: TenantKey
    began: datetime
    by: str = ""
    ended: datetime | None = None
    deleted: Mapping[str, int] = field(default_factory=dict)


def gone_on(departure: Departure, deleted: Mapping[str, int], now: datetime) -> Departure:
    """The departure after a round that deleted so much; it ends with a late round that found nothing."""
    names = [*departure.deleted, *deleted]
    counts = {name: departure.deleted.get(name, 0) + deleted.get(name, 0) for name in names}
    over = not any(deleted.values()) and now - departure.began >= NOTHING_NEW_AFTER
    return replace(departure, deleted=counts, ended=now if over else None)


def is_forgotten(departure: Departure, now: datetime) -> bool:
    """Whether the receipt may go."""
    return departure.ended is not None and now - departure.ended > RECEIPT_KEPT
