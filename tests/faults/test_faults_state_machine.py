"""The whole way, in whatever order, with whatever trouble: what the EHRs hear is what happened.

Hypothesis makes people come and go, Graph repeat, swap and lose, workers die, EHRs fail, clocks jump. At the end
everything heals, and `tests/faults/verdict.py` says whether each transition reached its EHR as `docs/presence.md`
promises. What Graph loses is lost here: the oracle is what could be known.
"""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.identifiers import Role, VisitKey
from shared.presence.model import State, Status
from shared.visits.model import Phase
from tests.faults.stage import CONNECTIONS, TENANTS, Ehr, Meeting, Notification, Stage
from tests.faults.truth import Fact
from tests.faults.verdict import Verdict
from tests.support.fuse import crash

IS_LONG = bool(os.environ.get("TEST_LONG"))
which = st.integers(0, 7)
ACTS = st.sampled_from(["join", "join", "admit", "leave", "leave", "end"])
EFFECTS = st.sampled_from(["store", "pointer", "tell", "tell"])
VISITS = [(f"visit-{number}", CONNECTIONS[number % 2]) for number in range(3)]


class WholeWay(RuleBasedStateMachine):
    """Three visits of two tenants."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.verdict = Verdict(self.stage)
        self.launched: dict[str, set[str]] = {}

    # People

    def _meeting(self, number: int) -> Meeting:
        return self.stage.meeting(*VISITS[number % len(VISITS)])

    @staticmethod
    def _patient(meeting: Meeting) -> str:
        return f"{meeting.connection.tenant.tenant[:4]}-PAT-{meeting.session}"

    @staticmethod
    def _clinician(meeting: Meeting, number: int) -> str:
        return f"{meeting.connection.tenant.tenant[:4]}-DOC-{number % 2}"

    @initialize()
    def everybody_launches(self) -> None:
        """A day begins with a visit of each tenant, open and with its patient on our page."""
        for number in range(2):
            self.somebody_launches(number, Role.PATIENT, 0)
            self.somebody_launches(number, Role.PROVIDER, 0)

    @rule(number=which, role=st.sampled_from([Role.PATIENT, Role.PROVIDER]), who=which)
    def somebody_launches(self, number: int, role: Role, who: int) -> None:
        meeting = self._meeting(number)
        person = self._patient(meeting) if role is Role.PATIENT else self._clinician(meeting, who)
        before = self.stage.visits.kept.get(meeting.key)
        if before and self.stage.clock() > before.created + timedelta(hours=11):
            return
        if before and before.phase is Phase.SETTLED:
            meeting.reopened = self.stage.clock()
        if self.stage.survives(lambda: self.stage.launch(meeting, role, person)):
            self.launched.setdefault(meeting.session, set()).add(person)
        self.stage.note_page(meeting)

    @rule(
        number=which,
        acts=st.lists(st.tuples(ACTS, which), min_size=1, max_size=5),
        pause=st.sampled_from([0.0, 0.0, 3.0, 25.0]),
    )
    def people_come_and_go(self, number: int, acts: list[tuple[str, int]], pause: float) -> None:
        meeting = self._meeting(number)
        for act, who in acts:
            self._act(meeting, act, who)
            self.stage.clock.forward(pause)

    def _act(self, meeting: Meeting, act: str, who: int) -> None:
        people = sorted(self.launched.get(meeting.session, ()))
        legs = list(meeting.legs.values())
        if act == "join" and people and self.stage.is_open(meeting) and len(legs) < 4:
            self.stage.joins(meeting, people[who % len(people)])
        elif act == "admit":
            for leg in [leg for leg in legs if leg.place == "lobby"]:
                self.stage.is_admitted(meeting, leg)
        elif act == "leave" and legs:
            self.stage.leaves(meeting, legs[who % len(legs)])
        elif act == "end" and legs:
            self.stage.ends(meeting)

    # Graph

    def _pool(self) -> list[tuple[Meeting, int]]:
        return [(meeting, at) for meeting in self.stage.meetings.values() for at in range(len(meeting.pool))]

    def _taken(self, pick: int, *, copy: bool = False) -> list[tuple[Meeting, Notification]]:
        pool = self._pool()
        if not pool:
            return []
        meeting, at = pool[pick % len(pool)]
        return [(meeting, meeting.pool[at] if copy else meeting.pool.pop(at))]

    @rule(
        picks=st.lists(which, min_size=1, max_size=8),
        copies=st.booleans(),
        pause=st.sampled_from([0.0, 3.0, 25.0, 400.0]),
        told=st.booleans(),
    )
    @precondition(lambda self: self._pool())
    def graph_tells_one_by_one(self, *, picks: list[int], copies: bool, pause: float, told: bool) -> None:
        """In any order, perhaps to be told again; each is worked off, and the EHR told, before the next comes."""
        for pick in picks:
            self.stage.post(self._taken(pick, copy=copies), *TENANTS)
            self._work_all(told=told)
            self.stage.clock.forward(pause)
            self._work_all(told=told)

    @rule(picks=st.lists(which, min_size=1, max_size=4), copies=st.booleans())
    @precondition(lambda self: self._pool())
    def graph_posts(self, *, picks: list[int], copies: bool) -> None:
        """Some of it in one request, which stays on the queue."""
        self.stage.post([one for pick in picks for one in self._taken(pick, copy=copies)], *TENANTS)

    @rule()
    def graph_posts_all_and_it_is_worked_off(self) -> None:
        """How most days are."""
        for meeting in self.stage.meetings.values():
            self.stage.post([(meeting, one) for one in meeting.pool], *TENANTS)
            meeting.pool.clear()
        self._work_all(told=True)

    def _work_all(self, *, told: bool) -> None:
        for _ in range(len(self.stage.posted)):
            self.stage.work_notification(0)
        while told and (pointer := self.stage.house.pointers.take()):
            self.stage.work_pointer(pointer)

    @rule(pick=which)
    @precondition(lambda self: self._pool())
    def graph_loses(self, pick: int) -> None:
        self._taken(pick)

    @rule(number=which)
    def somebody_forges(self, number: int) -> None:
        """A coming that never was, for a visit of one tenant, which only the other tenant's token vouches for."""
        meeting = self._meeting(number)
        if meeting.key in self.stage.visits.kept:
            at = self.stage.clock()
            told = {"id": "forged", "isInLobby": False, "info": {"identity": {"guest": {"id": "x"}}}}
            resource = {"eventType": "rosterUpdated", "eventDateTime": at.isoformat(), "participants@delta": [told]}
            others = [tenant for tenant in TENANTS if tenant != meeting.connection.tenant]
            self.stage.post([(meeting, (resource, "", Fact(at, "in", "forged")))], *others)

    # Workers and timers

    @rule(pick=which, again=st.booleans())
    @precondition(lambda self: self.stage.posted)
    def works_a_notification(self, *, pick: int, again: bool) -> None:
        self.stage.work_notification(pick, again=again)

    @rule(again=st.booleans(), slow=st.sampled_from([0.0, 0.0, 1.0, 3.0]))
    def works_a_pointer(self, *, again: bool, slow: float) -> None:
        """Perhaps by a worker whose clock is slow; the others go on with theirs."""
        if pointer := self.stage.house.pointers.take():
            self.stage.clock.forward(-slow)
            self.stage.work_pointer(pointer, again=again)
            self.stage.clock.forward(slow)

    @rule(timer=st.sampled_from(["sweep", "sweep", "renew", "settle"]))
    def a_timer_fires(self, timer: str) -> None:
        upkeep = self.stage.house.upkeep
        if timer == "settle":
            self._settle()
        else:
            self.stage.survives(upkeep.sweep if timer == "sweep" else upkeep.renew_subscriptions)

    def _settle(self) -> None:
        """Visits that are over are forgotten; what the EHR heard of them must be right by then."""
        while self.stage.posted:
            self.stage.work_notification(0)
        before = dict(self.stage.visits.kept)
        self.stage.survives(self.stage.house.upkeep.settle)
        for meeting in self.stage.meetings.values():
            now, was = self.stage.visits.kept.get(meeting.key), before.get(meeting.key)
            if now and was and now.phase is Phase.SETTLED and was.phase is not Phase.SETTLED:
                self.verdict.pronounce_on(meeting, was)
                meeting.pool.clear()
                meeting.legs.clear()
                meeting.facts.clear()
                meeting.known.clear()

    @rule(pick=which)
    @precondition(lambda self: self._given_up())
    def somebody_replays(self, pick: int) -> None:
        self._replay(pick)

    def _given_up(self) -> list[tuple[VisitKey, str, int]]:
        return [
            (key, person.key, one.sequence)
            for key, visit in self.stage.visits.kept.items()
            for person in visit.participants.values()
            for one in person.writebacks
            if one.status is Status.GIVEN_UP
        ]

    def _replay(self, pick: int) -> None:
        if found := self._given_up():
            self.stage.survives(lambda: self._do_replay(*found[pick % len(found)]))

    def _do_replay(self, key: VisitKey, person: str, sequence: int) -> None:
        self.stage.house.outbox.replay((key, person, sequence))

    # Trouble

    @rule(at=st.integers(1, 3), after=st.booleans(), name=EFFECTS)
    def the_next_worker_dies(self, *, at: int, after: bool, name: str) -> None:
        self.stage.fuse.set(at, crash, after=after, name=name)

    @rule(
        fares=st.sampled_from(Ehr),
        waited=st.sampled_from([0, 0, 30, 350]),
        at=st.integers(1, 2),
        after=st.booleans(),
        name=EFFECTS,
        what=st.sampled_from(["others", "news", "news", "replay", "death"]),
        seconds=st.sampled_from([0, 1, 20]),
    )
    def a_worker_is_crossed(
        self, *, fares: Ehr, waited: int, at: int, after: bool, name: str, what: str, seconds: int
    ) -> None:
        """Between two steps of a worker others do all their work, or it dies; a call takes its time meanwhile."""
        pointer = self.stage.house.pointers.take()
        if pointer is None:
            return
        self.stage.clock.forward(waited)

        def meanwhile() -> None:
            self.stage.clock.forward(seconds)
            if what == "death":
                crash()
            if what == "news":
                self.stage.post(self._taken(-1), *TENANTS)
                self.stage.work_notification(-1)
            if what == "replay":
                self._replay(0)
            if what in ("others", "replay"):
                self.stage.survives(self.stage.house.upkeep.sweep)
                while other := self.stage.house.pointers.take():
                    self.stage.work_pointer(other)

        before = self.stage.teller.fares[pointer.visit.connection]
        self.stage.teller.fares[pointer.visit.connection] = fares
        self.stage.fuse.clear()
        self.stage.fuse.set(at, meanwhile, after=after, name=name)
        self.stage.work_pointer(pointer)
        self.stage.fuse.clear()
        self.stage.teller.fares[pointer.visit.connection] = before

    @rule(at=st.integers(1, 3))
    def somebody_writes_first(self, at: int) -> None:
        self.stage.visits.conflict_at(at)

    @rule(number=st.integers(0, 1), fares=st.sampled_from(Ehr))
    def an_ehr_fares(self, number: int, fares: Ehr) -> None:
        self.stage.teller.fares[CONNECTIONS[number]] = fares

    @rule(fails=st.booleans())
    def graph_fails(self, *, fails: bool) -> None:
        methods = ("subscribe", "renew", "unsubscribe", "configure")
        self.stage.graph.failing = dict.fromkeys(methods, "microsoft_unavailable") if fails else {}

    @rule(seconds=st.sampled_from([1, 10, 22, 60, 200, 350, 400, 2000, 15_000, 50_000]))
    def time_passes(self, seconds: int) -> None:
        self.stage.clock.forward(seconds)

    @invariant()
    def every_write_is_right(self) -> None:
        self.verdict.look_at_writes()

    def teardown(self) -> None:
        self.stage.heal()
        self.stage.rest()
        self.verdict.look_at_writes()
        self.verdict.pronounce()


class WithoutAWordForWaiting(WholeWay):
    """The EHR that stamps the time knows two states, as Epic does unless a site names a third."""

    def __init__(self) -> None:
        super().__init__()
        self.stage.teller.words[CONNECTIONS[0]] = frozenset({State.CONNECTED, State.DISCONNECTED})


@pytest.mark.usefixtures("silence")
@pytest.mark.timeout(1800 if IS_LONG else 120)
@pytest.mark.parametrize("machine", [WholeWay, WithoutAWordForWaiting])
def test_each_transition_reaches_its_ehr_whatever_happens(machine: type[WholeWay]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5000 if IS_LONG else 250,
            stateful_step_count=40 if IS_LONG else 30,
            deadline=None,
            derandomize=not IS_LONG,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            report_multiple_bugs=False,
        ),
    )
