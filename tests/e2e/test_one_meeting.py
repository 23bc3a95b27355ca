"""However many launches of one visit arrive at once: one meeting, one subscription, one address for everybody."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.demo.browser import Browser
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox

CLINICIANS = ("provider-one", "provider-two")
PATIENT_LAUNCHES, CLINICIAN_LAUNCHES = 10, 40


def test_fifty_launches_at_once_make_one_meeting(world: Sandbox, connection: dict[str, Any]) -> None:
    _link_clinicians(world)
    before = {one["id"] for one in world.meetings()}
    launches = [("patient", "patient-one")] * PATIENT_LAUNCHES
    launches += [("provider", CLINICIANS[number % 2]) for number in range(CLINICIAN_LAUNCHES)]
    urls = [world.launch_url(role, user, "one-to-one") for role, user in launches]
    gate = threading.Barrier(len(urls))

    with ThreadPoolExecutor(len(urls)) as people:
        browsers = list(people.map(lambda url: _open(url, gate), urls))

    statuses = Counter((browser.page.status_code, browser.page.url.path[:12]) for browser in browsers)
    made = [one for one in world.meetings() if one["id"] not in before]
    assert len(made) == 1, statuses
    join_url = made[0]["joinWebUrl"]
    assert {browser.page.status_code for browser in browsers} == {200}, statuses
    assert {_address(world, browser) for browser in browsers} == {join_url}
    mine = [one for one in world.subscriptions() if one["meetingId"] == made[0]["id"]]
    assert len(mine) == 1
    kept = [row for row in world.tables()["Visits"].values() if row["RowKey"] == "visit"]
    assert len(kept) == 2, "the visit that linked the clinicians, and this one"


def test_both_clinicians_of_a_visit_may_admit(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    visit.clinician("provider-one")
    visit.clinician("provider-two")
    made = world.meetings()
    assert len(made) == 1
    organizer, second = (world.user(key)["oid"] for key in ("clinician-one", "clinician-two"))
    assert made[0]["organizerId"] == organizer
    assert [(one["oid"], one["role"]) for one in made[0]["attendees"]] == [(second, "coorganizer")]


@pytest.mark.parametrize("fault", ["createOrGet", "subscriptions"])
def test_a_lost_answer_of_graph_makes_no_second_meeting(world: Sandbox, connection: dict[str, Any], fault: str) -> None:
    """Graph did it, and the answer was lost: trying again must find what is there."""
    world.faults(
        world.microsoft,
        {"method": "POST", "path": fault, "after": True, "status": 503, "times": 1, "headers": {"Retry-After": "0"}},
    )
    visit = Visit(world)
    assert visit.clinician().page.status_code == 200
    assert len(world.meetings()) == 1
    assert len(world.subscriptions()) == 1
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")


def _link_clinicians(world: Sandbox) -> None:
    linking = Visit(world, "consultation")
    for clinician in CLINICIANS:
        linking.clinician(clinician)


def _open(url: str, gate: threading.Barrier) -> Browser:
    browser = Browser()
    gate.wait()
    browser.open(url)
    return browser


def _address(world: Sandbox, browser: Browser) -> str:
    """Where this browser is, or where its waiting page goes on to."""
    if browser.page.url.path != "/api/visit":
        return str(browser.page.url)
    params = {"visit": browser.page.url.params["visit"]}
    for _ in range(20):
        answer = browser.http.post(f"{world.connector}/api/visits/current/join", params=params)
        if answer.is_success:
            return str(answer.json()["joinUrl"])
        time.sleep(0.1)
    return f"{answer.status_code} {answer.text}"
