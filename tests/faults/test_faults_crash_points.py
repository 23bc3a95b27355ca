"""Every use case dies before and after each of its effects, is tried again, and ends where it would have ended.

Effects are what the world outside sees: writes to the store, messages sent, blobs, calls to Graph and to an EHR.
After a crash the world does what it does: a queue delivers its message again, a timer fires again, a person tries
again; and the sweep runs.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from shared.identifiers import ConnectionKey, Role
from shared.presence.model import PAGE_LEG, Participant, Status
from shared.visits.model import Visit
from tests.faults.stage import CONNECTIONS, TENANTS, Ehr, Meeting, Stage
from tests.faults.verdict import Verdict, in_effect
from tests.support.fakes import CrashError
from tests.support.fuse import crash
from tests.support.house import GUEST, entra
from tests.support.reports import ATTENDANCE_ONLY, report

Act = Callable[[Stage], object]
PRESENT, TOLD = CONNECTIONS


def nothing(stage: Stage) -> None:
    """No scene to set."""


@dataclass(frozen=True)
class UseCase:
    """What is there before, what is done, and what is done once more if that ended in a crash."""

    name: str
    act: Act
    before: Act = nothing
    again: Act | None = None


def meeting(stage: Stage, connection: ConnectionKey = TOLD) -> Meeting:
    return stage.meeting(f"visit of {connection.tenant.tenant[:4]}", connection)


def both(stage: Stage) -> list[Meeting]:
    return [meeting(stage, connection) for connection in CONNECTIONS]


def patient(one: Meeting) -> str:
    return f"{one.connection.tenant.tenant[:4]}-PAT-1"


def clinician(one: Meeting, number: int = 1) -> str:
    return f"{one.connection.tenant.tenant[:4]}-DOC-{number}"


def patients_launch(stage: Stage) -> None:
    for one in both(stage):
        stage.launch(one, Role.PATIENT, patient(one))
        stage.note_page(one)


def clinicians_launch(stage: Stage, number: int = 1) -> None:
    for one in both(stage):
        stage.launch(one, Role.PROVIDER, clinician(one, number))


def clinicians_sign_in(stage: Stage) -> None:
    """They have never been here: on the way Microsoft says who they are."""
    for one in both(stage):
        stage.launch(one, Role.PROVIDER, clinician(one), is_linked=False)


def patients_go_on(stage: Stage) -> None:
    """From the waiting page to the meeting."""
    for one in both(stage):
        stage.house.reception.join(one.key, stage.key_of(one, patient(one)))


def all_are_open(stage: Stage) -> None:
    patients_launch(stage)
    clinicians_launch(stage)


def all_have_joined(stage: Stage) -> None:
    """And Graph has told of it in one request, of both tenants, that lies on the queue."""
    all_are_open(stage)
    work_all_pointers(stage)
    for one in both(stage):
        stage.joins(one, clinician(one))
        stage.is_admitted(one, stage.joins(one, patient(one)))
    post_all(stage)


def all_is_noted(stage: Stage) -> None:
    all_have_joined(stage)
    stage.work_notification(0)


def all_have_left(stage: Stage) -> None:
    all_is_noted(stage)
    stage.clock.forward(60)
    for one in both(stage):
        for leg in list(one.legs.values()):
            stage.leaves(one, leg)
    post_all(stage)
    stage.work_notification(0)


def all_have_left_for_good(stage: Stage) -> None:
    all_have_left(stage)
    stage.clock.forward(25)


def all_is_over(stage: Stage) -> None:
    all_have_left(stage)
    stage.rest()
    stage.clock.forward(hours=1)


def post_all(stage: Stage, copies: int = 1) -> None:
    pool = [(one, told) for one in both(stage) for told in one.pool]
    stage.post(pool * copies, *TENANTS)
    for one in both(stage):
        one.pool.clear()


def work_all_pointers(stage: Stage) -> None:
    """Each message as a worker of its own would; what crashes comes again by itself."""
    while pointer := stage.house.pointers.take():
        stage.house.outbox.deliver(pointer)


def work_all_notifications(stage: Stage) -> None:
    for _ in range(len(stage.posted)):
        message, inside = stage.posted[0]
        stage.inbox.work(message)
        stage.posted.pop(0)
        for one, person, fact in inside:
            for name in [person] if person else list(one.facts):
                one.known.setdefault(name, set()).add(fact)


def ehrs_are(fares: Ehr) -> Act:
    def change(stage: Stage) -> None:
        all_is_noted(stage)
        stage.teller.fares = dict.fromkeys(CONNECTIONS, fares)

    return change


def all_is_given_up(stage: Stage) -> None:
    ehrs_are(Ehr.REFUSING)(stage)
    work_all_pointers(stage)
    stage.teller.fares = dict.fromkeys(CONNECTIONS, Ehr.UP)


def replay_all(stage: Stage) -> None:
    for key, visit in stage.visits.kept.items():
        for person in visit.participants.values():
            for one in person.writebacks:
                if one.status is Status.GIVEN_UP:
                    stage.house.outbox.replay((key, person.key, one.sequence))


def batons_are_lost(stage: Stage) -> None:
    all_is_noted(stage)
    stage.house.pointers.waiting.clear()
    stage.clock.forward(minutes=7)


def reports_are_there(stage: Stage) -> None:
    """Graph told of the coming and lost the rest: that everybody left is only in the report."""
    all_is_noted(stage)
    stage.rest()
    stage.house.sources = ATTENDANCE_ONLY
    for one in both(stage):
        found = stage.visits.kept[one.key].meeting
        assert found is not None
        began = min(fact.at for facts in one.facts.values() for fact in facts if fact.what == "in")
        ended = stage.clock() + timedelta(minutes=10)
        people = [
            (
                GUEST if person == patient(one) else entra(f"oid-{person.lower()}", one.connection.tenant.tenant),
                [(began, ended)],
            )
            for person in (patient(one), clinician(one))
        ]
        stage.house.reports.held[found.meeting_id] = [report(began, ended, *people)]
    stage.clock.forward(hours=3)


def half_a_life_later(stage: Stage) -> None:
    all_is_noted(stage)
    work_all_pointers(stage)
    stage.clock.forward(hours=7)


def subscriptions_are_gone(stage: Stage) -> None:
    half_a_life_later(stage)
    stage.graph.subscriptions.clear()


def a_lifecycle(event: str) -> Act:
    def comes(stage: Stage) -> None:
        all_are_open(stage)
        work_all_pointers(stage)
        stage.clock.forward(hours=1)
        for one in both(stage):
            subscription = stage.visits.kept[one.key].subscription
            assert subscription is not None
            if event == "subscriptionRemoved":
                del stage.graph.subscriptions[subscription.subscription_id]
            stage.post_lifecycle(one, event, subscription.subscription_id)

    return comes


def a_large_request(stage: Stage) -> None:
    """More than fits a queue message; it lies in a blob."""
    all_have_joined(stage)
    stage.posted.clear()
    pool = [(one, ({"padding": "x" * 2000}, "", None)) for one in both(stage)] * 40
    items: Any = [*pool]
    for one in both(stage):
        stage.leaves(one, next(iter(one.legs.values())))
        items += [(one, told) for told in one.pool]
        one.pool.clear()
    stage.post([(one, told) for one, told in items if told[2]] + [(one, told) for one, told in items if not told[2]])
    assert stage.blobs.kept


def keys_are_away(stage: Stage) -> None:
    all_have_joined(stage)
    stage.notifications.down = True


def park(stage: Stage) -> None:
    """The poison queue's function; its message is gone once it is through."""
    if stage.posted:
        message, _ = stage.posted[0]
        stage.parking.take(message, 1)
        stage.posted.clear()
    stage.notifications.down = False
    stage.clock.forward(minutes=10)
    stage.parking.bring_back()
    work_all_notifications(stage)


