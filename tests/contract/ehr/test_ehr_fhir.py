"""Telling by FHIR alone, against a real FHIR server: what is written, what stays, and what a retry changes."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import utc_now
from shared.connections.telling import EhrKind
from shared.ehr.kinds import event_id
from shared.identifiers import Role
from shared.presence.model import Source, State
from shared.visits.ports import EhrUser, StatusMessage, Told
from tests.contract.ehr.parts import Parts
from tests.support.connections import KEY

DONE = Told(delivered=True)
APPOINTMENT = "Appointment/eAppointment910001"
ENCOUNTER = "Encounter/eEncounter910001"
EVERYTHING: dict[str, Any] = {
    "patient_connected": "arrived",
    "appointment_fulfilled": True,
    "encounter_status": True,
    "encounter_periods": True,
    "encounter_finished": True,
    "audit_event": True,
    "virtual_service": True,
}
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED
PATIENT, PROVIDER, MEETING = Role.PATIENT, Role.PROVIDER, Role.MEETING
EXTENSION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService"


@pytest.fixture
def fhir(ehr: Parts) -> Parts:
    ehr.becomes(EhrKind.FHIR, **EVERYTHING)
    return ehr


def tell(ehr: Parts, role: Role, state: State, **more: Any) -> Told:
    return ehr.teller.tell(KEY, ehr.event(role, state, **more))


def status(ehr: Parts, path: str = APPOINTMENT) -> str:
    return str(ehr.resource(path)["status"])


def events(ehr: Parts) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in ehr.resource("AuditEvent").get("entry", [])]


def version(ehr: Parts, path: str) -> str:
    return str(ehr.resource(path)["meta"]["versionId"])


@pytest.mark.parametrize("update_with", ["PUT", "PATCH"])
def test_a_visit_as_it_goes(ehr: Parts, update_with: str) -> None:
    ehr.becomes(EhrKind.FHIR, **EVERYTHING, update_with=update_with)
    before = ehr.resource(APPOINTMENT)
    assert tell(ehr, PATIENT, WAITING) == DONE
    assert (status(ehr), status(ehr, ENCOUNTER)) == ("booked", "planned")
    assert tell(ehr, PATIENT, CONNECTED) == DONE
    assert (status(ehr), status(ehr, ENCOUNTER)) == ("arrived", "arrived")
    assert tell(ehr, PROVIDER, CONNECTED) == DONE
    encounter = ehr.resource(ENCOUNTER)
    assert encounter["status"] == "in-progress"
    assert encounter["participant"][0]["individual"]["reference"] == "Practitioner/eProviderOne1"
    assert set(encounter["participant"][0]["period"]) == set(encounter["period"]) == {"start"}
    assert tell(ehr, PATIENT, DISCONNECTED) == DONE
    assert (status(ehr), status(ehr, ENCOUNTER)) == ("arrived", "in-progress")
    assert tell(ehr, PROVIDER, DISCONNECTED, last=True) == DONE
    encounter, appointment = ehr.resource(ENCOUNTER), ehr.resource(APPOINTMENT)
    assert (appointment["status"], encounter["status"]) == ("fulfilled", "finished")
    assert set(encounter["participant"][0]["period"]) == set(encounter["period"]) == {"start", "end"}
    assert len(events(ehr)) == 5
    unchanged = {name: value for name, value in before.items() if name not in {"status", "meta"}}
    assert {name: appointment[name] for name in unchanged} == unchanged


def test_nothing_is_written_that_was_not_chosen(ehr: Parts) -> None:
    ehr.becomes(EhrKind.FHIR)
    assert ehr.teller.abilities(KEY).is_mute
    for role, state in ((PATIENT, CONNECTED), (PROVIDER, CONNECTED), (PROVIDER, DISCONNECTED)):
        assert tell(ehr, role, state, last=state is DISCONNECTED) == DONE
    assert (status(ehr), status(ehr, ENCOUNTER), events(ehr)) == ("booked", "planned", [])


@pytest.mark.parametrize(
    ("chosen", "patient", "provider", "meeting", "stamps_time"),
    [
        ({"patient_connected": "arrived"}, {CONNECTED}, set(), set(), True),
        ({"appointment_fulfilled": True}, {DISCONNECTED}, {DISCONNECTED}, set(), True),
        ({"encounter_status": True}, {CONNECTED}, {CONNECTED}, set(), True),
        ({"encounter_finished": True}, {DISCONNECTED}, {DISCONNECTED}, set(), True),
        ({"encounter_periods": True}, set(), {CONNECTED, DISCONNECTED}, set(), False),
        ({"audit_event": True}, set(State) - {State.OPENED}, set(State) - {State.OPENED}, set(), False),
        ({"virtual_service": True}, set(), set(), {State.OPENED}, True),
    ],
)
def test_each_write_has_its_words(
    ehr: Parts,
    chosen: dict[str, Any],
    patient: set[State],
    provider: set[State],
    meeting: set[State],
    *,
    stamps_time: bool,
) -> None:
    ehr.becomes(EhrKind.FHIR, **chosen)
    abilities = ehr.teller.abilities(KEY)
    assert [set(abilities.of(role)) for role in (PATIENT, PROVIDER, MEETING)] == [patient, provider, meeting]
    assert abilities.stamps_time is stamps_time


@pytest.mark.parametrize("ending", ["appointment_fulfilled", "encounter_finished"])
@pytest.mark.parametrize("also", [{}, {"encounter_periods": True}])
def test_where_the_last_leaving_is_written_every_leaving_is_told(
    ehr: Parts, ending: str, also: dict[str, bool]
) -> None:
    ehr.becomes(EhrKind.FHIR, **also)
    assert ehr.teller.abilities(KEY).repeats == set()
    ehr.becomes(EhrKind.FHIR, **also, **{ending: True})
    assert ehr.teller.abilities(KEY).repeats == {DISCONNECTED}


@pytest.mark.parametrize("target", ["arrived", "checked-in"])
def test_a_status_never_goes_backwards(ehr: Parts, target: str) -> None:
    ehr.becomes(EhrKind.FHIR, patient_connected=target)
    assert tell(ehr, PATIENT, CONNECTED) == DONE
    assert status(ehr) == target
    ehr.becomes(EhrKind.FHIR, patient_connected="arrived")
    at = version(ehr, APPOINTMENT)
    assert tell(ehr, PATIENT, CONNECTED) == DONE
    assert (status(ehr), version(ehr, APPOINTMENT)) == (target, at)


@pytest.mark.parametrize("present", ["cancelled", "noshow", "entered-in-error"])
def test_an_appointment_that_is_off_is_left_alone(ehr: Parts, present: str) -> None:
    ehr.becomes(EhrKind.FHIR, patient_connected="arrived")
    appointment = ehr.resource(APPOINTMENT)
    ehr.fhir("PUT", APPOINTMENT, json=appointment | {"status": present}).raise_for_status()
    assert tell(ehr, PATIENT, CONNECTED) == Told(delivered=False, reason=f"appointment is {present}")


def test_what_is_of_the_past_moves_no_status_and_is_recorded_all_the_same(fhir: Parts) -> None:
    long_ago = utc_now() - timedelta(hours=13)
    assert tell(fhir, PATIENT, CONNECTED, at=long_ago) == DONE
    assert tell(fhir, PROVIDER, CONNECTED, source=Source.ATTENDANCE_REPORT) == DONE
    assert (status(fhir), status(fhir, ENCOUNTER)) == ("booked", "planned")
    assert len(events(fhir)) == 2
    assert fhir.resource(ENCOUNTER)["participant"][0]["period"].keys() == {"start"}


def test_who_has_gone_meanwhile_moves_no_status_and_is_recorded_all_the_same(fhir: Parts) -> None:
    for role in (PATIENT, PROVIDER):
        assert tell(fhir, role, CONNECTED, overtaken=True) == DONE
    assert (status(fhir), status(fhir, ENCOUNTER)) == ("booked", "planned")
    assert len(events(fhir)) == 2
    assert fhir.resource(ENCOUNTER)["participant"][0]["period"].keys() == {"start"}
    assert tell(fhir, PROVIDER, DISCONNECTED, overtaken=True, last=True) == DONE
    assert (status(fhir), status(fhir, ENCOUNTER)) == ("fulfilled", "finished")


@pytest.mark.parametrize("chosen", [{"patient_connected": "arrived"}, {"encounter_status": True}])
def test_who_is_back_is_told_of_again_where_the_first_coming_may_have_moved_no_status(
    ehr: Parts, chosen: dict[str, Any]
) -> None:
    ehr.becomes(EhrKind.FHIR, **chosen)
    assert ehr.teller.abilities(KEY).repeats == set()
    ehr.becomes(EhrKind.FHIR, **chosen, encounter_periods=True)
    assert ehr.teller.abilities(KEY).repeats == {CONNECTED}


def test_an_audit_event_says_who_what_when_and_in_which_visit(fhir: Parts) -> None:
    at = utc_now().replace(microsecond=123_000)
    assert tell(fhir, PATIENT, DISCONNECTED, at=at) == DONE
    (event,) = events(fhir)
    moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert event["period"] == {"end": moment}
    assert event["agent"] == [{"who": {"reference": "Patient/ePatientOne1"}, "requestor": True}]
    assert event["subtype"][0]["code"] == "disconnected"
    assert event["entity"] == [
        {"what": {"reference": APPOINTMENT}, "name": event_id(fhir.event(PATIENT, DISCONNECTED))}
    ]
    other = EhrUser("PROV1", "1")
    assert tell(fhir, PATIENT, WAITING, user=other, references={}) == DONE
    event = next(one for one in events(fhir) if one["subtype"][0]["code"] == "waiting")
    assert event["agent"][0]["who"] == {"identifier": {"value": "PROV1"}}
    assert event["entity"][0]["what"] == {"identifier": {"value": "910001"}}


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("AuditEvent", "POST"),
        ("Encounter", "GET"),
        ("Encounter", "PUT"),
        ("Appointment", "GET"),
        ("Appointment", "PUT"),
    ],
)
@pytest.mark.parametrize("rule", [{"status": 503}, {"drop": True, "after": True}, {"status": 423}])
def test_a_write_that_fails_is_made_later_and_no_other_twice(
    fhir: Parts, method: str, path: str, rule: dict[str, Any]
) -> None:
    message = fhir.event(PROVIDER, CONNECTED)
    if path == "Appointment":
        message = fhir.event(PATIENT, CONNECTED)
    fhir.fault(f"FHIR/R4/{path}", method=method, times=1, **rule)
    first = fhir.teller.tell(KEY, message)
    assert (first.delivered, first.retry) == (False, rule.get("status") != 423)
    for _ in range(2):
        assert fhir.teller.tell(KEY, message) == DONE
    assert [event["entity"][0]["name"] for event in events(fhir)] == [event_id(message)]
    changed = APPOINTMENT if path == "Appointment" else ENCOUNTER
    history = fhir.resource(f"{changed}/_history")["entry"]
    assert len(history) == 2


def test_a_server_that_made_it_twice_is_told_no_third_time(fhir: Parts) -> None:
    assert tell(fhir, PATIENT, WAITING) == DONE
    (event,) = events(fhir)
    fhir.fhir("POST", "AuditEvent", json={name: event[name] for name in event if name != "id"}).raise_for_status()
    assert tell(fhir, PATIENT, WAITING) == DONE
    assert len(events(fhir)) == 2


def test_what_somebody_else_wrote_meanwhile_is_kept(ehr: Parts) -> None:
    """The first write meets another version; what is written then is made from what the other left."""
    ehr.becomes(EhrKind.FHIR, patient_connected="arrived")
    real = ehr.teller

    class Interfering:
        """Between our read and our write somebody else writes, a number of times."""

        def __init__(self, times: int) -> None:
            self.times = times

        def send(self, request: Any) -> None:
            if request.method == "PUT" and self.times > 0:
                self.times -= 1
                appointment = ehr.resource(APPOINTMENT)
                changed = appointment | {"description": f"left {self.times}"}
                ehr.fhir("PUT", APPOINTMENT, json=changed).raise_for_status()

    other = Interfering(2)
    ehr.http.event_hooks = {"request": [other.send], "response": []}
    try:
        assert real.tell(KEY, ehr.event(PATIENT, CONNECTED)) == DONE
        appointment = ehr.resource(APPOINTMENT)
        assert (appointment["status"], appointment["description"]) == ("arrived", "left 0")
        ehr.becomes(EhrKind.FHIR, patient_connected="checked-in")
        other.times = 99
        told = real.tell(KEY, ehr.event(PATIENT, CONNECTED))
        assert told == Told(delivered=False, retry=True, reason="HTTP 412")
        assert other.times == 95
    finally:
        ehr.http.event_hooks = {"request": [], "response": []}


def test_the_appointment_is_found_by_the_session_id(ehr: Parts) -> None:
    ehr.becomes(EhrKind.FHIR, patient_connected="arrived", encounter_status=True)
    assert tell(ehr, PATIENT, CONNECTED, references={}) == DONE
    assert (status(ehr), status(ehr, ENCOUNTER)) == ("arrived", "arrived")
    system = ehr.resource(APPOINTMENT)["identifier"][0]["system"]
    ehr.becomes(EhrKind.FHIR, patient_connected="checked-in", identifier_system=system)
    assert tell(ehr, PATIENT, CONNECTED, references={"appointment": "../Patient/x"}) == DONE
    assert status(ehr) == "checked-in"
    ehr.becomes(EhrKind.FHIR, patient_connected="checked-in", identifier_system="urn:other")
    assert tell(ehr, PATIENT, CONNECTED, references={}) == Told(delivered=False, reason="Appointment not found")


def test_a_session_id_is_searched_for_as_it_is(ehr: Parts) -> None:
    """FHIR R4, "Escaping Search Parameters": else `a,910001` finds the appointment of somebody else."""
    asked: list[str] = []
    ehr.becomes(EhrKind.FHIR, patient_connected="arrived", identifier_system="urn:a,b")

    def ask(request: httpx.Request) -> None:
        asked.extend(request.url.params.get_list("identifier"))

    ehr.http.event_hooks = {"request": [ask], "response": []}
    try:
        tell(ehr, PATIENT, CONNECTED, references={}, session_id=r"a,910001|c$d\e")
        ehr.becomes(EhrKind.FHIR, patient_connected="arrived")
        tell(ehr, PATIENT, CONNECTED, references={}, session_id="a,910001")
    finally:
        ehr.http.event_hooks = {"request": [], "response": []}
    assert asked == [r"urn:a\,b|a\,910001\|c\$d\\e", r"a\,910001"]


def test_where_there_are_two_neither_is_written(ehr: Parts) -> None:
    ehr.becomes(EhrKind.FHIR, patient_connected="arrived")
    appointment = ehr.resource(APPOINTMENT)
    copy = {name: value for name, value in appointment.items() if name not in {"id", "meta"}}
    ehr.fhir("POST", "Appointment", json=copy).raise_for_status()
    assert tell(ehr, PATIENT, CONNECTED, references={}) == Told(delivered=False, reason="Appointment not unique")
    assert status(ehr) == "booked"


@pytest.mark.parametrize(
    ("chosen", "state"),
    [
        ({"patient_connected": "arrived"}, CONNECTED),
        ({"appointment_fulfilled": True}, DISCONNECTED),
        ({"encounter_status": True}, CONNECTED),
        ({"encounter_finished": True}, DISCONNECTED),
    ],
)
def test_never_the_wrong_patient(ehr: Parts, chosen: dict[str, Any], state: State) -> None:
    ehr.becomes(EhrKind.FHIR, **chosen)
    for stranger in (EhrUser("ePatientTwo2", "Patient"), EhrUser("Z900001", "2"), EhrUser("ePatientOne1", "Person")):
        told = tell(ehr, PATIENT, state, user=stranger, last=state is DISCONNECTED)
        assert (told.delivered, told.retry) == (False, False)
        assert told.reason in {"not in the appointment", "not the encounter's patient"}
    assert (status(ehr), status(ehr, ENCOUNTER)) == ("booked", "planned")


def test_a_clinician_has_one_period_from_the_first_connect_to_the_last_disconnect(ehr: Parts) -> None:
    ehr.becomes(EhrKind.FHIR, encounter_periods=True)
    start = utc_now().replace(microsecond=0)

    def period() -> dict[str, str]:
        (mine,) = ehr.resource(ENCOUNTER)["participant"]
        return dict(mine["period"])

    def moment(minutes: int) -> str:
        return (start + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    for state, minutes in ((CONNECTED, 0), (DISCONNECTED, 5), (CONNECTED, 7)):
        assert tell(ehr, PROVIDER, state, at=start + timedelta(minutes=minutes)) == DONE
    assert period() == {"start": moment(0)}
    assert tell(ehr, PROVIDER, DISCONNECTED, at=start + timedelta(minutes=20)) == DONE
    for state, minutes in ((CONNECTED, 8), (DISCONNECTED, 9), (CONNECTED, -3)):
        assert tell(ehr, PROVIDER, state, at=start + timedelta(minutes=minutes)) == DONE
    assert period() == {"start": moment(-3), "end": moment(20)}


def test_who_has_no_practitioner_s_reference_has_no_period(ehr: Parts) -> None:
    ehr.becomes(EhrKind.FHIR, encounter_periods=True)
    told = tell(ehr, PROVIDER, CONNECTED, user=EhrUser("PROV1", "1"))
    assert told == Told(delivered=False, reason="no practitioner")


def test_the_meeting_s_address_stands_in_the_appointment_once(fhir: Parts) -> None:
    appointment = fhir.resource(APPOINTMENT)
    foreign = {"url": "urn:other", "valueString": "kept"}
    fhir.fhir("PUT", APPOINTMENT, json=appointment | {"extension": [foreign]}).raise_for_status()
    for url in ("https://teams.example/1", "https://teams.example/1", "https://teams.example/2"):
        assert tell(fhir, MEETING, State.OPENED, join_url=url) == DONE
    first, service = fhir.resource(APPOINTMENT)["extension"]
    assert first == foreign
    assert service["url"] == EXTENSION
    parts = {one["url"]: one for one in service["extension"]}
    assert parts["address"]["valueUrl"] == "https://teams.example/2"
    assert parts["channelType"]["valueCoding"] == {
        "system": "http://hl7.org/fhir/virtual-service-type",
        "code": "ms-teams",
    }
    assert len(fhir.resource(f"{APPOINTMENT}/_history")["entry"]) == 4
    assert events(fhir) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"status": 404}, Told(delivered=False, reason="HTTP 404")),
        ({"status": 403}, Told(delivered=False, reason="HTTP 403")),
        ({"status": 302, "headers": {"Location": "https://x.example/"}}, Told(delivered=False, reason="HTTP 302")),
        ({"status": 200, "body": "<html>"}, Told(delivered=False, retry=True, reason="200 without JSON", down=True)),
        ({"status": 200, "body": {"resourceType": "Patient"}},
         Told(delivered=False, reason="not a resource of type Appointment")),
        ({"status": 200, "body": {"resourceType": "Appointment", "status": "booked"}},
         Told(delivered=False, reason="no version")),
        ({"status": 200, "body": {"resourceType": "Appointment", "meta": {"versionId": "1"}, "status": [],
          "participant": [{"actor": {"reference": "Patient/ePatientOne1"}}, 7]}},
         Told(delivered=False, reason="appointment has no known status")),
        ({"status": 200, "body": {"resourceType": "Appointment", "meta": {"versionId": "1"}, "participant": {"a": 1}}},
         Told(delivered=False, reason="not in the appointment")),
    ],
)  # fmt: skip
def test_an_odd_answer_is_an_answer(ehr: Parts, rule: dict[str, Any], told: Told) -> None:
    ehr.becomes(EhrKind.FHIR, patient_connected="arrived")
    ehr.fault("FHIR/R4/Appointment", method="GET", **rule)
    assert tell(ehr, PATIENT, CONNECTED) == told


def test_trying_it_out_writes_nothing(ehr: Parts) -> None:
    for chosen, path in (
        ({"patient_connected": "arrived"}, "Appointment"),
        ({"encounter_periods": True}, "Encounter"),
        ({"audit_event": True}, "AuditEvent"),
    ):
        ehr.becomes(EhrKind.FHIR, **chosen)
        assert ehr.teller.try_out(KEY) == DONE
        ehr.fault(f"FHIR/R4/{path}", status=403)
        assert ehr.teller.try_out(KEY) == Told(delivered=False, reason="HTTP 403")
    ehr.control.delete("/control/faults").raise_for_status()
    assert events(ehr) == []


def test_a_message_of_another_kind_of_id_is_no_path(ehr: Parts) -> None:
    ehr.becomes(EhrKind.FHIR, virtual_service=True)
    message: StatusMessage = ehr.event(
        MEETING,
        State.OPENED,
        references={"appointment": "a/../../b"},
        session_id="910001&x=y",
        join_url="https://t.example",
    )
    assert ehr.teller.tell(KEY, message) == Told(delivered=False, reason="Appointment not found")
