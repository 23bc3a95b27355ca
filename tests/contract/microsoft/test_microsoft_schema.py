"""What the pretend Graph answers and sends is valid against the description of Graph, where that is at hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.contract.microsoft.stand_in import (
    ONE,
    TWO,
    Certificate,
    Json,
    Microsoft,
    Receiver,
    in_minutes,
    subscription_body,
)

DESCRIPTION = Path(__file__).resolve().parents[4] / "shared" / "reference" / "graph-v1-subset.yaml"
Valid = Callable[[str, Any], None]


@pytest.fixture(scope="session")
def valid() -> Valid:
    """Checks a value against a schema of the description."""
    if not DESCRIPTION.is_file():
        pytest.skip("the description of Graph is not at hand beside this repository")
    description = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))

    def check(name: str, value: Any) -> None:
        assert name in description["components"]["schemas"]
        schema = {**description, "$ref": f"#/components/schemas/{name}"}
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
        assert errors == []

    return check


def test_a_visit_conforms(valid: Valid, microsoft: Microsoft, receiver: Receiver, certificate: Certificate) -> None:
    create = {"externalId": "a", "subject": "Visit", "startDateTime": in_minutes(1)}
    valid("onlineMeeting.createOrGet.Request", create)
    path = f"/users/{ONE}/onlineMeetings"
    meeting = microsoft.graph("POST", f"{path}/createOrGet", create).json()
    valid("microsoft.graph.onlineMeeting", meeting)
    attendee = {"upn": None, "identity": {"user": {"id": TWO}}, "role": "coorganizer"}
    change = {
        "lobbyBypassSettings": {"scope": "organization", "isDialInBypassEnabled": False},
        "participants": {"attendees": [attendee]},
    }
    valid("onlineMeeting.Update.Request", change)
    valid("microsoft.graph.onlineMeeting", microsoft.graph("PATCH", f"{path}/{meeting['id']}", change).json())
    body = subscription_body(meeting, receiver, certificate)
    # The one exception: a receiver on the same machine may do without TLS.
    secure = {name: str(value).replace("http://", "https://") for name, value in body.items() if "Url" in name}
    valid("subscription.Create.Request", {**body, **secure})
    made = microsoft.graph("POST", "/subscriptions", body, version="beta").json()
    valid("microsoft.graph.subscription", made)
    for act, person in (("join", {"oid": ONE}), ("join", {"guest": "Guest"}), ("admit", {"guest": "Guest"})):
        microsoft.act(meeting, act, person)
    microsoft.act(meeting, "end")
    microsoft.wait()
    for notification in receiver.bodies:
        valid("microsoft.graph.changeNotificationCollection", notification)
    for item in receiver.items:
        event = certificate.decrypt(item)
        for participant in event.get("participants@delta", []):
            valid("microsoft.graph.participant", participant)


def test_reports_and_records_conform(valid: Valid, microsoft: Microsoft, meeting: Json) -> None:
    microsoft.act(meeting, "join", {"oid": ONE})
    for label in ("one", "two", "three"):
        microsoft.act(meeting, "join", {"guest": label})
        microsoft.act(meeting, "admit", {"guest": label})
    microsoft.act(meeting, "end")
    (call,) = microsoft.control(f"meetings/{meeting['id']}/reports")["calls"]
    path = f"/users/{ONE}/onlineMeetings/{meeting['id']}/attendanceReports"
    (report,) = microsoft.graph("GET", path).json()["value"]
    valid("microsoft.graph.meetingAttendanceReport", report)
    full = microsoft.graph("GET", f"{path}/{report['id']}", params={"$expand": "attendanceRecords"}).json()
    assert len(full["attendanceRecords"]) == 4
    valid("microsoft.graph.meetingAttendanceReport", full)
    expand = {"$expand": "participants_v2,sessions($expand=segments)"}
    record = microsoft.graph("GET", f"/communications/callRecords/{call}", params=expand).json()
    assert len(record["sessions"]) == 4
    valid("microsoft.graph.callRecords.callRecord", record)


def test_call_events_of_the_released_version_conform(
    valid: Valid, microsoft: Microsoft, receiver: Receiver, certificate: Certificate, meeting: Json
) -> None:
    microsoft.configure(generation="call-event-type")
    body = subscription_body(meeting, receiver, certificate)
    microsoft.graph("POST", "/subscriptions", body, version="beta")
    microsoft.act(meeting, "join", {"oid": ONE})
    microsoft.act(meeting, "end")
    microsoft.wait()
    events = [certificate.decrypt(item) for item in receiver.items]
    assert len(events) == 4
    for event in events:
        valid("microsoft.graph.callEvent", event)


def test_errors_conform(valid: Valid, microsoft: Microsoft) -> None:
    answers = [
        microsoft.graph("GET", "/subscriptions", token="none"),
        microsoft.graph("GET", "/nothing"),
        microsoft.graph("POST", f"/users/{ONE}/onlineMeetings/createOrGet", {}),
        microsoft.graph("POST", "/subscriptions", {}),
        microsoft.graph("GET", f"/users/{ONE}/onlineMeetings/nothing"),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500
        valid("odata.error", answer.json())


@pytest.mark.parametrize(
    "name", ["onlineMeeting.createOrGet.Request", "onlineMeeting.Update.Request", "subscription.Create.Request"]
)
def test_every_member_of_a_request_is_known_here_too(valid: Valid, microsoft: Microsoft, name: str) -> None:
    """The stand-in's own copy of the rules refuses unknown members: it must know each that Graph takes."""
    valid("odata.error", {"error": {"code": "x", "message": "y"}})
    description = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    members = description["components"]["schemas"][name]["properties"]
    meeting = microsoft.create_or_get()
    path, method = {
        "onlineMeeting.createOrGet.Request": (f"/users/{ONE}/onlineMeetings/createOrGet", "POST"),
        "onlineMeeting.Update.Request": (f"/users/{ONE}/onlineMeetings/{meeting['id']}", "PATCH"),
        "subscription.Create.Request": ("/subscriptions", "POST"),
    }[name]
    required = description["components"]["schemas"][name].get("required", [])
    filled = dict.fromkeys(required, in_minutes(10))
    for member in members:
        # The first member that is wrong is the one that the answer names.
        answer = microsoft.graph(method, path, {member: 12345, **{k: v for k, v in filled.items() if k != member}})
        assert answer.status_code == 400
        assert f"'{member}' does not exist" not in answer.text, member
        assert member in answer.text
