"""Four hours without us, three days without the EHR, on a simulated clock: what reaches the EHR in the end."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from random import Random

import pytest

from shared.presence.model import State, Status
from shared.visits.report import TOLERANCE
from tests.faults.day import Day, minutes
from tests.faults.stage import CONNECTIONS, Ehr, Meeting
from tests.faults.truth import Story, story
from tests.faults.verdict import Verdict, in_effect
from tests.support.fakes import START
from tests.support.fuse import crash
from tests.support.house import DEBOUNCE

IS_LONG = bool(os.environ.get("TEST_LONG"))
pytestmark = pytest.mark.timeout(900 if IS_LONG else 120)
FARES = (*[Ehr.UP] * 8, Ehr.DOWN, Ehr.SLOW, Ehr.BUSY, Ehr.LOCKED)
MANY = 60 if IS_LONG else 24
PRESENT, TOLD = CONNECTIONS
A_MINUTE = timedelta(minutes=1)
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED

ORDINARY = minutes(
    (1, "clinician joins"),
    (2, "patient joins"),
    (3, "patient is admitted"),
    (20, "patient leaves"),
    (21, "clinician leaves"),
)
COMES_BACK = minutes(
    (1, "clinician joins"),
    (2, "patient joins"),
    (3, "patient is admitted"),
    (10, "patient leaves"),
    (50, "patient joins"),
    (51, "patient is admitted"),
    (70, "patient leaves"),
    (71, "clinician leaves"),
)
BOTH_COME_BACK = minutes(
    (1, "clinician joins"),
    (2, "patient joins"),
    (3, "patient is admitted"),
    (10, "patient leaves"),
    (10.5, "clinician leaves"),
    (170, "clinician joins"),
    (171, "patient joins"),
    (172, "patient is admitted"),
    (300, "patient leaves"),
    (300.5, "clinician leaves"),
)
KINDS = (ORDINARY, COMES_BACK, BOTH_COME_BACK)


def people_of(day: Day) -> list[tuple[Meeting, str]]:
    return [(meeting, person) for meeting in day.stage.meetings.values() for person in meeting.facts]


def truth_of(meeting: Meeting, person: str) -> Story:
    return story(meeting.facts[person], DEBOUNCE)


def log_of(day: Day, meeting: Meeting, person: str) -> Story:
    """What the EHR heard, by the time of which it was told; the same thing twice is one."""
    heard = Verdict(day.stage).heard(meeting, person)
    return sorted({(one.message.state, one.message.at) for one in heard}, key=lambda step: step[1])


def agree(one: Story, other: Story) -> bool:
    """The same states, at the same times as near as reports tell times."""
    return [state for state, _ in one] == [state for state, _ in other] and all(
        abs(mine - theirs) <= TOLERANCE for (_, mine), (_, theirs) in zip(one, other, strict=True)
    )


def a_day_without_us(away: tuple[datetime, datetime], visits: int, *, reports: bool) -> Day:
    day = Day(away=away)
    if not reports:
        day.stage.house.sources = frozenset()
    # Nobody can launch while we are away: the visits begin before, and go on; none was quiet for long before.
    for number in range(visits):
        begins = away[0] - timedelta(minutes=3 + 30 * number / visits)
        day.visit(f"visit-{number}", CONNECTIONS[number % 2], begins, KINDS[number % 3])
    upkeep = day.stage.house.upkeep
    end = away[1] + timedelta(hours=14)
    day.timers(5 * A_MINUTE, end, upkeep.settle, upkeep.renew_subscriptions)
    day.timers(2 * A_MINUTE, end, upkeep.sweep)
    day.timers(5 * A_MINUTE, end, day.stage.house.reconcile.run)
    day.run(end)
    return day


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("reports", [True, False], ids=["with reports", "without reports"])
def test_hours_without_us_lose_nothing_that_graph_still_delivers(reports: bool) -> None:  # noqa: FBT001
    """As long as Graph gives nothing up, all that happened is told, with or without reports."""
    day = a_day_without_us((START + timedelta(hours=2), START + timedelta(hours=5, minutes=15)), MANY, reports=reports)
    assert day.given_up == []
    for meeting, person in people_of(day):
        truth, log = truth_of(meeting, person), log_of(day, meeting, person)
        if meeting.connection == TOLD and reports:
            # A report that is read before the events of the same call come may make a wait of a leg half known.
            heard = Verdict(day.stage).heard(meeting, person)
            assert [step for step in log if step in truth] == truth, person
            assert max(enumerate(heard), key=lambda one: (one[1].message.at, one[0]))[1].message.state is truth[-1][0]
        elif meeting.connection == TOLD:
            assert log == truth, person
        else:
            assert in_effect(Verdict(day.stage).heard(meeting, person))[-1] is truth[-1][0], person
    assert not day.stage.pointers.waiting


def check_comings_and_goings(day: Day, meeting: Meeting, person: str) -> None:
    """What the EHR heard of somebody's comings and goings is what happened, as near as reports tell times."""
    truth = [step for step in truth_of(meeting, person) if step[0] is not WAITING]
    log = [step for step in log_of(day, meeting, person) if step[0] is not WAITING]
    assert agree(log, truth), f"{person}: {log} {truth}"


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("hours", [4, 6, 9])
def test_what_graph_gave_up_after_four_hours_comes_by_reports(hours: int) -> None:
    """What Graph gave up is lost as events; who came and who left is told all the same."""
    day = a_day_without_us((START + timedelta(hours=2), START + timedelta(hours=2 + hours)), MANY, reports=True)
    assert day.given_up
    for meeting, person in people_of(day):
        if meeting.connection == TOLD:
            check_comings_and_goings(day, meeting, person)
        else:
            assert in_effect(Verdict(day.stage).heard(meeting, person))[-1] is DISCONNECTED, person


