"""One visit as tests drive it: people launch, join and leave; what the EHR was told of each of them."""

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.demo.browser import Browser
from sandbox.demo.world import CAST
from tests.e2e.world import Sandbox, oid

WORDS = {"1": "connected", "2": "disconnected", "3": "waiting"}
ACCOUNTS = {
    "provider-one": "clinician-one",
    "provider-two": "clinician-two",
    "provider-nine": "clinician-without-policy",
}
IDS = {one["key"]: one["login"] for one in CAST["hospital"]["ehrUsers"]}
IDS |= {one["key"]: one["patientId"] for one in CAST["hospital"]["patients"]}


def appointment(key: str) -> dict[str, Any]:
    """An appointment of the cast."""
    return dict(next(one for one in CAST["hospital"]["appointments"] if one["key"] == key))


@dataclass(eq=False)
class Visit:
    """The visit of one appointment."""

    world: Sandbox
    key: str = "one-to-one"
    environment: str = "test"
    browsers: dict[str, Browser] = field(default_factory=dict)
    meeting: dict[str, Any] = field(default_factory=dict)

    def browser(self, who: str) -> Browser:
        """That person's own browser."""
        return self.browsers.setdefault(who, Browser())

    def patient(self, who: str = "patient-one", **more: Any) -> Browser:
        """A patient begins the visit in the portal."""
        browser = self.browser(who)
        browser.open(self.world.launch_url("patient", who, self.key, self.environment, **more))
        return browser

    def clinician(self, who: str = "provider-one", **more: Any) -> Browser:
        """A clinician begins the visit, signs in at Microsoft if asked, and is at the meeting's page."""
        browser = self.browser(who)
        page = browser.open(self.world.launch_url("provider", who, self.key, self.environment, **more))
        if "/sign-in/" in page.url.path:
            browser.press("account", oid(ACCOUNTS[who]))
        found = [one for one in self.world.meetings() if one["joinWebUrl"] == str(browser.page.url)]
        if found:
            self.meeting = found[0]
        return browser

    def waiting(self, who: str = "patient-one") -> dict[str, Any]:
        """What the waiting page of that patient is told."""
        browser = self.browser(who)
        handle = browser.page.url.params["visit"]
        answer = browser.http.get(f"{self.world.connector}/api/visits/current", params={"visit": handle})
        return dict(answer.raise_for_status().json())

    def goes_on(self, who: str = "patient-one") -> str:
        """The waiting page of that patient goes on to the meeting; the address that it goes to."""
        browser = self.browser(who)
        handle = browser.page.url.params["visit"]
        answer = browser.http.post(f"{self.world.connector}/api/visits/current/join", params={"visit": handle})
        return str(answer.raise_for_status().json()["joinUrl"])

    def act(self, act: str, who: str = "", **more: str) -> dict[str, Any]:
        """A clinician (by key) or a guest (any other name) does something in the meeting."""
        body: dict[str, Any] = {"act": act, **more}
        if who:
            account = ACCOUNTS.get(who, who)
            users = {user["key"] for tenant in CAST["tenants"] for user in tenant["users"]}
            body["participant"] = {"oid": oid(account)} if account in users else {"guest": who}
        return self.world.control(self.world.microsoft, f"meetings/{self.meeting['id']}/acts", body)

    def calls(self) -> list[dict[str, Any]]:
        """What the EHR was told of this visit and has taken in, in order."""
        mine = {appointment(self.key)["csn"], appointment(self.key)["conferenceId"]}
        calls = self.world.status_calls(self.environment)
        return [one for one in calls if one["conferenceId"] in mine and one["status"] == 200]

    def told(self, who: str) -> list[str]:
        """What the EHR was told of that person."""
        return [WORDS[one["connectionStatus"]] for one in self.calls() if one["externalId"] == IDS[who]]

    def log(self) -> dict[str, list[str]]:
        """What the EHR was told, by person; only those of whom it was told anything."""
        ids = {value: key for key, value in IDS.items()}
        found: dict[str, list[str]] = {}
        for call in self.calls():
            who = ids.get(call["externalId"], call["externalId"])
            found.setdefault(who, []).append(WORDS[call["connectionStatus"]])
        return found

    def wait_told(self, who: str, *states: str, patience: float = 30) -> None:
        """Until the EHR's log of that person is this and nothing else."""
        deadline = time.monotonic() + patience
        while self.told(who) != list(states) and time.monotonic() < deadline:
            time.sleep(0.03)
        assert self.told(who) == list(states), f"{who}: {self.told(who)}"

    def row(self) -> dict[str, Any]:
        """The visit's own row in storage."""
        rows = self.world.tables()["Visits"].values()
        return next(row for row in rows if row["RowKey"] == "visit")
