"""Attendance reports and call records as the connector reads them: pages, versions, doubles, and what it may not."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import ConnectorError
from shared.identifiers import TenantKey
from shared.presence.model import Source
from shared.visits.model import Meeting
from shared.visits.report import Attended, Interval, Report
from shared.visits.who import Identity, IdentityKind
from tests.contract.graph.parts import NO_POLICY, ONE, Parts
from tests.support.connections import TENANT
from tests.support.connector import OTHER_TENANT_ID, USERS

START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
LONG_AGO = START - timedelta(days=1)
CLINICIAN = Identity(IdentityKind.USER, ONE, TENANT.tenant)
GUEST = Identity(IdentityKind.GUEST)
SECOND = {"oid": str(USERS["clinician-two"]["oid"])}
ACCOUNT, VISITOR = {"oid": ONE}, {"guest": "Markername"}


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def held(microsoft: Parts, *, begun: float = 0, guests: int = 1) -> Meeting:
    """A meeting in which a call has been held: the clinician from minute 0 to 10, and guests from 2 to 9."""
    meeting = microsoft.meeting()
    call(microsoft, meeting, begun=begun, guests=guests)
    return meeting


def call(microsoft: Parts, meeting: Meeting, *, begun: float = 0, guests: int = 1) -> None:
    microsoft.act(meeting, "join", ACCOUNT, at(begun))
    for number in range(guests):
        who = {"guest": f"Markername {number}"}
        microsoft.act(meeting, "join", who, at(begun + 1))
        microsoft.act(meeting, "admit", who, at(begun + 2))
    for number in range(guests):
        microsoft.act(meeting, "leave", {"guest": f"Markername {number}"}, at(begun + 9))
    microsoft.act(meeting, "leave", ACCOUNT, at(begun + 10))


def made(microsoft: Parts, meeting: Meeting, **how: object) -> list[str]:
    """The reports are there; the ids of the call records."""
    answer = microsoft.control.post(f"/control/meetings/{meeting.meeting_id}/reports", json=how)
    return list(answer.raise_for_status().json()["calls"])


def tuned(microsoft: Parts, **how: object) -> None:
    microsoft.control.post("/control/notifications", json=how).raise_for_status()


def who(report: Report | None) -> dict[IdentityKind, list[Interval]]:
    assert report is not None
    found: dict[IdentityKind, list[Interval]] = {}
    for one in report.attended:
        found.setdefault(one.identity.kind, []).extend(one.intervals)
    return found


def test_an_attendance_report_tells_who_was_there_without_names(microsoft: Parts) -> None:
    meeting = held(microsoft)
    assert microsoft.reports.attendance(TENANT, meeting, LONG_AGO) == []
    made(microsoft, meeting)
    (report,) = microsoft.reports.attendance(TENANT, meeting, LONG_AGO)
    assert (report.source, report.start, report.end) == (Source.ATTENDANCE_REPORT, at(0), at(10))
    assert set(report.attended) == {
        Attended(CLINICIAN, (Interval(at(0), at(10)),)),
        Attended(GUEST, (Interval(at(2), at(9)),)),
    }
    assert "Markername" not in repr(report)


def test_every_page_and_every_call_of_a_meeting_is_read(microsoft: Parts) -> None:
    tuned(microsoft, reportPage=2)
    meeting = held(microsoft, guests=4)
    for begun in (20, 40, 60):
        call(microsoft, meeting, begun=begun)
    made(microsoft, meeting)
    reports = microsoft.reports.attendance(TENANT, meeting, LONG_AGO)
    assert sorted(len(report.attended) for report in reports) == [2, 2, 2, 5]
    assert sorted(report.end for report in reports) == [at(10), at(30), at(50), at(70)]


def test_reports_on_calls_of_before_are_not_opened(microsoft: Parts) -> None:
    meeting = held(microsoft)
    call(microsoft, meeting, begun=20)
    made(microsoft, meeting)
    before = microsoft.requests("/attendanceReports")
    (report,) = microsoft.reports.attendance(TENANT, meeting, at(15))
    assert report.end == at(30)
    assert microsoft.requests("/attendanceReports") == before + 2


def test_where_a_policy_switches_reports_off_there_are_none(microsoft: Parts) -> None:
    tuned(microsoft, attendanceReports=False)
    meeting = held(microsoft)
    made(microsoft, meeting)
    assert microsoft.reports.attendance(TENANT, meeting, LONG_AGO) == []


def test_a_meeting_that_is_gone_has_no_reports(microsoft: Parts) -> None:
    assert microsoft.reports.attendance(TENANT, Meeting("gone", "https://x.example", ONE), LONG_AGO) == []


def test_what_is_refused_says_why(microsoft: Parts) -> None:
    with pytest.raises(ConnectorError) as refused:
        microsoft.reports.attendance(TENANT, Meeting("m", "https://x.example", NO_POLICY), LONG_AGO)
    assert refused.value.code == "meeting_access_policy"
    missing = {"error": {"code": "Forbidden", "message": "Missing role"}}
    microsoft.fault("/callRecords", status=403, body=missing)
    with pytest.raises(ConnectorError) as refused:
        microsoft.reports.records(TENANT, LONG_AGO, at(120))
    assert refused.value.code == "meeting_refused"


def test_throttled_it_is_said_for_how_long(microsoft: Parts) -> None:
    microsoft.fault("/callRecords", status=429, headers={"Retry-After": "40"})
    with pytest.raises(ConnectorError) as throttled:
        microsoft.reports.records(TENANT, LONG_AGO, at(120))
    assert (throttled.value.code, throttled.value.retry_after) == ("microsoft_throttled", 40)


def test_call_records_are_listed_page_by_page_by_the_time_of_their_call(microsoft: Parts) -> None:
    tuned(microsoft, reportPage=1)
    meeting = held(microsoft)
    for begun in (20, 40):
        call(microsoft, meeting, begun=begun)
    ids = made(microsoft, meeting)
    listed = microsoft.reports.records(TENANT, LONG_AGO, at(120))
    assert sorted(one.record_id for one in listed) == sorted(ids)
    assert all(one.is_of(meeting) for one in listed)
    assert len(microsoft.reports.records(TENANT, at(15), at(35))) == 1
    other = TenantKey(TENANT.geography, OTHER_TENANT_ID)
    assert microsoft.reports.records(other, LONG_AGO, at(120)) == []


def test_a_call_record_tells_who_was_there_without_names(microsoft: Parts) -> None:
    meeting = held(microsoft)
    (record,) = made(microsoft, meeting)
    report = microsoft.reports.record(TENANT, record)
    assert report is not None
    assert (report.source, report.start, report.end) == (Source.CALL_RECORD, at(0), at(10))
    # A session begins in the lobby.
    assert who(report) == {IdentityKind.USER: [Interval(at(0), at(10))], IdentityKind.GUEST: [Interval(at(1), at(9))]}
    assert "Markername" not in repr(report)


def test_all_sessions_of_a_call_record_are_read_and_doubles_do_no_harm(microsoft: Parts) -> None:
    tuned(microsoft, reportPage=2, duplicateSessions=True)
    meeting = held(microsoft, guests=3)
    (record,) = made(microsoft, meeting)
    found = who(microsoft.reports.record(TENANT, record))
    assert {kind: len(intervals) for kind, intervals in found.items()} == {
        IdentityKind.USER: 2,
        IdentityKind.GUEST: 6,
    }


def test_a_later_version_of_a_call_record_tells_more(microsoft: Parts) -> None:
    meeting = held(microsoft)
    (record,) = made(microsoft, meeting, partial=True)
    assert IdentityKind.GUEST not in who(microsoft.reports.record(TENANT, record))
    assert made(microsoft, meeting) == [record]
    assert IdentityKind.GUEST in who(microsoft.reports.record(TENANT, record))


def test_a_call_record_that_is_not_there_yet_is_none(microsoft: Parts) -> None:
    assert microsoft.reports.record(TENANT, "aaaaaaaa-0000-4000-8000-0000000000ff") is None


@pytest.mark.parametrize("following", ["https://elsewhere.example/v1.0/x", "http://localhost:1/graph/v1.0/x", 7])
def test_the_token_goes_to_no_other_address(microsoft: Parts, following: object) -> None:
    microsoft.fault("/callRecords", status=200, body={"value": [], "@odata.nextLink": following})
    with pytest.raises(ConnectorError) as refused:
        microsoft.reports.records(TENANT, LONG_AGO, at(120))
    assert refused.value.code == "microsoft_unavailable"


def test_pages_without_end_are_given_up(microsoft: Parts) -> None:
    endless = f"{microsoft.url}/graph/v1.0/communications/callRecords"
    microsoft.fault("/callRecords", status=200, body={"value": [], "@odata.nextLink": endless})
    with pytest.raises(ConnectorError) as refused:
        microsoft.reports.records(TENANT, LONG_AGO, at(120))
    assert refused.value.code == "microsoft_unavailable"


def interval(start: float, end: float) -> dict[str, Any]:
    return {"joinDateTime": at(start).isoformat(), "leaveDateTime": at(end).isoformat(), "durationInSeconds": 1}


ODD_RECORDS: list[dict[str, Any] | None] = [
    {"identity": {"id": ONE.upper(), "tenantId": None}, "attendanceIntervals": [interval(1, 2)]},
    {"identity": {"id": None, "displayName": "Markername"}, "attendanceIntervals": [interval(3, 4)]},
    {"identity": {"id": "8:acs:x_y", "displayName": "Markername"}, "attendanceIntervals": [interval(5, 6)]},
    {"identity": None, "attendanceIntervals": [{"joinDateTime": None, "leaveDateTime": None, "durationInSeconds": 0}]},
    {"attendanceIntervals": [interval(8, 7), {"joinDateTime": "soon"}, None]},
    {"identity": "x", "attendanceIntervals": None},
    None,
]


def test_odd_attendance_records_are_read_as_far_as_they_make_sense(microsoft: Parts) -> None:
    meeting = held(microsoft)
    made(microsoft, meeting)
    odd = {"id": "r", "attendanceRecords": ODD_RECORDS, "newMember": 1}
    microsoft.fault("expand=attendanceRecords", status=200, body=odd)
    (report,) = microsoft.reports.attendance(TENANT, meeting, LONG_AGO)
    assert (report.start, report.end) == (at(1), at(6)), "where it does not say from when to when, people do"
    assert [(one.identity, one.intervals) for one in report.attended if one.intervals] == [
        (Identity(IdentityKind.USER, ONE, ""), (Interval(at(1), at(2)),)),
        (GUEST, (Interval(at(3), at(4)),)),
        (GUEST, (Interval(at(5), at(6)),)),
    ]


def session(caller: object, start: float = 1, end: float = 2) -> dict[str, Any]:
    return {"caller": caller, "startDateTime": at(start).isoformat(), "endDateTime": at(end).isoformat()}


CALLERS: list[tuple[Mapping[str, Any] | None, Identity | None]] = [
    ({"identity": {"user": {"id": ONE, "tenantId": TENANT.tenant, "displayName": "Markername"}}}, CLINICIAN),
    ({"identity": {"user": None}, "associatedIdentity": {"id": ONE}}, Identity(IdentityKind.USER, ONE, "")),
    ({"identity": {"user": None}, "associatedIdentity": {"id": "teamsvisitor:1"}}, GUEST),
    ({"identity": {"phone": {"id": "+12025550171"}}}, GUEST),
    ({"identity": {"acsUser": {"id": "8:acs:x"}}}, GUEST),
    ({"identity": {"applicationInstance": {"id": "x"}}}, Identity(IdentityKind.APPLICATION)),
    ({"associatedIdentity": {"id": ONE}}, Identity(IdentityKind.USER, ONE, "")),
    ({"@odata.type": "#microsoft.graph.callRecords.serviceEndpoint"}, None),
    (None, None),
]


@pytest.mark.parametrize(("caller", "expected"), CALLERS)
def test_every_kind_of_caller_is_told_apart(
    microsoft: Parts, caller: Mapping[str, Any] | None, expected: Identity | None
) -> None:
    microsoft.fault("/callRecords/r", status=200, body={"id": "r", "sessions": [session(caller)], "version": 3})
    report = microsoft.reports.record(TENANT, "r")
    if expected is None:
        assert report is None
    else:
        assert report == Report(Source.CALL_RECORD, at(1), at(2), (Attended(expected, (Interval(at(1), at(2)),)),))
