"""A day on a simulated clock: people, Graph with its retries, our workers and timers, and outages of ours and of EHRs.

Graph retries a notification for four hours (Graph, "Change notifications through webhooks") and then gives it up; how
it spaces its tries is not public, so they double here from ten seconds to half an hour.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from shared.identifiers import ConnectionKey, Role
from shared.presence.model import Source
from shared.visits.ports import Pointer
from shared.visits.pulse import GRAPH_TRIES_FOR
from tests.faults.stage import TENANTS, Meeting, Notification, Stage
from tests.faults.truth import Fact
from tests.support.house import GUEST, entra
from tests.support.reports import ATTENDANCE_ONLY, report

REPORT_AFTER = timedelta(minutes=5)


@dataclass
class Day:
    """Everything that happens has its time; `run` lets it happen, one after another."""

    stage: Stage = field(default_factory=Stage)
    seed: int = 1
    away: tuple[datetime, datetime] | None = None
    """When nothing of ours runs: no door, no worker, no timer."""
    lose: float = 0.0
    """Of so many notifications nothing is ever heard."""
    given_up: list[Notification] = field(default_factory=list)
    """What Graph could not deliver in time, or lost."""
    _plan: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _number: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - a seeded day, no secret
        self.stage.house.sources = ATTENDANCE_ONLY
        self.stage.house.pulses.steady = False
        self.stage.pointers.on_send = self._take_at

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        """This happens then."""
        heapq.heappush(self._plan, (moment, next(self._number), act))

    def run(self, until: datetime) -> None:
        """All that happens until then."""
        while self._plan and self._plan[0][0] <= until:
            moment, _, act = heapq.heappop(self._plan)
            self.stage.clock.until(moment)
            act()
            self._graph_hears()
        self.stage.clock.until(until)

    @property
    def is_away(self) -> bool:
        """Whether nothing of ours runs now."""
        return self.away is not None and self.away[0] <= self.stage.clock() < self.away[1]

    # Our own timers

    def timers(self, every: timedelta, until: datetime, *acts: Callable[[], object]) -> None:
        """Timers that fire again and again; after an outage at once, before anything else."""

        def once() -> None:
            for act in acts:
                act()

        def fire() -> None:
            if not self.is_away:
                once()
            if self.stage.clock() < until:
                self.at(self.stage.clock() + every, fire)

        self.at(self.stage.clock(), fire)
        if self.away:
            self.at(self.away[1], once)

    # The queue of writebacks

    def _take_at(self, pointer: Pointer, delay: timedelta) -> None:
        self.at(self.stage.clock() + delay, lambda: self._take(pointer))

    def _take(self, pointer: Pointer) -> None:
        if self.is_away and self.away:
            self.at(self.away[1] + timedelta(seconds=1), lambda: self._take(pointer))
        else:
            self.stage.work_pointer(pointer)

    # Graph

    def _graph_hears(self) -> None:
        """What happened just now is on its way; twice now and then, and not always at once."""
        for meeting in self.stage.meetings.values():
            for one in meeting.pool:
                born = self.stage.clock()
                if self.chance.random() < self.lose:
                    self.given_up.append(one)
                    continue
                for _ in range(1 + (self.chance.random() < 0.1)):
                    late = self.chance.uniform(0.2, 3.0) if self.chance.random() < 0.9 else self.chance.uniform(3, 15)
                    self.at(born + timedelta(seconds=late), self._delivery(meeting, one, born, 10.0))
            meeting.pool.clear()

    def _delivery(self, meeting: Meeting, one: Notification, born: datetime, pause: float) -> Callable[[], None]:
        def deliver() -> None:
            if not self.is_away:
                self.stage.post([(meeting, one)], *TENANTS)
                while self.stage.posted:
                    self.stage.work_notification(0)
                return
            again = self.stage.clock() + timedelta(seconds=pause * self.chance.uniform(0.8, 1.2))
            if again > born + GRAPH_TRIES_FOR:
                self.given_up.append(one)
            else:
                self.at(again, self._delivery(meeting, one, born, min(pause * 2, 1800.0)))

        return deliver

    # People

    def visit(
        self, session: str, connection: ConnectionKey, begins: datetime, acts: Iterable[tuple[float, str]]
    ) -> None:
        """A visit of one patient and one clinician who both launch, and then do these things, seconds later."""
        meeting = self.stage.meeting(session, connection)
        prefix = connection.tenant.tenant[:4]
        people = {"patient": f"{prefix}-PAT-{session}", "clinician": f"{prefix}-DOC-{session}"}

        def launches() -> None:
            self._persist(meeting, Role.PATIENT, people["patient"])
            self._persist(meeting, Role.PROVIDER, people["clinician"])
            self.stage.note_page(meeting)

        self.at(begins, launches)
        for seconds, act in acts:
            self.at(begins + timedelta(seconds=seconds), partial(self._act, meeting, people, act))

    def _persist(self, meeting: Meeting, role: Role, person: str) -> None:
        """A person tries again."""
        while not self.stage.survives(lambda: self.stage.launch(meeting, role, person)):
            self.stage.clock.forward(5)

    def _act(self, meeting: Meeting, people: dict[str, str], act: str) -> None:
        who, _, what = act.partition(" ")
        legs = [leg for leg in meeting.legs.values() if leg.person == people[who]]
        if what == "joins":
            self.stage.joins(meeting, people[who])
        elif what == "is admitted":
            for leg in legs:
                self.stage.is_admitted(meeting, leg)
        elif what == "leaves":
            for leg in legs:
                self.stage.leaves(meeting, leg)
        if not meeting.legs and what in ("leaves", "ends"):
            self.at(self.stage.clock() + REPORT_AFTER, lambda: self._report(meeting))

    def _report(self, meeting: Meeting) -> None:
        """What Microsoft knows afterwards: from when to when each account was in the meeting, lobby aside."""
        visit = self.stage.visits.kept[meeting.key]
        found = next(
            one
            for (tenant, organizer, _), one in self.stage.graph.meetings.items()
            if tenant == meeting.connection.tenant and organizer.endswith(f"-{meeting.session}")
        )
        attended = []
        for person, facts in meeting.facts.items():
            times = _intervals(facts)
            tenant = visit.key.connection.tenant.tenant
            who = GUEST if "PAT" in person else entra(f"oid-{person.lower()}", tenant)
            attended += [(who, times)] if times else []
        moments = [moment for _, times in attended for pair in times for moment in pair]
        if moments:
            whole = report(min(moments), max(moments), *attended, source=Source.ATTENDANCE_REPORT)
            self.stage.house.reports.held[found.meeting_id] = [whole]


def _intervals(facts: set[Fact]) -> list[tuple[datetime, datetime]]:
    """From when to when legs of a person were in the meeting."""
    found: list[tuple[datetime, datetime]] = []
    by_leg: dict[str, list[Fact]] = {}
    for fact in sorted(facts, key=lambda one: one.at):
        by_leg.setdefault(fact.leg, []).append(fact)
    for leg, told in by_leg.items():
        came = next((fact.at for fact in told if fact.what == "in"), None)
        went = next((fact.at for fact in told if fact.what == "gone"), None)
        if leg and came and went:
            found.append((came, went))
    return sorted(found)


def minutes(*acts: tuple[float, str]) -> list[tuple[float, str]]:
    """Acts by minutes."""
    return [(minute * 60, act) for minute, act in acts]