def a_call_breaks_the_circuit(stage: Stage) -> None:
    """Enough failures in a row to open it; then it is probed, and closed."""
    for _ in range(12):
        work_all_pointers(stage)
        due = stage.house.pointers.next_due()
        if due is None:
            break
        stage.clock.until(due)
        if stage.house.circuits.kept:
            stage.teller.fares = dict.fromkeys(CONNECTIONS, Ehr.UP)


USE_CASES = [
    UseCase("a patient launches", patients_launch),
    UseCase("a clinician launches first", clinicians_launch, patients_launch),
    UseCase("a clinician signs in for the first time", clinicians_sign_in, patients_launch),
    UseCase("a patient goes on to the meeting", patients_go_on, all_are_open),
    UseCase("a second clinician launches", lambda stage: clinicians_launch(stage, 2), all_are_open),
    UseCase("notifications are worked", work_all_notifications, all_have_joined),
    UseCase("a large request is worked", work_all_notifications, a_large_request),
    UseCase("notifications are parked and brought back", park, keys_are_away),
    UseCase("writebacks are delivered", work_all_pointers, all_is_noted),
    UseCase("a leaving is delivered", work_all_pointers, all_have_left_for_good),
    UseCase("an EHR is down", work_all_pointers, ehrs_are(Ehr.DOWN)),
    UseCase("an EHR hears and does not answer", work_all_pointers, ehrs_are(Ehr.SLOW)),
    UseCase("an EHR wants a pause", work_all_pointers, ehrs_are(Ehr.BUSY)),
    UseCase("an EHR's circuit opens and closes", a_call_breaks_the_circuit, ehrs_are(Ehr.DOWN)),
    UseCase("an EHR refuses", work_all_pointers, ehrs_are(Ehr.REFUSING)),
    UseCase("what was given up is replayed", replay_all, all_is_given_up),
    UseCase("lost batons are swept", lambda stage: stage.house.upkeep.sweep(), batons_are_lost),
    UseCase("subscriptions are renewed", lambda stage: stage.house.upkeep.renew_subscriptions(), half_a_life_later),
    UseCase(
        "subscriptions are made anew", lambda stage: stage.house.upkeep.renew_subscriptions(), subscriptions_are_gone
    ),
    UseCase("a subscription wants to live on", work_all_notifications, a_lifecycle("reauthorizationRequired")),
    UseCase("a subscription was removed", work_all_notifications, a_lifecycle("subscriptionRemoved")),
    UseCase("reports are read", lambda stage: stage.house.reconcile.run(), reports_are_there),
    UseCase("visits are settled", lambda stage: stage.house.upkeep.settle(), all_is_over),
]


