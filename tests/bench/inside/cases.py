"""The cases: a request at the door; a rich notification in the worker; the bare cryptography of one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from pydantic_core import from_json

from shared.microsoft.call_events import call_event
from shared.microsoft.door import accept
from shared.wiring import Connector, connector
from tests.bench import notes
from tests.bench.inside.bare import bare_cryptography
from tests.bench.inside.door import Case, door
from tests.bench.inside.rich import rich

_VISITS = 500
"""Enough different visits that no cache of the last few makes the figures look better than they are."""


def all_cases() -> dict[str, Case]:
    """Every case by name."""
    parts = connector()
    items = [notes.item(parts, visit) for visit in notes.visits(_VISITS, connections=20)]
    single = [notes.body(one) for one in items]
    batches = [notes.body(*items[first : first + 50]) for first in range(0, _VISITS, 50)]
    worker = rich(parts)
    return {
        "door": door(single),
        "batch": door(batches),
        "check": _check(parts, single),
        "rich": lambda: [
            worker.notifications.vouched_tenants(worker.tokens, worker.received),
            call_event(worker.notifications.open(worker.encrypted), worker.received),
        ],
        "cryptography": bare_cryptography(worker),
    }


def _check(parts: Connector, bodies: list[bytes]) -> Case:
    """The part of it that decides: JSON, shape, client state."""
    turns = itertools.cycle(bodies)
    received = datetime.now(UTC).isoformat()
    return lambda: accept(parts.sealer, parts.settings.geography, from_json(next(turns)), received)
