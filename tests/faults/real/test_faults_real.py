"""Through the real host and a real storage: killed, gone, hanging and flapping in the middle of visits.

10 % of the notifications come twice, 10 % out of order, 5 % never; 5 % of the calls to the EHR go wrong, half of them
although they were heard. Two calls in each visit, so far apart that a report can tell them from each other. In the
end what the EHR was told is what happened. Only what a report cannot know, the second wait in the lobby, may be
missing where its notification was lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.demo.browser import Browser
from sandbox.demo.onboarding import Onboarding
from shared.presence.model import State
from shared.visits.report import TOLERANCE
from tests.e2e.world import Sandbox, oid
from tests.faults.real.ehr import Ehr
from tests.faults.real.storage import Storage
from tests.faults.truth import Fact, Story, What, story

IS_LONG = bool(os.environ.get("TEST_LONG"))
VISITS = 200 if IS_LONG else 12
SEED = 7
DEBOUNCE = timedelta(seconds=0.5)
LEASE = 8.0
BETWEEN_CALLS = TOLERANCE.total_seconds() + 4
PATIENCE = 900 if IS_LONG else 180
CLINICIAN = "clinician-one"
NOTIFICATIONS: dict[str, Any] = {
    "seed": SEED,
    "duplicate": 0.1,
    "reorder": 0.1,
    "reorderHoldMs": 250,
    "lose": 0.05,
    "delayMs": [0, 100],
    "backOffMs": 200,
}
FLAPPING = [
    {"path": "onlineMeetings|subscriptions", "status": 429, "headers": {"Retry-After": "0"}, "probability": 0.2},
    {"path": "onlineMeetings|subscriptions", "status": 503, "probability": 0.1},
]


@dataclass
class Room:
    """One visit: who launches it, and what happens in its meeting."""

    number: int
    world: Sandbox
    meeting: str = ""
    facts: dict[str, set[Fact]] = field(default_factory=dict)
    leg: int = 0

    @property
    def session(self) -> str:
        return f"SESSION{self.number}"

    @property
    def patient(self) -> str:
        return f"PATIENT{self.number}"

    def patient_launches(self) -> None:
        """A person tries again when a page says that something went wrong."""
        began = datetime.now(UTC)
        self._persist("patient", "patient-one", self.patient, lambda url: "/visit" in url.path or self._is_meeting(url))
        self.facts[self.patient] = {Fact(began, "page")}

    def clinician_launches(self) -> None:
        url = self._persist("provider", "provider-one", "PROV1", self._is_meeting)
        self.meeting = next(one["id"] for one in self.world.meetings() if one["joinWebUrl"] == str(url))
        self.facts["PROV1"] = set()

    def act(self, who: str, act: str, what: What) -> None:
        """Somebody does something, now."""
        if act == "join":
            self.leg += 1
        at = datetime.now(UTC).replace(microsecond=datetime.now(UTC).microsecond // 1000 * 1000)
        body = {"act": act, "participant": self._named(who), "at": at.isoformat().replace("+00:00", "Z")}
        self.world.control(self.world.microsoft, f"meetings/{self.meeting}/acts", body)
        self.facts[who].add(Fact(at, what, f"{who} {self.leg if act == 'join' else self._leg_of(who)}"))

    def _leg_of(self, who: str) -> str:
        latest = max((fact for fact in self.facts[who] if fact.leg), key=lambda fact: fact.at)
        return latest.leg.rpartition(" ")[2]

    def _named(self, who: str) -> dict[str, str]:
        return {"oid": oid(CLINICIAN)} if who == "PROV1" else {"guest": f"Guest {self.number}"}

    def _is_meeting(self, url: httpx.URL) -> bool:
        return str(url).startswith(self.world.microsoft)

    def _persist(self, role: str, user: str, external: str, arrived: Callable[[httpx.URL], bool]) -> httpx.URL:
        context = {"sessionId": self.session, "externalId": external}
        for _ in range(40):
            browser = Browser()
            try:
                page = browser.open(
                    self.world.launch_url(role, user, "one-to-one", "test", overrides={"context": context})
                )
                if "/sign-in/" in page.url.path:
                    page = browser.press("account", oid(CLINICIAN))
            except httpx.HTTPError:
                time.sleep(0.5)
                continue
            if page.is_success and arrived(page.url):
                return page.url
            time.sleep(0.3)
        raise AssertionError(f"{role} of visit {self.number} never got in: {page.url} {page.status_code}")


class Hospital:
    """The whole of it, and what can be done to it."""

    def __init__(self, folder: Path) -> None:
        self.storage = Storage(folder / "azurite")
        self.storage.start()
        self.world = Sandbox(self.storage.connection_string, folder)
        self.world.lease = LEASE
        self.ehr = Ehr(SEED)
        self.world.start_stand_ins()
        self.start()
        settings = {"webhook": {"url": f"{self.ehr.url}/events"}}
        Onboarding(self.world, kind="webhook", settings=settings).all_at_once()
        self.rooms = [Room(number, self.world) for number in range(VISITS)]

    def start(self) -> None:
        """Our functions."""
        self.world.start_functions()

    def die(self) -> None:
        """Our functions are killed, and come back."""
        self.world.kill_functions()
        self.start()

    def each(self, act: Callable[[Room], None], *, trouble: Callable[[], None] | None = None) -> None:
        """All visits do it; in the middle of them there is trouble."""
        for position, room in enumerate(self.rooms):
            if trouble and position == len(self.rooms) // 2:
                trouble()
            act(room)

    def close(self) -> None:
        """Everything ends."""
        self.ehr.close()
        self.world.stop()
        self.storage.stop()

    # The truth, and what was told

    def differences(self) -> list[str]:
        """Where the EHR's log is not what happened."""
        log = self.ehr.log()
        found = []
        for room in self.rooms:
            for who, facts in room.facts.items():
                truth, told = story(facts, DEBOUNCE), log.get((room.session, who), [])
                if not agree(truth, told):
                    found.append(f"{room.session} {who}: {brief(told)} and not {brief(truth)}")
        return found

    def mend(self) -> None:
        """Time passes for what a crash left behind, and timers run."""
        now = datetime.now(UTC)
        for row in self.world.rows("Visits"):
            due = row.get("baton_due")
            if due and datetime.fromisoformat(due) < now - timedelta(seconds=2 * LEASE):
                self.world.change_if_same("Visits", row, baton_due=(now - timedelta(minutes=7)).isoformat())
        for timer in ("sweep_writebacks", "reconcile_visits", "renew_subscriptions", "bring_back_parked"):
            self.world.run_timer_through(timer, PATIENCE)


