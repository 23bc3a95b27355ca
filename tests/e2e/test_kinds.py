"""A whole visit in an EHR that is told by FHIR, and in one that is told by events: nothing of Epic in either."""

from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from sandbox.demo.onboarding import Onboarding
from shared.clock import utc_now
from shared.ehr.discovery import Discovery
from shared.ehr.smart import SmartEhr
from shared.identifiers import Environment
from shared.keys import LocalKeys
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox
from tests.support.connector import cast_settings
from tests.support.listener import Heard, Listener

WRITES = {
    "patientConnected": "arrived",
    "appointmentFulfilled": True,
    "encounterStatus": True,
    "encounterPeriods": True,
    "encounterFinished": True,
    "auditEvent": True,
    "virtualService": True,
}
CSN = "910001"


class FhirEyes:
    """Looks into the hospital's FHIR server with a token of the connector's."""

    def __init__(self, world: Sandbox) -> None:
        self.http = world.http
        self.base = Onboarding(world).base_url.rstrip("/")
        settings, keys = cast_settings(world.connector), LocalKeys(world.key_directory)
        smart = SmartEhr(self.http, Discovery(self.http, settings, utc_now), keys, settings, utc_now)
        self.token, _ = smart.backend_token(self.base, Environment.TEST, "system/Appointment.read")

    def see(self, path: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        return dict(self.http.get(f"{self.base}/{path}", headers=headers).raise_for_status().json())

    def events(self) -> list[tuple[str, str]]:
        """Who did what, in order of when it happened."""
        found = [entry["resource"] for entry in self.see("AuditEvent?_count=100").get("entry", [])]
        found.sort(key=lambda one: str(one["period"].get("start") or one["period"].get("end")))
        return [(one["agent"][0]["who"]["reference"], one["subtype"][0]["code"]) for one in found]


def through_the_visit(visit: Visit) -> None:
    """The patient comes first; the clinician joins, admits, and ends the meeting for all."""
    visit.patient()
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.act("join", "Guest")
    visit.act("admit", "Guest")


def outbox(world: Sandbox) -> set[str]:
    return {one["status"] for one in world.api("admin", "GET", "/writebacks")["writebacks"]}


def test_an_ehr_that_is_told_by_fhir(world: Sandbox) -> None:
    Onboarding(world, kind="fhir", settings={"fhir": WRITES}).all_at_once()
    visit = Visit(world)
    through_the_visit(visit)
    eyes = FhirEyes(world)
    patient, clinician = "Patient/ePatientOne1", "Practitioner/eProviderOne1"
    before = [(patient, "waiting"), (clinician, "connected"), (patient, "connected")]
    world.until("both connected", lambda: sorted(eyes.events()) == sorted(before), 40)
    world.until("the patient's arrival", lambda: eyes.see(f"Appointment/eAppointment{CSN}")["status"] == "arrived")
    assert eyes.see(f"Encounter/eEncounter{CSN}")["status"] == "in-progress"
    visit.act("end", "provider-one")
    world.until("the end", lambda: len(eyes.events()) == 5, 40)
    world.until("an outbox without work", lambda: outbox(world) == {"delivered"})
    assert sorted(eyes.events()[3:]) == [(patient, "disconnected"), (clinician, "disconnected")]
    appointment, encounter = eyes.see(f"Appointment/eAppointment{CSN}"), eyes.see(f"Encounter/eEncounter{CSN}")
    assert (appointment["status"], encounter["status"]) == ("fulfilled", "finished")
    (taking_part,) = encounter["participant"]
    assert taking_part["individual"]["reference"] == clinician
    assert set(taking_part["period"]) == {"start", "end"}
    address = {one["url"]: one for one in appointment["extension"][0]["extension"]}["address"]["valueUrl"]
    assert address == visit.meeting["joinWebUrl"]
    assert visit.calls() == []


@pytest.fixture
def receiver() -> Iterator[Listener]:
    with Listener() as made:
        yield made


def test_an_ehr_that_is_told_by_events(world: Sandbox, receiver: Listener) -> None:
    settings = {"webhook": {"url": f"{receiver.url}/events", "joinUrl": True}}
    connection = Onboarding(world, kind="webhook", settings=settings).all_at_once()
    path = f"/connections/{connection['id']}"
    secret = str(world.api("admin", "GET", f"{path}/webhook-secret")["secret"])
    lines = {one["code"]: one["state"] for one in world.api("admin", "POST", f"{path}/test-launch", {})["lines"]}
    assert lines["status_call"] == "green"
    assert "backend_token" not in lines

    def told() -> list[dict[str, Any]]:
        """Every event once, whatever the number of tries, each checked."""
        checked = {one.headers["webhook-id"]: Webhook(secret).verify(one.body, dict(one.headers)) for one in heard()}
        return [dict(one) for one in checked.values() if one["type"] != "connector.ping"]

    def heard() -> list[Heard]:
        return list(receiver.heard)

    def story() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in told():
            found.setdefault(one["data"].get("externalId", "meeting"), []).append(one["data"]["state"])
        return found

    assert len(heard()) == 1
    receiver.will_answer(503)
    visit = Visit(world)
    through_the_visit(visit)
    patient, clinician = ["waiting", "connected"], ["connected"]
    so_far = {"Z900001": patient, "PROV1": clinician, "meeting": ["opened"]}
    world.until("everybody connected", lambda: story() == so_far, 40)
    visit.act("end", "provider-one")
    in_the_end = {"Z900001": [*patient, "disconnected"], "PROV1": [*clinician, "disconnected"], "meeting": ["opened"]}
    world.until("everybody gone", lambda: story() == in_the_end, 40)
    world.until("an outbox without work", lambda: outbox(world) <= {"delivered", "not needed"})
    ids = [one.headers["webhook-id"] for one in heard()]
    assert ids.count(ids[1]) == 2
    opened = next(one for one in told() if one["type"] == "visit.meeting.opened")
    assert opened["data"]["joinUrl"] == visit.meeting["joinWebUrl"]
    assert {one["data"]["sessionId"] for one in told()} == {CSN}
    assert secret not in world.log()
    history = world.api("auditor", "GET", f"{path}/history")["history"]
    assert history[0]["action"] == "signing secret read"
