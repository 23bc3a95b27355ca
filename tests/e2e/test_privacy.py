"""What is kept of people: nothing that names them, anywhere; and after a visit not even what was sealed.

Marker names, telephone numbers and birth dates travel through the stand-ins; every table, queue, blob, log line
and address of ours is searched for them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urljoin

import pytest

from sandbox.demo.world import CAST
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox

GUESTS = ("Guestine Markerguest", "Guestav Markerguest")
SEALED = ("session_id", "meeting", "external")
PEOPLE = (*SEALED, "object_id", "legs", "organizer", "co_organizers", "page_joined_at", "baton", "subscription_id")


def markers() -> dict[str, str]:
    """Everything that must never be found, by what it is. The EHR user's id must not be found in clear either."""
    found = {f"guest {name}": name for name in ("Markerguest", "Guestine", "Guestav")}
    for one in CAST["hospital"]["patients"]:
        for name in ("given", "family", "birthDate", "phone", "fhirId", "patientId"):
            found[f"{one['key']} {name}"] = one[name]
        found[f"{one['key']} phone, digits"] = re.sub(r"\D", "", one["phone"])
    for one in CAST["hospital"]["ehrUsers"]:
        for name in ("login", "fhirId", "practitioner"):
            found[f"{one['key']} {name}"] = one[name]
    for one in (user for tenant in CAST["tenants"] for user in tenant["users"]):
        found |= {f"{one['key']} {name}": one[name] for name in ("displayName", "userName")}
    for one in CAST["hospital"]["appointments"]:
        found |= {f"{one['key']} {name}": one[name] for name in ("csn", "conferenceId", "title")}
    found |= {"tokens": "eyJ", "join URLs": "meetup-join", "join URLs, by thread": "thread.v2"}
    return found