def agree(truth: Story, told: Story) -> bool:
    """Who came and went, at the same times as near as a report tells them; and the first wait, on our page."""
    waits = [step for step in told if step[0] is State.WAITING]
    truly = [step for step in truth if step[0] is State.WAITING]
    mine = [step for step in truth if step[0] is not State.WAITING]
    theirs = [step for step in told if step[0] is not State.WAITING]
    return (
        [state for state, _ in mine] == [state for state, _ in theirs]
        and all(abs(one - other) <= TOLERANCE for (_, one), (_, other) in zip(mine, theirs, strict=True))
        and len(waits) <= len(truly)
        and bool(waits) is bool(truly)
    )


def brief(steps: Story) -> str:
    return " ".join(f"{state.value}@{at:%M:%S}" for state, at in steps)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.timeout(2400 if IS_LONG else 420, func_only=True)
def test_whatever_dies_in_the_middle_of_visits_the_ehr_hears_what_happened(hospital: Hospital) -> None:
    world, ehr = hospital.world, hospital.ehr
    hospital.rooms[0].patient_launches()
    hospital.rooms[0].clinician_launches()
    world.tune_notifications(**NOTIFICATIONS)
    world.faults(world.microsoft, *FLAPPING, seed=SEED)
    ehr.errors = 0.05

    def launches(room: Room) -> None:
        if room.number:
            room.patient_launches()
            room.clinician_launches()

    hospital.each(launches, trouble=hospital.die)
    world.no_faults()

    hospital.each(lambda room: room.act("PROV1", "join", "in"))
    hospital.each(lambda room: room.act(room.patient, "join", "lobby"), trouble=hospital.storage.stop)
    time.sleep(1)
    hospital.storage.start()
    hospital.each(lambda room: room.act(room.patient, "admit", "in"), trouble=ehr.hangs)
    time.sleep(2)
    hospital.each(lambda room: room.act(room.patient, "leave", "gone"), trouble=hospital.die)
    hospital.each(lambda room: room.act("PROV1", "leave", "gone"))
    left = time.monotonic()
    ehr.wakes()

    time.sleep(max(0.0, left + BETWEEN_CALLS - time.monotonic()))
    hospital.each(lambda room: room.act("PROV1", "join", "in"), trouble=hospital.storage.stop)
    hospital.storage.start()
    hospital.each(lambda room: room.act(room.patient, "join", "lobby"))
    hospital.each(lambda room: room.act(room.patient, "admit", "in"), trouble=hospital.die)
    time.sleep(2)
    hospital.each(lambda room: room.act(room.patient, "leave", "gone"))
    hospital.each(lambda room: room.act("PROV1", "leave", "gone"))
    ehr.errors = 0.0

    deadline = time.monotonic() + PATIENCE
    while hospital.differences() and time.monotonic() < deadline:
        time.sleep(2)
        hospital.mend()
    assert hospital.differences() == []
    world.quiet(PATIENCE)
    assert hospital.differences() == []
    outbox = world.api("admin", "GET", "/writebacks")["writebacks"]
    assert {one["status"] for one in outbox} <= {"delivered", "not needed"}
    sent = [one for one in world.deliveries() if one["kind"] == "change"]
    assert any(one["copy"] for one in sent)
    assert any(one["outcome"] == "lost" for one in sent), "the seed must lose something"
