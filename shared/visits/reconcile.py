"""Reconcile: after the call, Microsoft is asked who was there, and what no event told is added."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from shared.clock import Clock
from shared.errors import ConnectorError, name_of
from shared.identifiers import TenantKey, VisitKey
from shared.presence.model import Source
from shared.telemetry import Event, log
from shared.visits.attendance import Attendance
from shared.visits.model import Meeting, Phase, Visit
from shared.visits.ports import ConflictError, VisitStore
from shared.visits.report import TOLERANCE, Interval, Report, merged
from shared.visits.rounds import Rounds
from shared.visits.schedule import Schedule, known_end
from shared.visits.tries import tries

_REST = timedelta(minutes=5)
_LONGEST_REST = timedelta(hours=1)
_ROUND = timedelta(minutes=3)
"""So long a round goes on with what is left: a function may run for five minutes (host.json)."""
_APART = timedelta(hours=1)
"""Spans of time that lie closer together are asked for as one."""
_SAID_FOR = timedelta(days=1)
_NEEDS = {
    Source.ATTENDANCE_REPORT: "consent to OnlineMeetingArtifact.Read.All, and an application access policy",
    Source.CALL_RECORD: "consent to CallRecords.Read.All",
}
_REFUSED = frozenset({"no_consent", "meeting_access_policy", "meeting_refused"})


@dataclass(frozen=True)
class Listed:
    """A call record on the list of its tenant: just enough to know whether it is of a meeting of ours."""

    record_id: str
    join_url: str

    def is_of(self, meeting: Meeting) -> bool:
        """Whether it is of that meeting. Graph encodes the URL more than once, or the host in capitals."""
        return _comparable(self.join_url) == _comparable(meeting.join_url)


class Reports(Protocol):
    """What Microsoft knows after a call. Every method may raise ConnectorError."""

    def attendance(self, tenant: TenantKey, meeting: Meeting, since: datetime) -> Sequence[Report]:
        """The attendance reports of a meeting on calls that ended since then; none is fine."""
        ...

    def records(self, tenant: TenantKey, since: datetime, until: datetime) -> Sequence[Listed]:
        """The call records of a whole tenant on calls that began in that time."""
        ...

    def record(self, tenant: TenantKey, record_id: str) -> Report | None:
        """One call record; None if it is not there yet or not any more."""
        ...


@dataclass(frozen=True)
class Reconcile:
    """What reconcile works with. Which tenants rest is known to this process alone."""

    visits: VisitStore
    rounds: Rounds
    reports: Reports
    attendance: Attendance
    schedule: Schedule
    now: Clock
    _until: dict[TenantKey, datetime] = field(default_factory=dict)
    _said: dict[tuple[TenantKey, Source], datetime] = field(default_factory=dict)

    def run(self) -> int:
        """Ask about every visit of which it is time; how many that were.

        Tenants are asked side by side. One of which nothing can be had now is left alone for a while, and the others
        go on. What does not fit into the time of a round is left to the next one.
        """
        until = self.now() + _ROUND
        due: defaultdict[TenantKey, list[tuple[Visit, frozenset[Source]]]] = defaultdict(list)

        def look(visit: Visit) -> None:
            sources = self.schedule.due(visit, self.now())
            if sources and not self._rests(visit.key.connection.tenant):
                due[visit.key.connection.tenant].append((visit, sources))

        self.rounds.go("reconcile_visits", timedelta(minutes=5), look)
        if len(due) <= 1 or self.rounds.workers == 1:
            return sum(self._tenant(tenant, visits, until) for tenant, visits in due.items())
        with ThreadPoolExecutor(self.rounds.workers) as pool:
            return sum(pool.map(lambda tenant: self._tenant(tenant, due[tenant], until), due))

    def _rests(self, tenant: TenantKey) -> bool:
        until = self._until.get(tenant)
        return until is not None and self.now() < until

    def _tenant(self, tenant: TenantKey, visits: Sequence[tuple[Visit, frozenset[Source]]], until: datetime) -> int:
        records = _Records(self, tenant, [visit for visit, sources in visits if Source.CALL_RECORD in sources])
        for done, (visit, sources) in enumerate(visits):
            if self.now() > until:
                return done
            try:
                self._visit(visit, sources, records)
            except ConnectorError as failed:
                asked = timedelta(seconds=failed.retry_after) if failed.retry_after else _REST
                self._until[tenant] = self.now() + min(asked, _LONGEST_REST)
                log(Event.REPORTS_FAILED, level=logging.WARNING, tenant=tenant.tenant, code=failed.code)
                return done
            except Exception as failed:  # noqa: BLE001 - trouble with one must not keep the others from it
                log(Event.REQUEST_FAILED, level=logging.ERROR, visit=visit.key.session, error_type=name_of(failed))
        return len(visits)

    def _visit(self, visit: Visit, sources: frozenset[Source], records: "_Records") -> None:
        end = known_end(visit, self.schedule.debounce, self.now())
        found: list[Report] = []
        if Source.ATTENDANCE_REPORT in sources and visit.meeting:
            since = (visit.opened or visit.created) - TOLERANCE
            found += self._attendance(visit, visit.meeting, since)
        # A call record never is enough: it comes in versions, and later ones know of more sessions.
        covered = _reaches(found, end, visit)
        if Source.CALL_RECORD in sources and visit.meeting and not covered:
            found += records.of(visit.meeting)
        self._add(visit.key, found, covered=covered)

    def _attendance(self, visit: Visit, meeting: Meeting, since: datetime) -> Sequence[Report]:
        tenant = visit.key.connection.tenant
        try:
            return self.reports.attendance(tenant, meeting, since)
        except ConnectorError as failed:
            self.refused(tenant, Source.ATTENDANCE_REPORT, failed)
            return ()

    def refused(self, tenant: TenantKey, source: Source, failed: ConnectorError) -> None:
        """Say once a day what is missing. Raises the error if it is not a refusal."""
        if failed.code not in _REFUSED:
            raise failed
        said = self._said.get((tenant, source))
        if said is None or self.now() - said > _SAID_FOR:
            self._said[tenant, source] = self.now()
            log(
                Event.REPORTS_REFUSED,
                level=logging.WARNING,
                tenant=tenant.tenant,
                code=failed.code,
                reason=f"needs {_NEEDS[source]}",
            )

    def _add(self, key: VisitKey, found: Sequence[Report], *, covered: bool) -> None:
        for _ in tries():
            before = self.visits.read(key)
            if before is None or before.phase is Phase.SETTLED:
                return
            asked = self.schedule.asked(before, self.now(), covered=covered)
            after = replace(self.attendance.with_reports(before, found), asked=asked)
            try:
                saved = self.visits.save(before, after)
            except ConflictError:
                continue
            self.attendance.send_new(before, saved)
            added = _signals(saved) - _signals(before)
            log(Event.VISIT_RECONCILED, visit=key.session, attempt=asked.tries, count=added)
            return


class _Records:
    """The call records of one tenant's meetings, listed once, when the first visit needs them. Never stored."""

    def __init__(self, owner: Reconcile, tenant: TenantKey, visits: Sequence[Visit]) -> None:
        self._owner = owner
        self._tenant = tenant
        self._visits = visits
        self._listed: Sequence[Listed] | None = None

    def of(self, meeting: Meeting) -> list[Report]:
        """The records of that meeting; none if we may not ask."""
        reports = self._owner.reports
        try:
            if self._listed is None:
                self._listed = self._list()
            found = [reports.record(self._tenant, one.record_id) for one in self._listed if one.is_of(meeting)]
        except ConnectorError as failed:
            self._owner.refused(self._tenant, Source.CALL_RECORD, failed)
            self._listed = self._listed or ()
            return []
        return [report for report in found if report]

    def _list(self) -> Sequence[Listed]:
        wanted = [visit.meeting for visit in self._visits if visit.meeting]
        reports = self._owner.reports
        listed = (one for times in self._times() for one in reports.records(self._tenant, times.start, times.end))
        return [one for one in listed if any(one.is_of(meeting) for meeting in wanted)]

    def _times(self) -> Sequence[Interval]:
        """When calls of these visits can have begun: seldom more than one span, and none longer than need be."""
        now, schedule = self._owner.now(), self._owner.schedule
        spans = ((visit.opened or visit.created, schedule.over(visit, now)) for visit in self._visits)
        return merged((Interval(start - TOLERANCE, end + TOLERANCE) for start, end in spans), _APART)


def _reaches(found: Sequence[Report], end: datetime | None, visit: Visit) -> bool:
    """Whether the reports reach to the end of the call, or to the last that was heard of it."""
    until = end or visit.last_signal or visit.created
    return any(report.end >= until - TOLERANCE for report in found)


def _comparable(join_url: str) -> str:
    decoded = join_url
    for _ in range(3):
        decoded = unquote(decoded)
    address = urlsplit(decoded)
    return urlunsplit(address._replace(scheme=address.scheme.lower(), netloc=address.netloc.lower()))


def _signals(visit: Visit) -> int:
    return sum(len(signals) for one in visit.participants.values() for signals in one.legs.values())
