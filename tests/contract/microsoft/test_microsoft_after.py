"""What Graph knows after a call: attendance reports, call records, and the notifications of these."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.microsoft.stand_in import (
    ONE,
    OTHER_TENANT,
    TWO,
    Json,
    Microsoft,
    Receiver,
    in_minutes,
)

RECORDS = "/communications/callRecords"
CLINICIAN, GUEST, LATE = {"oid": ONE}, {"guest": "Guest"}, {"guest": "never let in"}


@pytest.fixture
def held(microsoft: Microsoft, meeting: Json) -> Json:
    """A meeting in which a call has been held, an hour ago and for ten minutes."""
    start = datetime.now(UTC) - timedelta(hours=1)

    def at(minutes: float) -> str:
        return (start + timedelta(minutes=minutes)).isoformat()

    microsoft.act(meeting, "join", GUEST, at=at(0))
    microsoft.act(meeting, "join", CLINICIAN, at=at(1))
    microsoft.act(meeting, "admit", GUEST, at=at(2))
    microsoft.act(meeting, "join", LATE, at=at(3))
    microsoft.act(meeting, "leave", CLINICIAN, at=at(4))
    microsoft.act(meeting, "join", CLINICIAN, at=at(5))
    microsoft.act(meeting, "end", at=at(10))
    return meeting


def reports_path(meeting: Json) -> str:
    return f"/users/{ONE}/onlineMeetings/{meeting['id']}/attendanceReports"


def test_nothing_is_known_before_the_end(microsoft: Microsoft, meeting: Json) -> None:
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.control(f"meetings/{meeting['id']}/reports")
    assert microsoft.graph("GET", reports_path(meeting)).json()["value"] == []
    assert microsoft.graph("GET", RECORDS).json()["value"] == []


def test_the_attendance_report(microsoft: Microsoft, held: Json) -> None:
    made = microsoft.control(f"meetings/{held['id']}/reports")
    assert (len(made["calls"]), made["attendanceReports"]) == (1, 1)
    (listed,) = microsoft.graph("GET", reports_path(held)).json()["value"]
    assert listed["totalParticipantCount"] == 2
    assert "attendanceRecords" not in listed
    path = f"{reports_path(held)}/{listed['id']}"
    assert "attendanceRecords" not in microsoft.graph("GET", path).json()
    records = microsoft.graph("GET", path, params={"$expand": "attendanceRecords"}).json()["attendanceRecords"]
    assert microsoft.graph("GET", f"{path}/attendanceRecords").json()["value"] == records
    by_role = {record["role"]: record for record in records}
    assert by_role.keys() == {"Organizer", "Attendee"}
    organizer, guest = by_role["Organizer"], by_role["Attendee"]
    assert organizer["identity"]["id"] == ONE
    assert [each["durationInSeconds"] for each in organizer["attendanceIntervals"]] == [180, 300]
    assert organizer["totalAttendanceInSeconds"] == 480
    # The lobby is no attendance, and a guest is known by nothing but the name that was typed.
    assert [each["durationInSeconds"] for each in guest["attendanceIntervals"]] == [480]
    assert (guest["emailAddress"], guest["identity"]["displayName"]) == (None, "Guest")


def test_reports_come_by_themselves_and_once(microsoft: Microsoft, held: Json) -> None:
    microsoft.configure(reportsAfterMs=100)
    microsoft.act(held, "join", CLINICIAN)
    microsoft.act(held, "end")
    deadline = time.monotonic() + 5
    while not (found := microsoft.graph("GET", reports_path(held)).json()["value"]):
        assert time.monotonic() < deadline
    microsoft.control(f"meetings/{held['id']}/reports")
    # One for each time that the meeting was held: the second came by itself, the first was made now.
    assert len(found) == 1
    assert len(microsoft.graph("GET", reports_path(held)).json()["value"]) == 2
    assert len(microsoft.graph("GET", RECORDS).json()["value"]) == 2


def test_the_call_record(microsoft: Microsoft, held: Json) -> None:
    (call,) = microsoft.control(f"meetings/{held['id']}/reports")["calls"]
    record = microsoft.graph("GET", f"{RECORDS}/{call}").json()
    assert record["joinWebUrl"] == held["joinWebUrl"]
    assert (record["type"], record["version"]) == ("groupCall", 1)
    assert record["organizer_v2"]["id"] == ONE
    assert not record.keys() & {"organizer", "participants", "sessions", "participants_v2"}
    expand = {"$expand": "participants_v2,sessions($expand=segments)"}
    full = microsoft.graph("GET", f"{RECORDS}/{call}", params=expand).json()
    assert len(full["participants_v2"]) == 2
    assert len(full["sessions"]) == 3
    callers = [each["caller"]["associatedIdentity"]["displayName"] for each in full["sessions"]]
    assert callers.count("Guest") == 1
    assert all(each["segments"] for each in full["sessions"])
    people = microsoft.graph("GET", f"{RECORDS}/{call}/participants_v2").json()["value"]
    assert people == full["participants_v2"]
    assert {next(iter(each["identity"])) for each in people} == {"user", "guest"}
    sessions = microsoft.graph("GET", f"{RECORDS}/{call}/sessions").json()["value"]
    assert all("segments" not in each for each in sessions)


def test_call_records_are_listed_by_time_and_participant(microsoft: Microsoft, held: Json) -> None:
    microsoft.control(f"meetings/{held['id']}/reports")

    def found(expression: str) -> int:
        answer = microsoft.graph("GET", RECORDS, params={"$filter": expression})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["value"])

    assert found(f"startDateTime ge {in_minutes(-70)} and startDateTime lt {in_minutes(-50)}") == 1
    assert found(f"startDateTime ge {in_minutes(-50)}") == 0
    assert found(f"participants_v2/any(p:p/id eq '{ONE}')") == 1
    assert found(f"participants_v2/any(p:p/id eq '{TWO}')") == 0
    for query in ({"$filter": "joinWebUrl eq 'x'"}, {"$expand": "sessions"}):
        assert microsoft.graph("GET", RECORDS, params=query).status_code == 400


def test_another_tenant_sees_none_of_it(microsoft: Microsoft, held: Json) -> None:
    (call,) = microsoft.control(f"meetings/{held['id']}/reports")["calls"]
    assert microsoft.graph("GET", f"{RECORDS}/{call}", tenant=OTHER_TENANT).status_code == 404
    assert microsoft.graph("GET", RECORDS, tenant=OTHER_TENANT).json()["value"] == []
    assert microsoft.graph("GET", f"{reports_path(held)}/nothing").status_code == 404


def test_a_new_call_record_is_told(microsoft: Microsoft, held: Json, receiver: Receiver) -> None:
    body = {
        "changeType": "created,updated",
        "notificationUrl": receiver.url,
        "lifecycleNotificationUrl": receiver.lifecycle_url,
        "resource": "communications/callRecords",
        "expirationDateTime": in_minutes(4000),
        "clientState": "records",
    }
    assert microsoft.graph("POST", "/subscriptions", body).status_code == 201
    assert microsoft.graph("POST", "/subscriptions", body).status_code == 409
    (call,) = microsoft.control(f"meetings/{held['id']}/reports")["calls"]
    microsoft.wait()
    (item,) = receiver.items
    assert (item["changeType"], item["resource"]) == ("created", f"communications/callRecords/{call}")
    assert item["resourceData"]["id"] == call
    assert "encryptedContent" not in item


def test_pages_are_followed_by_their_links(microsoft: Microsoft, held: Json) -> None:
    microsoft.configure(reportPage=1)
    (call,) = microsoft.control(f"meetings/{held['id']}/reports")["calls"]
    whole = microsoft.graph("GET", f"{RECORDS}/{call}", params={"$expand": "sessions"}).json()
    found = list(whole["sessions"])
    following = whole["sessions@odata.nextLink"]
    while following:
        page = microsoft.graph("GET", following.partition("/graph/v1.0")[2]).json()
        found += page["value"]
        following = page.get("@odata.nextLink")
    assert len({each["id"] for each in found}) == 3
    (listed,) = microsoft.graph("GET", RECORDS).json()["value"]
    assert listed["id"] == call


def test_a_call_record_comes_in_versions_and_with_doubles(microsoft: Microsoft, held: Json) -> None:
    def sessions() -> tuple[int, int]:
        record = microsoft.graph("GET", f"{RECORDS}/{call}", params={"$expand": "sessions"}).json()
        return record["version"], len(record["sessions"])

    (call,) = microsoft.control(f"meetings/{held['id']}/reports", {"partial": True})["calls"]
    assert sessions() == (1, 2)
    microsoft.configure(duplicateSessions=True)
    microsoft.control(f"meetings/{held['id']}/reports")
    assert sessions() == (2, 6)
    microsoft.control(f"meetings/{held['id']}/reports", {"partial": True})
    assert sessions() == (2, 6)


def test_reports_can_be_switched_off(microsoft: Microsoft, held: Json) -> None:
    microsoft.configure(attendanceReports=False)
    microsoft.control(f"meetings/{held['id']}/reports")
    assert microsoft.graph("GET", reports_path(held)).json()["value"] == []
    assert len(microsoft.graph("GET", RECORDS).json()["value"]) == 1
