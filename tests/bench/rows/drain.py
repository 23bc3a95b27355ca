"""The drain after an outage: parked writebacks are replayed, each reaches the EHR once, as fast as it answers."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any

import httpx

from shared.clock import utc_now
from shared.connections.telling import StatusCall
from shared.identifiers import ConnectionKey, Role, VisitKey
from shared.presence.model import Kind, Participant, Signal, Status
from shared.sealing import Sealer
from shared.visits.attendance import Attendance, participant_key
from shared.visits.breaker import MOST_AT_ONCE
from shared.visits.model import Phase, Visit
from shared.visits.ports import StatusMessage, Told
from shared.wiring import Connector
from tests.bench import connections, sandboxed, servers
from tests.bench.model import Row, Section, at_least, at_most
from tests.bench.rounds import Timed
from tests.bench.setting import Setting, load_core
from tests.e2e.world import Sandbox
from tests.support.fakes import Clock, FakeTeller
from tests.support.house import CONNECTION, House

_LEAST = 0.9
_ANSWER_MS = 200
_WORKERS = 24
"""Messages that one process works at at once: host.json, 16 + 8."""
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
        before = _counts(ehr.url)
        alone = _in_memory(url, wanted)
        _all_there(_counts(ehr.url)["conferences"] - before["conferences"], wanted)
        parts = sandboxed.connector(world)
        key = connections.approved(parts, f"{ehr.url}/api/FHIR/R4", sandboxed.TENANT)
        _park(parts, key, wanted)
        before = _counts(ehr.url)
        seconds = _drain(world, ehr.url, key, before["conferences"] + wanted)
        world.quiet(_PATIENCE)
        after = _counts(ehr.url)
    told, calls_made = (after[name] - before[name] for name in ("conferences", "calls"))
    yield Row("the EHR alone", "calls/s", (bare,), note=f"{MOST_AT_ONCE} at once, {_ANSWER_MS} ms each")
    yield Row("the outbox, its storage in memory", "calls/s", (wanted / alone,), note=f"{alone:.1f} s")
    yield at_least("rate of the outbox, of that of the EHR alone", "", (wanted / alone / bare,), _LEAST)
    yield Row(
        "the same with Azurite, from the first replay to the last call",
        "calls/s",
        (wanted / seconds,),
        note=f"{seconds:.1f} s",
    )
    yield at_least("parked writebacks that reached the EHR", "", (told,), wanted)
    yield at_most("calls that the EHR got for them", "", (calls_made,), wanted)


class _Caller(FakeTeller):
    """An EHR that is told by a call, as Epic is."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._http = httpx.Client(limits=httpx.Limits(max_connections=MOST_AT_ONCE))

    def tell(self, connection: ConnectionKey, message: StatusMessage) -> Told:
        """One call; the visit by its session id."""
        answer = self._http.get(self._url, params={"ConferenceID": message.session_id})
        return Told(delivered=answer.is_success)


class _Now(Clock):
    """The present."""

    def __call__(self) -> datetime:
        """The present."""
        return utc_now()


def _in_memory(url: str, count: int) -> float:
    """The seconds from the first replay to the last call, with the workers of one process and storage in memory."""
    house = House(clock=_Now(), teller=_Caller(url))
    which = []
    for number in range(count):
        visit = house.visits.create(_given_up(house.attendance, house.sealer, CONNECTION, number, house.clock(), "M"))
        which += [(visit.key, participant, 1) for participant in visit.participants]
    taking = Lock()

    def work() -> None:
        while True:
            with taking:
                pointer = house.pointers.take()
            if pointer:
                house.outbox.deliver(pointer)
            elif replaying.done() and not house.pointers.waiting:
                return
            else:
                time.sleep(0.001)

    began = time.monotonic()
    with ThreadPoolExecutor(_WORKERS + 1) as pool:
        replaying = pool.submit(house.outbox.replay_all, which)
        for worker in [pool.submit(work) for _ in range(_WORKERS)]:
            worker.result()
    return time.monotonic() - began


def _all_there(told: int, wanted: int) -> None:
    if told != wanted:
        raise RuntimeError(f"the EHR was told of {told} visits of {wanted}")


def _park(parts: Connector, key: ConnectionKey, count: int) -> None:
    """So many visits whose patient's connect was given up a moment ago."""
    with ThreadPoolExecutor(8) as pool:

        def create(number: int) -> None:
            parts.visit_store.create(_given_up(parts.attendance, parts.sealer, key, number, utc_now(), "CSN"))

        list(pool.map(create, range(count)))


def _given_up(
    attendance: Attendance, sealer: Sealer, key: ConnectionKey, number: int, now: datetime, prefix: str
) -> Visit:
    person = Participant(
        key=participant_key(sealer, Role.PATIENT, f"PAT{number}"),
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
        session_id=f"{prefix}{number}",
        opened=now,
        last_signal=now,
        participants={person.key: person},
    )
    planned = attendance.planned(visit, person.key).participants[person.key]
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
