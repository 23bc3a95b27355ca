"""What Graph knows after a call: attendance reports of a meeting, call records of a tenant. Both v1.0.

Attendance reports need `OnlineMeetingArtifact.Read.All` and an application access policy, call records
`CallRecords.Read.All`, which no policy narrows: so of a call record on the list nothing is kept but its id and its
meeting, and names and addresses are never taken out of anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from shared.errors import ConnectorError
from shared.identifiers import TenantKey
from shared.microsoft.graph import Graph, checked
from shared.microsoft.reading import identity, lowered, moment, objects
from shared.presence.model import Source
from shared.settings import Settings
from shared.visits.model import Meeting
from shared.visits.reconcile import Listed
from shared.visits.report import Attended, Interval, Report
from shared.visits.who import Identity, IdentityKind

_MOST_PAGES = 500
_OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEXT = "@odata.nextlink"


class GraphReports:
    """The real Reports."""

    def __init__(self, graph: Graph, settings: Settings) -> None:
        self._graph = graph
        self._v1 = str(settings.graph_base_url).rstrip("/")

    def attendance(self, tenant: TenantKey, meeting: Meeting, since: datetime) -> Sequence[Report]:
        """One report for each time that the meeting was held; none where Teams policies switch them off."""
        meeting_id = quote(meeting.meeting_id, safe="")
        url = f"{self._v1}/users/{meeting.organizer}/onlineMeetings/{meeting_id}/attendanceReports"
        reports: list[Report] = []
        for listed in list(self._collection(tenant, url)):
            ended = moment(listed.get("meetingenddatetime"))
            if isinstance(listed.get("id"), str) and (ended is None or ended >= since):
                report_url = f"{url}/{quote(listed['id'], safe='')}?$expand=attendanceRecords"
                whole = self._whole(tenant, report_url, "attendancerecords")
                report = _attendance_report(whole) if whole else None
                reports += [report] if report else []
        return reports

    def records(self, tenant: TenantKey, since: datetime, until: datetime) -> Sequence[Listed]:
        """The call records of the tenant on calls that began in that time: of each, its id and its meeting."""
        between = f"startDateTime ge {since:%Y-%m-%dT%H:%M:%SZ} and startDateTime lt {until:%Y-%m-%dT%H:%M:%SZ}"
        url = f"{self._v1}/communications/callRecords?$filter={quote(between, safe='')}"
        found = ((one.get("id"), one.get("joinweburl")) for one in self._collection(tenant, url))
        return [Listed(name, where) for name, where in found if isinstance(name, str) and isinstance(where, str)]

    def record(self, tenant: TenantKey, record_id: str) -> Report | None:
        """One call record with all its sessions; None if there is none such yet, or none any more."""
        url = f"{self._v1}/communications/callRecords/{quote(record_id, safe='')}?$expand=sessions"
        whole = self._whole(tenant, url, "sessions")
        return _call_record(whole) if whole else None

    def _whole(self, tenant: TenantKey, url: str, member: str) -> dict[str, Any] | None:
        """A resource with all pages of one expanded member, or None if it is not there."""
        resource = self._read(tenant, url)
        if resource is None:
            return None
        following = resource.get(f"{member}{_NEXT}")
        rest = self._collection(tenant, self._ours(following)) if following else ()
        return {**resource, member: [*objects(resource.get(member)), *rest]}

    def _collection(self, tenant: TenantKey, url: str) -> Iterator[dict[str, Any]]:
        """Everything in a collection, page after page; nothing if it is not there."""
        following: object = url
        for _ in range(_MOST_PAGES):
            page = self._read(tenant, self._ours(following))
            yield from objects((page or {}).get("value"))
            following = (page or {}).get(_NEXT)
            if not following:
                return
        raise ConnectorError("microsoft_unavailable")

    def _ours(self, url: object) -> str:
        """A URL that Graph gave for the next page. The token goes nowhere but to Graph."""
        if not isinstance(url, str) or not url.startswith(f"{self._v1}/"):
            raise ConnectorError("microsoft_unavailable")
        return url

    def _read(self, tenant: TenantKey, url: str) -> dict[str, Any] | None:
        answer = self._graph.send(tenant.tenant, "GET", url)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found: dict[str, Any] = lowered(checked(answer))
        return found


def _attendance_report(report: Mapping[str, Any]) -> Report | None:
    records = objects(report.get("attendancerecords"))
    attended = tuple(
        Attended(_attendee(one.get("identity")), _intervals(one.get("attendanceintervals"), "join", "leave"))
        for one in records
    )
    return _report(Source.ATTENDANCE_REPORT, report, "meeting", attended)


def _call_record(record: Mapping[str, Any]) -> Report | None:
    sessions = objects(record.get("sessions"))
    attended = tuple(
        Attended(who, _intervals([one], "start", "end"))
        for one in sessions
        if (who := _caller(one.get("caller"))) is not None
    )
    return _report(Source.CALL_RECORD, record, "", attended)


def _report(source: Source, whole: Mapping[str, Any], prefix: str, attended: tuple[Attended, ...]) -> Report | None:
    """The report; where it does not say from when to when, those who were there do."""
    intervals = [interval for one in attended for interval in one.intervals]
    start = moment(whole.get(f"{prefix}startdatetime")) or min((one.start for one in intervals), default=None)
    end = moment(whole.get(f"{prefix}enddatetime")) or max((one.end for one in intervals), default=None)
    return Report(source, start, end, attended) if start and end else None


def _intervals(value: object, start: str, end: str) -> tuple[Interval, ...]:
    """Times of coming and going; one without either is none (Graph tells of such, with a length of 0)."""
    pairs = ((moment(one.get(f"{start}datetime")), moment(one.get(f"{end}datetime"))) for one in objects(value))
    return tuple(Interval(came, went) for came, went in pairs if came and went and came < went)


def _attendee(value: object) -> Identity:
    """Who an attendance record is about. Only an object id is an account's: guests have other ids, or none."""
    who = value if isinstance(value, dict) else {}
    object_id = str(who.get("id") or "").lower()
    if _OBJECT_ID.fullmatch(object_id):
        return Identity(IdentityKind.USER, object_id, str(who.get("tenantid") or "").lower())
    return Identity(IdentityKind.GUEST)


def _caller(value: object) -> Identity | None:
    """Whose session of a meeting it is; None if the caller is no participant."""
    caller = value if isinstance(value, dict) else {}
    kinds, associated = caller.get("identity"), caller.get("associatedidentity")
    if not isinstance(kinds, dict) and not isinstance(associated, dict):
        return None
    found = identity(kinds)
    return _attendee(associated) if found.kind is IdentityKind.GUEST else found
