"""Microsoft after a call, in memory: what it was asked, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.identifiers import TenantKey
from shared.presence.model import Source
from shared.visits.model import Meeting
from shared.visits.reconcile import Listed
from shared.visits.report import Attended, Interval, Report
from shared.visits.who import Identity

BOTH = frozenset({Source.ATTENDANCE_REPORT, Source.CALL_RECORD})
ATTENDANCE_ONLY = frozenset({Source.ATTENDANCE_REPORT})


@dataclass
class FakeReports:
    """A Reports: attendance reports by meeting, call records by tenant; every request is written down."""

    held: dict[str, list[Report]] = field(default_factory=dict)
    recorded: dict[str, tuple[Listed, Report]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    windows: list[tuple[datetime, datetime]] = field(default_factory=list)
    before: Callable[[str, TenantKey], None] = lambda what, tenant: None

    def attendance(self, tenant: TenantKey, meeting: Meeting, since: datetime) -> Sequence[Report]:
        """The attendance reports of a meeting."""
        self._ask("attendance", tenant)
        return [report for report in self.held.get(meeting.meeting_id, []) if report.end >= since]

    def records(self, tenant: TenantKey, since: datetime, until: datetime) -> Sequence[Listed]:
        """All call records."""
        self._ask("records", tenant)
        self.windows.append((since, until))
        return [listed for listed, report in self.recorded.values() if since <= report.start < until]

    def record(self, tenant: TenantKey, record_id: str) -> Report | None:
        """One call record."""
        self._ask("record", tenant)
        return self.recorded[record_id][1] if record_id in self.recorded else None

    def _ask(self, what: str, tenant: TenantKey) -> None:
        self.asked.append(what)
        self.before(what, tenant)


def report(
    start: datetime,
    end: datetime,
    *people: tuple[Identity, Sequence[tuple[datetime, datetime]]],
    source: Source = Source.ATTENDANCE_REPORT,
) -> Report:
    """A report on who was there and when."""
    attended = tuple(Attended(who, tuple(Interval(*times) for times in intervals)) for who, intervals in people)
    return Report(source, start, end, attended)