def played(case: UseCase, number: int, *, after: bool) -> tuple[Stage, bool]:
    """The stage in the end, and whether the process died at that effect."""
    stage = Stage()
    verdict = Verdict(stage)
    case.before(stage)
    stage.fuse.clear()
    stage.fuse.set(number, crash, after=after)
    died = False
    taken = [*stage.house.pointers.waiting]
    try:
        case.act(stage)
    except CrashError:
        died = True
        _come_again(stage, taken)
        # Whoever tries again does so a while later: a person, a timer, a queue.
        stage.clock.forward(30)
        stage.fuse.clear()
        (case.again or case.act)(stage)
    stage.heal()
    stage.notifications.down = False
    for one in both(stage):
        stage.note_page(one)
    stage.rest()
    verdict.look_at_writes()
    stage.clock.forward(hours=2)
    stage.house.upkeep.sweep()
    return stage, died


def _come_again(stage: Stage, taken: list[Any]) -> None:
    """A queue delivers what was taken from it and not worked through; whether it was, the baton says."""
    there = [pointer for _, pointer in stage.house.pointers.waiting]
    for due, pointer in taken:
        if pointer not in there:
            stage.house.pointers.waiting.append((due, pointer))


def picture(stage: Stage) -> Mapping[str, Any]:
    """What is left, apart from what is random and from when it was."""
    return {
        "visits": {one.session: _seen(stage, stage.visits.kept.get(one.key)) for one in both(stage)},
        "meetings": Counter(join_url for join_url in (found.join_url for found in stage.graph.meetings.values())),
        "subscriptions": Counter(stage.graph.subscriptions.values()),
        "queues": (len(stage.posted), len(stage.house.pointers.waiting)),
        "parked": len(stage.parked.kept),
        "circuits": len(stage.house.circuits.kept),
        "told": {
            one.session: {
                person: in_effect(Verdict(stage).heard(one, person))
                for person in (patient(one), clinician(one), clinician(one, 2))
            }
            for one in both(stage)
        },
    }


def _seen(stage: Stage, visit: Visit | None) -> Mapping[str, Any]:
    if visit is None:
        return {}
    current = visit.subscription.subscription_id if visit.subscription else ""
    return {
        "phase": visit.phase,
        "session": visit.session_id,
        "meeting": visit.meeting,
        "organizers": (visit.organizer, visit.co_organizers),
        "subscribed": current in stage.graph.subscriptions if current else None,
        "people": {key: _person(one) for key, one in visit.participants.items()},
    }


def _person(one: Participant) -> Any:
    steps = {(writeback.state, writeback.at): writeback.status for writeback in one.writebacks}
    return (
        one.role,
        one.number,
        one.external_id,
        one.state,
        {leg: len(signals) for leg, signals in one.legs.items() if leg != PAGE_LEG},
        [state for state, _ in sorted(steps, key=lambda step: step[1])],
        one.baton,
    )


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("case", USE_CASES, ids=lambda case: case.name)
def test_a_crash_at_any_effect_changes_nothing_in_the_end(case: UseCase) -> None:
    wanted, died = played(case, 10_000, after=False)
    assert not died
    expected = picture(wanted)
    points = 0
    for number, after in ((number, after) for number in itertools.count(1) for after in (False, True)):
        stage, died = played(case, number, after=after)
        if not died:
            break
        points += 1
        assert picture(stage) == expected, f"{'after' if after else 'before'} effect {number}"
    assert points >= 2