def test_nothing_names_a_person_anywhere(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    visit.patient()
    visit.wait_told("patient-one", "waiting")
    visit.clinician("provider-one")
    hops = [hop for browser in visit.browsers.values() for hop in browser.hops]
    assert len(hops) > 5
    visit.goes_on()
    world.quiet()

    second = Visit(world, "second")
    with world.workers_asleep():
        visit.act("join", "provider-one")
        for guest in GUESTS:
            visit.act("join", guest)
            visit.act("admit", guest)
        visit.act("leave", "provider-one")
        world.control(world.microsoft, "notifications/wait", {})
        second.patient("patient-two")
        queues = world.queues()
        assert queues["notifications"]
        assert queues["writebacks"]
        _search(_lines(world, queues))

    second.wait_told("patient-two", "waiting", patience=30)
    visit.wait_told("provider-one", "connected", "disconnected", patience=30)
    world.quiet()
    _search(_lines(world, world.queues()))
    assert _columns(world) & set(SEALED) == set(SEALED), "there must be something to forget"

    visit.act("end")
    world.quiet()
    _settle(world, visit)
    left = {name for row in _rows_of(world, visit) for name in row}
    assert left.isdisjoint(PEOPLE), left & set(PEOPLE)
    _search(_lines(world, world.queues()))


def test_failures_name_nobody_either(world: Sandbox, connection: dict[str, Any]) -> None:
    """The EHR's own words in an error, with a person in them, go neither into the log nor into the outbox."""
    words = "User Patientia Zzyzx-Markername (Z900001), born 1931-02-03, visit 910001: INVALID-USER-ID for PROV1"
    rule = {"path": "SETEXTERNALCONNECTIONSTATUS", "status": 400, "body": {"ExceptionMessage": words}}
    world.faults(world.hospital, rule)
    visit = Visit(world)
    visit.patient()
    visit.clinician()
    visit.act("join", "provider-one")
    world.until("both to be given up", lambda: len(_outbox(world, "given up")) == 2)
    outbox = _outbox(world)
    assert {one["reason"] for one in outbox} == {"INVALID-USER-ID"}
    _search([("outbox", json.dumps(outbox))])
    for path in (f"{world.hospital}/", f"{world.microsoft}/"):
        world.faults(path.rstrip("/"), {"path": "token|createOrGet", "status": 500, "body": words})
    other = Visit(world, "second")
    assert other.patient("patient-two").page.status_code == 424
    assert other.clinician("provider-two").page.status_code == 424
    world.no_faults()
    assert world.http.get(f"{world.connector}/api/launch/Patientia/patient?iss=910001&launch=eyJ").status_code == 404
    _search(_lines(world, world.queues()))


def test_what_is_given_up_is_kept_for_replay_and_no_longer(world: Sandbox, connection: dict[str, Any]) -> None:
    """A visit with an undelivered writeback is not settled: whom to tell of is still needed."""
    refusal = {"ExceptionMessage": "INVALID-CONFERENCE-ID"}
    world.faults(world.hospital, {"path": "SETEXTERNALCONNECTIONSTATUS", "status": 400, "body": refusal, "times": 1})
    visit = Visit(world, "consultation")
    visit.clinician()
    visit.act("join", "provider-one")
    world.until("it to be given up", lambda: _outbox(world, "given up"))
    visit.act("leave", "provider-one")
    visit.wait_told("provider-one", "disconnected")
    world.quiet()
    _let_time_pass(world, visit)
    world.until("its reports to be asked for", lambda: _asked(world, visit))
    world.run_timer("settle_visits")
    world.quiet()
    assert visit.row()["phase"] == "open"
    assert {"session_id", "external"} <= {name for row in _rows_of(world, visit) for name in row}


@pytest.mark.parametrize("marker", ["Zzyzx-Markername", "1931-02-03", "PROV1", "910001", "Z900001"])
def test_the_search_finds_what_is_there(world: Sandbox, connection: dict[str, Any], marker: str) -> None:
    """A search that finds nothing must be one that could."""
    (row,) = world.tables()["Connections"].values()
    world.change_row("Connections", row["PartitionKey"], row["RowKey"], planted=f"something with {marker} in it")
    with pytest.raises(AssertionError, match="planted"):
        _search(_lines(world, {}))


@pytest.mark.parametrize("route", ["patient", "provider"])
def test_addresses_of_ours_carry_no_token(world: Sandbox, connection: dict[str, Any], route: str) -> None:
    """Each hop that our functions send a browser to: nothing in it but the protocols' own opaque values."""
    visit = Visit(world)
    who = {"patient": "patient-one", "provider": "provider-one"}[route]
    browser = visit.browser(who)
    url = world.launch_url(route, who, "one-to-one")
    for _ in range(12):
        answer = browser.http.get(url)
        if not answer.is_redirect:
            break
        location = answer.headers["Location"]
        if url.startswith(world.connector):
            text = unquote(location)
            known = markers()
            for what in ("tokens", "patient-one patientId", "provider-one login", "one-to-one csn"):
                assert known[what] not in text, (what, location)
            assert "access_token" not in text
        url = urljoin(url, location)
    assert answer.status_code == 200


def _search(lines: Iterable[tuple[str, str]]) -> None:
    """No marker in any of it. A number counts where it stands alone: an hour or a hash may contain its digits."""
    wanted = {
        what: re.compile(rf"(?<![0-9a-z]){re.escape(text)}(?![0-9])", re.IGNORECASE) for what, text in markers().items()
    }
    # What is sealed may hold any three letters by chance; a token has its two dots besides.
    wanted["tokens"] = re.compile(r"eyJ[\w\-]{8,}\.[\w\-]{8,}\.")
    found = [
        (where, what, text[:300])
        for where, text in lines
        for what, pattern in wanted.items()
        if pattern.search(text) or pattern.search(unquote(text))
    ]
    assert found == []


def _lines(world: Sandbox, queues: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Every value of every column, every message, every blob, every line of the log, with where it is."""
    for table, rows in world.tables().items():
        for key, row in rows.items():
            for name, value in row.items():
                yield f"table {table}, {key}, {name}", str(value)
    for queue, messages in queues.items():
        yield from ((f"queue {queue}", message) for message in messages)
    for name, content in world.blobs().items():
        yield f"blob {name}", name + content.decode("utf-8", "replace")
    yield from (("log", line) for line in world.log().splitlines())


def _columns(world: Sandbox) -> set[str]:
    return {name for row in world.tables()["Visits"].values() for name in row}


def _rows_of(world: Sandbox, visit: Visit) -> list[dict[str, Any]]:
    """The rows of the visit with the meeting that was made first; the only one that a clinician opened."""
    rows = list(world.tables()["Visits"].values())
    partition = next(row["PartitionKey"] for row in rows if row["RowKey"] == "visit" and "opened" in row)
    return [row for row in rows if row["PartitionKey"] == partition]


def _let_time_pass(world: Sandbox, visit: Visit) -> None:
    """The visit is a day old: its row is made so, which is what time would do to it."""
    (row,) = (row for row in _rows_of(world, visit) if row["RowKey"] == "visit")
    world.change_row("Visits", row["PartitionKey"], "visit", created="2020-01-01T00:00:00+00:00")


def _asked(world: Sandbox, visit: Visit) -> bool:
    world.run_timer("reconcile_visits")
    return bool(visit.row().get("reports_done"))


def _settle(world: Sandbox, visit: Visit) -> None:
    _let_time_pass(world, visit)

    def settled() -> bool:
        world.run_timer("reconcile_visits")
        world.run_timer("settle_visits")
        return any(row.get("phase") == "settled" for row in _rows_of(world, visit))

    world.until("the visit to be settled", settled)
    world.until("the subscription to be ended", lambda: not world.subscriptions())


def _outbox(world: Sandbox, status: str = "") -> list[dict[str, Any]]:
    query = f"?status={status.replace(' ', '%20')}" if status else ""
    return list(world.api("admin", "GET", f"/writebacks{query}")["writebacks"])
