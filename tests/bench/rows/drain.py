"""The drain after an outage: parked writebacks are replayed, each reaches the EHR once, as fast as it answers."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx

from shared.clock import utc_now
from shared.connections.telling import StatusCall
from shared.identifiers import ConnectionKey, Role, VisitKey
from shared.presence.model import Kind, Participant, Signal, Status
from shared.visits.attendance import participant_key
from shared.visits.breaker import MOST_AT_ONCE
from shared.visits.model import Phase, Visit
from shared.wiring import Connector
from tests.bench import connections, sandboxed, servers
from tests.bench.model import Row, Section, at_least, at_most
from tests.bench.rounds import Timed
from tests.bench.setting import Setting, load_core
from tests.e2e.world import Sandbox

_LEAST = 0.9
_ANSWER_MS = 200
_PATIENCE = 600.0
_LONGEST_REQUEST = 230.0
"""Seconds that the front end of Azure gives a request."""


def measure(setting: Setting) -> Iterator[Row]:
    """The EHR alone, then the outbox towards it."""
    wanted = setting.choose(2_000, 200)
    with (
        sandboxed.running(setting) as world,
        servers.node(setting, "ehr.mjs", load_core(), ANSWER_MS=str(_ANSWER_MS)) as ehr,
    ):
        url = f"{ehr.url}{StatusCall().path}"
        with Timed([sys.executable, "-m", "tests.bench.inside.calls", url, str(MOST_AT_ONCE)]) as calls:
            calls.microseconds("calls", MOST_AT_ONCE)
            bare = 1e6 / calls.microseconds("calls", setting.choose(1_000, 200))
        parts = sandboxed.connector(world)
        key = connections.approved(parts, f"{ehr.url}/api/FHIR/R4", sandboxed.TENANT)
        _park(parts, key, wanted)
        before = _counts(ehr.url)
        seconds = _drain(world, ehr.url, key, before["conferences"] + wanted)
        world.quiet(_PATIENCE)
        after = _counts(ehr.url)
    told, calls_made = (after[name] - before[name] for name in ("conferences", "calls"))
    yield Row("the EHR alone", "calls/s", (bare,), note=f"{MOST_AT_ONCE} at once, {_ANSWER_MS} ms each")
    yield Row(
        "the outbox, from the first replay to the last call", "calls/s", (wanted / seconds,), note=f"{seconds:.1f} s"
    )
    yield at_least("rate of the outbox, of that of the EHR alone", "", (wanted / seconds / bare,), _LEAST)
    yield at_least("parked writebacks that reached the EHR", "", (told,), wanted)
    yield at_most("calls that the EHR got for them", "", (calls_made,), wanted)


def _park(parts: Connector, key: ConnectionKey, count: int) -> None:
    """So many visits whose patient's connect was given up a moment ago."""
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda number: parts.visit_store.create(_given_up(parts, key, number)), range(count)):
            continue


def _given_up(parts: Connector, key: ConnectionKey, number: int) -> Visit:
    now = utc_now()
    person = Participant(
        key=participant_key(parts.sealer, Role.PATIENT, f"PAT{number}"),
        role=Role.PATIENT,
        number=1,
        external_id=f"PAT{number}",
        external_id_type="2",
        legs={"leg": frozenset({Signal(now, Kind.JOINED)})},
    )
    visit = Visit(
        key=VisitKey(key, secrets.token_hex(16)),
        created=now,
        phase=Phase.OPEN,
        session_id=f"CSN{number}",
        opened=now,
        last_signal=now,
        participants={person.key: person},
    )
    planned = parts.attendance.planned(visit, person.key).participants[person.key]
    one = planned.writebacks[0]
    tried = replace(one, status=Status.GIVEN_UP, reason="HTTP 503", attempts=9, first_try=now, last_try=now)
    parked = replace(planned, baton=None, writebacks=(tried,))
    return replace(visit, participants={person.key: parked})


def _drain(world: Sandbox, ehr: str, key: ConnectionKey, conferences: int) -> float:
    """Replay until nothing is left to be replayed; the seconds until the EHR knows of every visit."""
    began = time.time()
    deadline = time.monotonic() + _PATIENCE
    with httpx.Client(timeout=_LONGEST_REQUEST) as http:
        while world.api("admin", "POST", "/writebacks/replay", {"connection": key.connection}, http)["replayed"]:
            if time.monotonic() > deadline:
                raise TimeoutError("replaying does not end")
    while (present := _counts(ehr))["conferences"] < conferences and time.monotonic() < deadline:
        time.sleep(0.1)
    return float(present["lastAt"] / 1000 - began)


def _counts(ehr: str) -> dict[str, Any]:
    return dict(httpx.get(f"{ehr}/counts").raise_for_status().json())


SECTION = Section(
    "drain",
    "Drain after an outage",
    "Visits whose patient's connect was parked, replayed through the API; an EHR that takes 200 ms for every call, "
    "and counts them by visit. Beside it the same EHR asked without anything between, with as many calls at once as "
    "one process of the connector makes to one EHR.",
    measure,
)
