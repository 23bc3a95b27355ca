"""A whole visit, step by step: what people do, what the connector answers, what the EHR is told."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from sandbox.demo.browser import Browser
from sandbox.demo.onboarding import Onboarding
from sandbox.demo.timeline import Timeline
from sandbox.demo.world import World

WORDS = {"1": "connected", "2": "disconnected", "3": "waiting"}
PATIENT, FIRST, SECOND = ("Z900001", "2"), ("PROV1", "1"), ("PROV2", "1")
WHO = {PATIENT: "patient", FIRST: "first clinician", SECOND: "second clinician"}
EXPECTED = {
    "patient": ["waiting", "connected", "disconnected", "connected", "disconnected"],
    "first clinician": ["connected", "disconnected"],
    "second clinician": ["connected", "disconnected"],
}


@dataclass
class VisitDemo:
    """The demo's running state."""

    world: World
    line: Timeline
    patient: Browser = field(default_factory=Browser)
    clinician: Browser = field(default_factory=Browser)
    colleague: Browser = field(default_factory=Browser)
    meeting: str = ""
    told: int = 0

    def run(self) -> int:
        """Everything; the exit code."""
        connection = self._set_up()
        self._patient_first()
        self._clinician_opens()
        self._in_the_meeting()
        self._colleague()
        self._everybody_leaves()
        self._settled(connection)
        return self.line.end()

    def _set_up(self) -> dict[str, Any]:
        onboarding, line = Onboarding(self.world), self.line
        for present in self.world.api("admin", "GET", "/connections")["connections"]:
            body = {"version": present["version"]}
            self.world.api("admin", "DELETE", f"/connections/{present['id']}", body)
        self.told = len(self.world.status_calls())
        self.world.tune_notifications(inactiveAfterMs=500, duplicate=0.3, reorder=0.3, seed=7)
        with line.step("administrator", "submits the FHIR base URL, pasted with /metadata at its end"):
            connection = onboarding.submit(onboarding.base_url + "metadata", settings={})
            for finding in connection["checkup"]["findings"]:
                line.saw(f"URL doctor, {finding['severity']}: {finding['said']}")
            line.check("state", connection["state"], "needs approval")
        with line.step("analyst", "sends it back: the EHR's status for waiting is missing"):
            path = f"/connections/{connection['id']}/send-back"
            reason = "Please set the connection status for waiting to 3."
            connection = self.world.api(
                "analyst", "POST", path, {"fingerprint": connection["fingerprint"], "reason": reason}
            )
            line.check("state", connection["state"], "sent back")
        with line.step("administrator", "edits it"):
            connection = onboarding.edit(connection)
            line.check("state", connection["state"], "needs approval")
        with line.step("analyst", "signs in at the EHR and approves the revision"):
            browser = Browser()
            back = onboarding.sign_in_at_ehr(connection, browser)
            line.check("back in the portal", back.endswith("?ehr=done"), wanted=True)
            connection = onboarding.approve(connection, browser)
            line.check("state", connection["state"], "approved")
            line.saw(f"fingerprint: {connection['fingerprint']}")
        with line.step("analyst", "pastes the integration records into the EHR"):
            records = onboarding.records(connection)
            self.world.paste_records("test", records)
            line.saw(f"context token: {records[0]['contextToken']}")
        return connection

    def _patient_first(self) -> None:
        with self.line.step("patient", "presses Begin virtual visit in the patient portal"):
            page = self.patient.open(self.world.launch_url("patient", "patient-one", "one-to-one"))
            self.line.saw(" → ".join(self.patient.hops))
            self.line.check("page", page.url.path, "/api/visit")
            self.line.check("visit is open", self._waiting_page()["opened"], wanted=False)
            self._ehr_told("patient", "waiting")

    def _clinician_opens(self) -> None:
        before = {meeting["id"] for meeting in self.world.meetings()}
        with self.line.step("clinician", "presses Begin virtual visit in the schedule, for the first time"):
            page = self.clinician.open(self.world.launch_url("provider", "provider-one", "one-to-one"))
            self.line.saw(" → ".join(self.clinician.hops))
            self.line.check("asked to sign in at Microsoft", "/sign-in/" in page.url.path, wanted=True)
        with self.line.step("clinician", "signs in at Microsoft, once"):
            page = self.clinician.press("account", self.world.user("clinician-one")["oid"])
            self.line.saw(" → ".join(self.clinician.hops[-4:]))
            self.line.check("in the meeting", "/l/meetup-join/" in str(page.url), wanted=True)
            made = [one for one in self.world.meetings() if one["id"] not in before]
            self.line.check("meetings made", len(made), 1)
            self.meeting = made[0]["id"]
        with self.line.step("patient", "is taken on by the waiting page"):
            self.world.until("the waiting page says open", lambda: self._waiting_page()["opened"])
            handle = self.patient.page.url.params["visit"]
            url = f"{self.world.connector}/api/visits/current/join"
            answer = self.patient.http.post(url, params={"visit": handle})
            self.line.check("same meeting", answer.json()["joinUrl"] == made[0]["joinWebUrl"], wanted=True)

    def _in_the_meeting(self) -> None:
        clinician = self.world.user("clinician-one")["oid"]
        with self.line.step("clinician", "joins the meeting"):
            self.world.act(self.meeting, "join", oid=clinician)
            self._ehr_told("first clinician", "connected")
        with self.line.step("patient", "is in the lobby and is admitted"):
            state = self.world.act(self.meeting, "join", guest="Guest")["state"]
            self.line.check("held in", state, "lobby")
            self.world.act(self.meeting, "admit", guest="Guest")
            self._ehr_told("patient", "connected")
        with self.line.step("patient", "changes from one network to another without being away"):
            told = len(self._calls())
            self.world.act(self.meeting, "drop", guest="Guest")
            self.world.act(self.meeting, "rejoin", guest="Guest")
            self.world.notifications_settled()
            self.line.check("EHR told of it", len(self._calls()) - told, 0)
        with self.line.step("patient", "loses the network"):
            self.world.act(self.meeting, "drop", guest="Guest")
            self._ehr_told("patient", "disconnected")
        with self.line.step("patient", "comes back"):
            self.world.act(self.meeting, "rejoin", guest="Guest")
            self._ehr_told("patient", "connected")

    def _colleague(self) -> None:
        with self.line.step("second clinician", "launches the same visit, signs in once, joins"):
            self.colleague.open(self.world.launch_url("provider", "provider-two", "one-to-one"))
            page = self.colleague.press("account", self.world.user("clinician-two")["oid"])
            self.line.check("same meeting", self._is_meeting(str(page.url)), wanted=True)
            self.world.act(self.meeting, "join", oid=self.world.user("clinician-two")["oid"])
            self._ehr_told("second clinician", "connected")

    def _everybody_leaves(self) -> None:
        with self.line.step("everybody", "leaves: the first clinician ends the meeting for all"):
            self.world.act(self.meeting, "end", oid=self.world.user("clinician-one")["oid"])
            wanted = sum(len(states) for states in EXPECTED.values())
            self.world.until("the last call", lambda: len(self._calls()) >= wanted)
            for who, states in EXPECTED.items():
                self.line.check(f"EHR's log, {who}", self._told_of(who), states)
            refused = [one for one in self._calls() if one["status"] != httpx.codes.OK]
            self.line.check("calls refused by the EHR", refused, [])

    def _settled(self, connection: dict[str, Any]) -> None:
        with self.line.step("connector", "reads the attendance report, settles the visit and forgets its people"):
            self.world.until("the subscription has ended", self._settle, patience=30)
            outbox = self.world.api("admin", "GET", "/writebacks")["writebacks"]
            mine = [one for one in outbox if one["connection"] == connection["id"]]
            open_ended = [one for one in mine if one["status"] not in ("delivered", "not needed")]
            self.line.check(f"outbox: {len(mine)} transitions, of them still to be told", open_ended, [])
            self.line.check("waiting page", self._waiting_page()["over"], wanted=True)

    def _settle(self) -> bool:
        self.world.run_timer("reconcile_visits")
        self.world.run_timer("settle_visits")
        join_url = next(one["joinWebUrl"] for one in self.world.meetings() if one["id"] == self.meeting)
        is_ended = not any(_is_of(subscription, join_url) for subscription in self.world.subscriptions())
        return is_ended and bool(self._waiting_page()["over"])

    def _waiting_page(self) -> dict[str, Any]:
        handle = self.patient.page.url.params["visit"]
        answer = self.patient.http.get(f"{self.world.connector}/api/visits/current", params={"visit": handle})
        return dict(answer.json())

    def _is_meeting(self, url: str) -> bool:
        return any(one["id"] == self.meeting and one["joinWebUrl"] == url for one in self.world.meetings())

    def _calls(self) -> list[dict[str, Any]]:
        return self.world.status_calls()[self.told :]

    def _told_of(self, who: str) -> list[str]:
        return [WORDS[call["connectionStatus"]] for call in self._calls() if _who(call) == who]

    def _ehr_told(self, who: str, state: str) -> None:
        found = self.world.until(f"EHR told: {who} {state}", lambda: self._told_of(who)[-1:] == [state])
        self.line.check(f"EHR told: {who} {state}", found, wanted=True)


def _who(call: dict[str, Any]) -> str:
    return WHO.get((str(call["externalId"]), str(call["externalIdType"])), "unknown")


def _is_of(subscription: dict[str, Any], join_url: str) -> bool:
    return quote(join_url, safe="") in str(subscription["resource"])
