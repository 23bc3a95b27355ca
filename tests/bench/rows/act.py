"""From the act in the meeting to the status call, at 20 visits at once, through the whole sandbox."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from statistics import median, quantiles
from typing import Any

from sandbox.host.settings import read_host_json
from tests.bench import connections, sandboxed
from tests.bench.model import Row, Section, at_most
from tests.bench.setting import ROOT, Setting
from tests.e2e.world import Sandbox, oid

_VISITS = 20
_MOST_MS = 500
_PATIENCE = 60.0
_CONNECTED = "1"


def measure(setting: Setting) -> Iterator[Row]:
    """Clinicians join, patients are admitted: each act in all visits at once, run by run."""
    with sandboxed.running(setting) as world:
        meetings = _meetings(world)
        # The first finds no token and no connection at hand, which is rare where visits go on all day.
        _round(world, meetings)
        rounds = [_round(world, meetings) for _ in range(setting.runs)]
    joined, admitted = [one for one, _ in rounds], [other for _, other in rounds]
    polling = read_host_json(ROOT).queues.max_polling_interval * 1000
    yield Row("a clinician joins: median until the status call", "ms", tuple(map(median, joined)))
    yield Row("a patient is admitted: median until the status call", "ms", tuple(map(median, admitted)))
    both = [one + other for one, other in zip(joined, admitted, strict=True)]
    yield Row("both: 95th percentile", "ms", tuple(quantiles(one, n=20)[-1] for one in both))
    beyond = tuple(median(one) - polling for one in both)
    yield at_most("both: median beyond the polling interval", "ms", beyond, _MOST_MS, f"interval: {polling:.0f} ms")


def _meetings(world: Sandbox) -> dict[str, str]:
    """Visits of as many connections, told apart by the vendor's name in the status call; meeting ids by it."""
    parts = sandboxed.connector(world)
    found: dict[str, str] = {}
    for number in range(_VISITS):
        vendor = f"bench-{number}"
        url = sandboxed.hospital_url(world)
        key = connections.approved(parts, url, sandboxed.TENANT, status_call={"vendor_name": vendor})
        join_url = sandboxed.open_visit(parts, key)
        found[vendor] = next(str(one["id"]) for one in world.meetings() if one["joinWebUrl"] == join_url)
    return found


def _round(world: Sandbox, meetings: dict[str, str]) -> tuple[list[float], list[float]]:
    """One call in every meeting from its beginning to its end: how long until clinicians and patients were told of."""
    joined = _act(world, meetings, sandboxed.PROVIDER.external_id, "join", oid=oid(sandboxed.CLINICIAN))
    _all(world, meetings, "join", guest="Guest")
    _at_rest(world)
    admitted = _act(world, meetings, sandboxed.PATIENT.external_id, "admit", guest="Guest")
    _all(world, meetings, "end", oid=oid(sandboxed.CLINICIAN))
    _at_rest(world)
    return joined, admitted


def _at_rest(world: Sandbox) -> None:
    """Nothing is under way, and the queues have been empty for so long that they are asked as seldom as ever."""
    world.quiet(_PATIENCE)
    time.sleep(2)


def _act(world: Sandbox, meetings: dict[str, str], who: str, act: str, **named: str) -> list[float]:
    """The milliseconds from the act in each meeting until the EHR was told of it."""
    known = len(world.status_calls())
    began = _all(world, meetings, act, **named)

    def told() -> dict[str, dict[str, Any]]:
        calls = world.status_calls()[known:]
        return {one["vendorName"]: one for one in calls if one["externalId"] == who and _is_connected(one)}

    found = world.until("every status call", lambda: calls if len(calls := told()) == _VISITS else None, _PATIENCE)
    return [(datetime.fromisoformat(found[name]["at"]).timestamp() - at) * 1000 for name, at in began.items()]


def _all(world: Sandbox, meetings: dict[str, str], act: str, **named: str) -> dict[str, float]:
    """The act in every meeting at once, and when each began."""

    def one(vendor: str) -> tuple[str, float]:
        began = time.time()
        world.act(meetings[vendor], act, **named)
        return vendor, began

    with ThreadPoolExecutor(_VISITS) as pool:
        return dict(pool.map(one, meetings))


def _is_connected(call: dict[str, Any]) -> bool:
    return bool(call["connectionStatus"] == _CONNECTED and call["outcome"] == "OK")


SECTION = Section(
    "act",
    "From the act in the meeting to the status call",
    "20 visits at once through the pretend Microsoft, the local host, Azurite and the pretend hospital: an act in all "
    "20 meetings, and when the hospital logged the status call. Two queues lie between, each polled at the interval "
    "that `host.json` sets, and nothing is under way when an act comes. A first round is not counted: it fetches "
    "tokens and reads connections, which later ones find at hand. The connector on one core, everything else on the "
    "other.",
    measure,
)