def a_course(chance: Random) -> list[tuple[float, str]]:
    """A visit as it may go: one to three calls, minutes apart.

    Nobody changes devices within a call: a report that merely stretches what is known adds nothing, so that a coming
    of which the notification was lost would be noted as late as the change.
    """
    acts: list[tuple[float, str]] = []
    minute = 1.0
    for _ in range(chance.randint(1, 3)):
        for who in chance.sample(["clinician", "patient"], 2):
            acts.append((minute, f"{who} joins"))
            minute += chance.uniform(0.2, 2)
        acts.append((minute, "patient is admitted"))
        minute += chance.uniform(1, 15)
        for who in chance.sample(["clinician", "patient"], 2):
            acts.append((minute, f"{who} leaves"))
            minute += chance.uniform(0.2, 3)
        minute += chance.uniform(2, 8)
    return minutes(*acts)


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("seed", range(20 if IS_LONG else 2))
def test_an_ordinary_bad_day(seed: int) -> None:
    """Notifications are lost, doubled and late, EHRs fail, workers die; the reports make up for what was lost."""
    day = Day(seed=seed, lose=0.05)
    chance = Random(seed)  # noqa: S311 - a seeded day, no secret
    for number in range(MANY):
        begins = START + timedelta(minutes=chance.uniform(0, 240))
        day.visit(f"visit-{number}", CONNECTIONS[number % 2], begins, a_course(chance))
    end = START + timedelta(hours=14)

    def trouble() -> None:
        for connection in CONNECTIONS:
            day.stage.teller.fares[connection] = chance.choice(FARES)
        if chance.random() < 0.3:
            day.stage.fuse.set(
                chance.randint(1, 5),
                crash,
                after=chance.random() < 0.5,
                name=chance.choice(["store", "tell", "pointer"]),
            )
        if day.stage.clock() < START + timedelta(hours=8):
            day.at(day.stage.clock() + timedelta(seconds=chance.uniform(20, 200)), trouble)
        else:
            day.stage.heal()

    day.at(START, trouble)
    upkeep, survives = day.stage.house.upkeep, day.stage.survives
    day.timers(5 * A_MINUTE, end, lambda: survives(upkeep.settle), lambda: survives(upkeep.renew_subscriptions))
    day.timers(A_MINUTE, end, lambda: survives(upkeep.sweep))
    day.timers(5 * A_MINUTE, end, lambda: survives(day.stage.house.reconcile.run))
    day.run(end)
    assert day.given_up
    for meeting, person in people_of(day):
        if meeting.connection == TOLD:
            check_comings_and_goings(day, meeting, person)
        else:
            # Of somebody of whom only reports told, it hears nothing.
            assert in_effect(Verdict(day.stage).heard(meeting, person))[-1:] in ([], [DISCONNECTED]), person


def days_without_the_ehr(fares: Ehr, visits: int) -> Day:
    day = Day()
    down, up = START + timedelta(minutes=10), START + timedelta(days=3, minutes=10)
    for number in range(visits):
        begins = START + timedelta(minutes=40 * number / visits)
        day.visit(f"visit-{number}", CONNECTIONS[number % 2], begins, KINDS[number % 2])

    def change(to: Ehr) -> None:
        day.stage.teller.fares = dict.fromkeys(CONNECTIONS, to)

    day.at(down, lambda: change(fares))
    day.at(up, lambda: change(Ehr.UP))
    upkeep = day.stage.house.upkeep
    end = up + timedelta(hours=6)
    day.timers(30 * A_MINUTE, end, upkeep.settle, upkeep.renew_subscriptions, day.stage.house.reconcile.run)
    day.timers(30 * A_MINUTE, up, upkeep.sweep)
    day.at(up, lambda: day.timers(A_MINUTE, end, upkeep.sweep))
    day.run(end)
    return day


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("fares", [Ehr.DOWN, Ehr.SLOW])
def test_three_days_without_the_ehr(fares: Ehr) -> None:
    """Nothing is lost, nobody is misled, and nobody waits for the next of pauses that grew to two hours."""
    day = days_without_the_ehr(fares, 60 if IS_LONG else 4)
    back = START + timedelta(days=3, minutes=10)
    verdict = Verdict(day.stage)
    for meeting, person in people_of(day):
        truth = truth_of(meeting, person)
        heard = verdict.heard(meeting, person)
        if meeting.connection == TOLD:
            by_key = {one.message.key: (one.message.state, one.message.at) for one in heard}
            assert [*by_key.values()] == truth, "in order, each once in effect"
        else:
            states = [one.message.state for one in heard]
            # Who was shown as there is shown as gone; nobody is shown as there three days later.
            assert states == [] or states[-1] is DISCONNECTED
            assert all(one.message.state is DISCONNECTED for one in heard if one.at > back)
    people = [person for visit in day.stage.visits.kept.values() for person in visit.participants.values()]
    assert not any(one.status is Status.GIVEN_UP for person in people for one in person.writebacks)
    late = [one.at - back for heard in day.stage.teller.heard.values() for one in heard if one.at > back]
    assert late
    assert max(late) < timedelta(minutes=15)
