"""What timers do: renew, repair, settle, forget."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.presence.baton import ABANDONED_AFTER
from shared.presence.model import REPLAY_FOR, Kind, State, Status
from shared.visits.model import Phase
from shared.visits.subscriptions import SUBSCRIPTION_LIFETIME
from tests.support.fakes import LATER, NEVER, START, CrashError
from tests.support.house import QUIET, House, ended, entra, event

JOINED, LEFT = Kind.JOINED, Kind.LEFT
DOC = entra("oid-1")


def over(house: House) -> None:
    """Patient and clinician were in the meeting and have left; everything is told."""
    house.patient_launch()
    house.provider_launch()
    house.happen(event(5, "a", JOINED), event(5, "p", JOINED, DOC))
    house.work()
    house.happen(event(600, "a", LEFT), event(600, "p", LEFT, DOC))
    house.work_until_quiet()


def settle_after(house: House, wait: timedelta) -> Phase:
    house.clock.present += wait
    house.upkeep.settle()
    return house.visit().phase


def test_a_visit_is_settled_once_it_was_quiet_for_long_enough() -> None:
    house = House()
    over(house)
    gone = START + timedelta(seconds=600)
    house.clock.present = gone + QUIET - timedelta(seconds=1)
    assert settle_after(house, timedelta()) is Phase.OPEN
    assert settle_after(house, timedelta(seconds=1)) is Phase.SETTLED
    assert house.visits.live() == []


def test_settled_nothing_is_left_that_names_a_person_or_opens_a_door() -> None:
    house = House()
    over(house)
    house.provider_launch("PROV2", "oid-2")
    meeting = house.visit().meeting
    assert meeting is not None
    settle_after(house, timedelta(hours=1))
    visit = house.visit()
    everything = repr(replace(visit, key=house.key()))
    for trace in ("csn-1", "PAT1", "PROV1", "PROV2", "oid-1", "oid-2", meeting.join_url, meeting.meeting_id, "subscr"):
        assert trace not in everything.replace("subscription=None", "")
    for one in visit.participants.values():
        assert (one.legs, one.baton, one.page_joined_at) == ({}, None, None)


def test_settled_counts_and_times_stay() -> None:
    house = House()
    over(house)
    before = house.patient().writebacks
    settle_after(house, timedelta(hours=1))
    assert house.patient().writebacks == before
    assert len(house.visit().participants) == 2
    assert house.visit().created == START
    assert house.patient().state is State.DISCONNECTED


def test_settled_the_subscription_is_ended() -> None:
    house = House()
    over(house)
    assert len(house.meetings.subscriptions) == 1
    settle_after(house, timedelta(hours=1))
    assert house.meetings.subscriptions == {}


def test_a_subscription_that_cannot_be_ended_does_not_keep_people_on_record() -> None:
    house = House()
    over(house)
    house.meetings.failing["unsubscribe"] = "microsoft_unavailable"
    assert settle_after(house, timedelta(hours=1)) is Phase.SETTLED


def test_a_visit_that_somebody_opens_at_that_moment_keeps_subscription_and_people() -> None:
    house = House()
    over(house)
    house.clock.forward(hours=1)

    def patient_comes(number: int, visit: object) -> None:
        house.visits.before_write = lambda number, visit: None
        house.patient_launch()

    house.visits.before_write = patient_comes
    house.upkeep.settle()
    assert house.visit().phase is Phase.OPEN
    assert house.visit().subscription is not None
    assert len(house.meetings.subscriptions) == 1
    assert house.patient().external_id == "PAT1"


@pytest.mark.parametrize("role", ["patient", "provider", "waiting"])
def test_nobody_is_forgotten_who_is_still_there(role: str) -> None:
    house = House()
    over(house)
    moment = (house.clock.present - START).total_seconds() + 1
    if role == "patient":
        house.happen(event(moment, "b", JOINED))
    elif role == "provider":
        house.happen(event(moment, "p2", JOINED, DOC))
    else:
        house.patient_launch()
    house.work_until_quiet()
    assert settle_after(house, timedelta(hours=5)) is Phase.OPEN


@pytest.mark.parametrize("vocabulary", [frozenset[State](), frozenset(State)])
def test_who_was_away_for_a_moment_is_still_there(vocabulary: frozenset[State]) -> None:
    house = House()
    house.teller.vocabulary = vocabulary
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    house.happen(event(60, "p", LEFT, DOC))
    house.happen(event(62, "p2", JOINED, DOC))
    house.work_until_quiet()
    assert settle_after(house, timedelta(hours=5)) is Phase.OPEN


def test_a_meeting_ended_for_all_is_quiet_from_then_on() -> None:
    house = House()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    house.happen(ended(3600))
    house.work_until_quiet()
    house.clock.present = START + timedelta(seconds=3600) + QUIET - timedelta(seconds=1)
    assert settle_after(house, timedelta()) is Phase.OPEN
    assert settle_after(house, timedelta(seconds=2)) is Phase.SETTLED


def test_after_its_longest_time_a_visit_is_settled_whoever_waits() -> None:
    house = House()
    house.patient_launch()
    house.work_until_quiet()
    assert settle_after(house, timedelta(hours=11)) is Phase.WAITING
    assert settle_after(house, timedelta(hours=2)) is Phase.SETTLED


def test_a_visit_is_not_settled_before_its_writebacks_are() -> None:
    house = House()
    house.provider_launch()
    house.teller.otherwise = LATER
    house.happen(event(5, "p", JOINED, DOC))
    house.happen(event(60, "p", LEFT, DOC))
    house.work()
    assert settle_after(house, timedelta(hours=20)) is Phase.OPEN
    assert house.provider().external_id == "PROV1"


def test_what_was_given_up_keeps_its_addressee_for_thirty_days() -> None:
    house = House()
    house.teller.script.append(NEVER)
    over(house)
    begun = house.clock.present
    assert settle_after(house, REPLAY_FOR - timedelta(hours=1)) is Phase.OPEN
    assert Status.GIVEN_UP in {one.status for one in house.patient().writebacks}
    assert house.patient().external_id == "PAT1"
    house.clock.present = begun + REPLAY_FOR
    assert settle_after(house, timedelta(minutes=1)) is Phase.SETTLED
    assert house.patient().external_id == ""


def test_a_conflict_leaves_settling_to_the_next_round() -> None:
    house = House()
    over(house)
    house.visits.conflict_at(1)
    assert settle_after(house, timedelta(hours=1)) is Phase.OPEN
    assert settle_after(house, timedelta()) is Phase.SETTLED


def test_settling_one_visit_leaves_the_others() -> None:
    house = House()
    over(house)
    house.clock.forward(hours=1)
    house.patient_launch("PAT2", "csn-2")
    house.upkeep.settle()
    assert house.visit().phase is Phase.SETTLED
    assert house.visit("csn-2").phase is Phase.WAITING


def test_the_sweep_sends_a_baton_that_was_lost() -> None:
    house = House()
    house.provider_launch()
    house.pointers.losing = True
    with pytest.raises(CrashError):
        house.happen(event(5, "p", JOINED, DOC))
    house.pointers.losing = False
    house.upkeep.sweep()
    assert house.work() == 0
    house.clock.forward(ABANDONED_AFTER.total_seconds() + 1)
    house.upkeep.sweep()
    house.work()
    assert house.told("PROV1") == [State.CONNECTED]


def test_the_sweep_leaves_alone_what_is_under_way() -> None:
    house = House()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    house.happen(event(60, "p", LEFT, DOC))
    writes, sent = house.visits.writes, len(house.pointers.sent)
    house.upkeep.sweep()
    house.clock.forward(ABANDONED_AFTER.total_seconds() / 2)
    house.upkeep.sweep()
    assert (house.visits.writes, len(house.pointers.sent)) == (writes, sent)


def test_a_baton_that_was_lost_twice_is_sent_twice_and_the_old_message_does_nothing() -> None:
    house = House()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    stuck = house.pointers.take()
    assert stuck is not None
    for _ in range(2):
        house.clock.forward(ABANDONED_AFTER.total_seconds() + 1)
        house.upkeep.sweep()
    assert len(house.pointers.waiting) == 2
    house.work()
    house.outbox.deliver(stuck)
    assert house.told("PROV1") == [State.CONNECTED]


def opened() -> House:
    house = House()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    house.work()
    return house


def test_a_subscription_is_renewed_at_half_its_life() -> None:
    house = opened()
    begun = START
    house.clock.present = begun + SUBSCRIPTION_LIFETIME / 2 - timedelta(seconds=1)
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 0
    house.clock.forward(1)
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 1
    assert house.visit().subscription is not None
    assert getattr(house.visit().subscription, "expires", None) == house.clock.present + SUBSCRIPTION_LIFETIME
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 1


def test_a_subscription_that_is_gone_is_made_anew() -> None:
    house = opened()
    before = house.visit().subscription
    house.meetings.subscriptions.clear()
    house.clock.forward(hours=7)
    house.upkeep.renew_subscriptions()
    now = house.visit().subscription
    assert before is not None
    assert now is not None
    assert now.subscription_id != before.subscription_id
    assert list(house.meetings.subscriptions) == [now.subscription_id]


def test_a_subscription_that_could_not_be_made_at_first_is_made_later() -> None:
    house = House()
    house.meetings.failing["subscribe"] = "microsoft_unavailable"
    house.provider_launch()
    assert house.visit().subscription is None
    house.upkeep.renew_subscriptions()
    assert house.visit().subscription is None
    house.meetings.failing.clear()
    house.upkeep.renew_subscriptions()
    assert house.visit().subscription is not None


def test_one_visits_trouble_does_not_keep_the_others_from_renewal() -> None:
    house = House()
    house.provider_launch("PROV1", "oid-1", "csn-1")
    house.provider_launch("PROV1", "oid-1", "csn-2")
    house.clock.present = START + timedelta(hours=7)
    failures = iter([True, False])

    def first_fails(method: str) -> None:
        house.meetings.failing = {"renew": "microsoft_unavailable"} if next(failures) else {}

    house.meetings.during = first_fails
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 2
    lives = [
        getattr(visit.subscription, "expires", START) - house.clock.present for visit in house.visits.kept.values()
    ]
    assert sorted(lives) == [timedelta(hours=5), timedelta(hours=12)]


def test_what_is_not_open_or_is_over_is_not_renewed() -> None:
    house = House()
    house.patient_launch()
    house.upkeep.renew_subscriptions()
    house.provider_launch()
    house.clock.forward(hours=13)
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 0
    assert house.meetings.count("subscribe") == 1


def test_asked_to_authorize_anew_the_subscription_is_renewed_at_once() -> None:
    house = opened()
    house.clock.forward(60)
    house.upkeep.on_lifecycle(house.key(), "reauthorizationRequired", "")
    assert house.meetings.count("renew") == 1
    assert getattr(house.visit().subscription, "expires", None) == house.clock.present + SUBSCRIPTION_LIFETIME


def test_told_that_the_subscription_was_removed_another_is_made_without_asking_for_the_old() -> None:
    house = opened()
    house.meetings.subscriptions.clear()
    house.upkeep.on_lifecycle(house.key(), "subscriptionRemoved", "")
    assert house.meetings.count("renew") == 0
    assert house.meetings.count("subscribe") == 2
    assert list(house.meetings.subscriptions) == [getattr(house.visit().subscription, "subscription_id", "")]


@pytest.mark.parametrize("event_name", ["missed", "", "somethingNew"])
def test_other_lifecycle_events_change_nothing(event_name: str) -> None:
    house = opened()
    before = house.visit()
    house.upkeep.on_lifecycle(house.key(), event_name, "")
    house.upkeep.on_lifecycle(house.key("unknown"), "reauthorizationRequired", "")
    assert house.visit() == before
    assert house.meetings.count("renew") == 0
