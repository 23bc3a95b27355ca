"""The subscription of a visit: once prolonged, once made, ended in time, and nobody's trouble but its own tenant's."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey, TenantKey, VisitKey
from shared.presence.model import Kind, Status
from shared.visits.model import Meeting, Phase, Subscription, Visit
from shared.visits.subscriptions import APART, SUBSCRIPTION_LIFETIME
from shared.visits.ways import ToMeeting
from tests.support.fakes import NEVER, START, CrashError
from tests.support.house import QUIET, TENANT, House, entra, event

JOINED, LEFT = Kind.JOINED, Kind.LEFT
DOC = entra("oid-1")
REAUTHORIZE, REMOVED = "reauthorizationRequired", "subscriptionRemoved"
HALF = SUBSCRIPTION_LIFETIME / 2
THROTTLED = "microsoft_throttled"


def opened() -> House:
    house = House()
    house.provider_launch()
    return house


def over(house: House, *, given_up: bool = False) -> None:
    """A visit of which everybody has left; with something that the EHR may yet be told, if wanted."""
    house.provider_launch()
    if given_up:
        house.teller.script.append(NEVER)
    seconds = (house.clock.present - START).total_seconds()
    house.happen(event(seconds + 5, "p", JOINED, DOC))
    house.work()
    house.happen(event(seconds + 600, "p", LEFT, DOC))
    house.work_until_quiet()
    house.clock.present += QUIET + timedelta(minutes=1)


def subscription(house: House) -> Subscription:
    found = house.visit().subscription
    assert found is not None
    return found


def other_tenants_visit(house: House) -> VisitKey:
    """An open visit of another tenant, whose subscription has lived half of its life."""
    tenant = TenantKey(TENANT.geography, "99999999-2222-4333-8444-555555555555")
    key = VisitKey(ConnectionKey(tenant, "thzrtjzrtjzbthbcekvkvkvkvkuaqcaibaeaqcaib"[:40]), "b" * 32)
    house.meetings.subscriptions["theirs"] = "https://teams.example/theirs"
    house.visits.create(
        Visit(
            key,
            house.clock.present,
            phase=Phase.OPEN,
            meeting=Meeting("m", "https://teams.example/theirs", "oid-9"),
            subscription=Subscription("theirs", house.clock.present + timedelta(hours=1)),
        )
    )
    return key


def failing(house: House, method: str, code: str, retry_after: int | None = None) -> Callable[[], None]:
    """Graph answers so for our tenant, until the function that is given back is called."""

    def during(called: str) -> None:
        if called == method:
            raise ConnectorError(code, retry_after=retry_after)

    house.meetings.during = during
    return lambda: setattr(house.meetings, "during", lambda called: None)


def test_asked_twice_to_authorize_anew_it_is_prolonged_once() -> None:
    house = opened()
    for _ in range(2):
        house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, subscription(house).subscription_id)
        house.clock.forward(minutes=9)
    assert house.meetings.count("renew") == 1
    assert subscription(house).prolonged == START
    house.clock.present = START + APART
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, subscription(house).subscription_id)
    assert house.meetings.count("renew") == 2


def test_asked_right_after_the_timers_renewal_it_is_not_prolonged_again() -> None:
    house = opened()
    house.clock.present = START + HALF
    house.upkeep.renew_subscriptions()
    house.clock.forward(minutes=1)
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert house.meetings.count("renew") == 1


def test_prolonged_while_somebody_writes_to_the_visit_that_is_not_forgotten() -> None:
    house = opened()
    house.visits.conflict_at(1, 2)
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert house.meetings.count("renew") == 1
    assert subscription(house).prolonged == START


def test_a_subscription_that_was_never_written_down_is_taken_over_when_it_needs_us() -> None:
    house = opened()
    lost = subscription(house)
    house.visits.save(house.visit(), replace(house.visit(), subscription=None))
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, lost.subscription_id)
    assert subscription(house).subscription_id == lost.subscription_id
    assert house.meetings.count("subscribe") == 1


def test_told_that_another_subscription_was_removed_ours_stays() -> None:
    house = opened()
    before = subscription(house)
    house.upkeep.on_lifecycle(house.key(), REMOVED, "an-earlier-one")
    assert subscription(house) == before
    assert house.meetings.count("subscribe") == 1


def test_two_workers_with_the_same_request_prolong_it_once() -> None:
    """The second comes while Graph is being asked; its message waits until that is known to have gone well."""
    house = opened()
    house.clock.forward(hours=1)

    def second(method: str) -> None:
        house.meetings.during = lambda method: None
        with pytest.raises(ConnectorError, match="busy"):
            house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")

    house.meetings.during = second
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert house.meetings.count("renew") == 1


def test_two_workers_that_read_the_visit_at_the_same_time_prolong_it_once() -> None:
    house = opened()
    house.clock.forward(hours=1)

    def second(number: int, visit: object) -> None:
        house.visits.before_write = lambda number, visit: None
        house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")

    house.visits.before_write = second
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert house.meetings.count("renew") == 1


def test_the_timer_leaves_alone_what_is_being_prolonged() -> None:
    house = opened()
    house.clock.present = START + HALF

    def timer(method: str) -> None:
        house.meetings.during = lambda method: None
        house.upkeep.renew_subscriptions()

    house.meetings.during = timer
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert house.meetings.count("renew") == 1


def test_a_process_that_ends_while_it_prolongs_keeps_nobody_from_it_for_long() -> None:
    house = opened()
    house.clock.forward(hours=1)

    def crash(method: str) -> None:
        house.meetings.during = lambda method: None
        raise CrashError

    house.meetings.during = crash
    with pytest.raises(CrashError):
        house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    house.clock.forward(seconds=30)
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert house.meetings.count("renew") == 2
    assert subscription(house).expires == house.clock.present + SUBSCRIPTION_LIFETIME


@pytest.mark.parametrize(("event_name", "method"), [(REAUTHORIZE, "renew"), (REMOVED, "subscribe")])
def test_throttled_by_what_graph_asks_for_the_tenant_rests_and_the_queue_tries_again(
    event_name: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = opened()
    house.clock.present = START + HALF
    if event_name == REMOVED:
        house.meetings.subscriptions.clear()
    before = subscription(house)
    end = failing(house, method, THROTTLED, 600)
    caplog.clear()
    with pytest.raises(ConnectorError, match=THROTTLED):
        house.upkeep.on_lifecycle(house.key(), event_name, "")
    assert caplog.text.count("subscription_failed") == 1
    assert subscription(house) == before
    calls = len(house.meetings.calls)
    house.clock.forward(minutes=4)
    with pytest.raises(ConnectorError, match=THROTTLED) as resting:
        house.upkeep.on_lifecycle(house.key(), event_name, "")
    assert resting.value.retry_after == 360
    house.upkeep.renew_subscriptions()
    assert len(house.meetings.calls) == calls
    end()
    house.clock.forward(minutes=6)
    house.upkeep.on_lifecycle(house.key(), event_name, "")
    assert len(house.meetings.calls) == calls + 1
    assert subscription(house).expires == house.clock.present + SUBSCRIPTION_LIFETIME


def test_a_tenant_that_rests_keeps_nothing_in_the_queue_that_needs_no_graph() -> None:
    house = opened()
    house.clock.present = START + HALF
    failing(house, "renew", THROTTLED, 600)
    house.upkeep.renew_subscriptions()
    for event_name, named in (("missed", ""), (REMOVED, "an-earlier-one")):
        house.upkeep.on_lifecycle(house.key(), event_name, named)


def test_graph_that_is_down_and_says_for_how_long_is_left_alone_for_so_long() -> None:
    house = opened()
    house.clock.present = START + HALF
    failing(house, "renew", "microsoft_unavailable", 600)
    for _ in range(2):
        house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 1


def test_what_cannot_be_prolonged_now_is_tried_again_by_the_queue() -> None:
    house = opened()
    before = subscription(house)
    house.meetings.failing["renew"] = "microsoft_unavailable"
    with pytest.raises(ConnectorError, match="microsoft_unavailable"):
        house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert subscription(house) == before
    house.meetings.failing.clear()
    house.upkeep.on_lifecycle(house.key(), REAUTHORIZE, "")
    assert subscription(house).prolonged == START


@pytest.mark.parametrize("event_name", [REAUTHORIZE, REMOVED])
def test_a_subscription_of_a_visit_that_is_over_may_go(event_name: str) -> None:
    house = House()
    over(house, given_up=True)
    calls = len(house.meetings.calls)
    house.upkeep.on_lifecycle(house.key(), event_name, "")
    assert len(house.meetings.calls) == calls


def test_the_subscription_ends_with_the_visit_although_its_writebacks_are_not_settled() -> None:
    house = House()
    over(house, given_up=True)
    house.upkeep.settle()
    assert house.meetings.subscriptions == {}
    assert (house.visit().phase, house.visit().subscription) == (Phase.OPEN, None)
    assert Status.GIVEN_UP in {one.status for one in house.provider().writebacks}
    house.upkeep.settle()
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("unsubscribe") == 1
    assert house.meetings.count("subscribe") == 1


@pytest.mark.parametrize("who", ["provider", "patient"])
def test_launched_again_a_visit_that_was_over_is_followed_again_at_once(who: str) -> None:
    house = House()
    over(house, given_up=True)
    house.upkeep.settle()
    way = house.provider_launch() if who == "provider" else house.patient_launch()
    assert isinstance(way, ToMeeting)
    assert list(house.meetings.subscriptions) == [subscription(house).subscription_id]
    assert house.meetings.count("create_or_get") == 1


@pytest.mark.parametrize("code", [THROTTLED, "subscription_limit", "microsoft_unavailable", "no_consent"])
@pytest.mark.parametrize("who", ["provider", "patient"])
def test_a_launch_opens_the_visit_whatever_becomes_of_its_subscription(code: str, who: str) -> None:
    house = House()
    failing(house, "subscribe", code)
    house.provider_launch()
    way = house.provider_launch() if who == "provider" else house.patient_launch()
    assert isinstance(way, ToMeeting)
    assert (house.visit().phase, house.visit().subscription) == (Phase.OPEN, None)


@pytest.mark.parametrize("given_up", [True, False])
@pytest.mark.parametrize("code", [THROTTLED, "microsoft_unavailable", "no_consent"])
def test_a_subscription_that_could_not_be_ended_is_ended_in_a_later_round(code: str, given_up: bool) -> None:  # noqa: FBT001
    house = House()
    over(house, given_up=given_up)
    end = failing(house, "unsubscribe", code, 60)
    house.upkeep.settle()
    assert house.visit().phase is (Phase.OPEN if given_up else Phase.SETTLED)
    assert house.visits.live() == [house.key()]
    end()
    house.clock.forward(minutes=5)
    house.upkeep.settle()
    assert (house.meetings.subscriptions, house.visit().subscription) == ({}, None)
    assert house.visits.live() == ([house.key()] if given_up else [])
    calls = len(house.meetings.calls)
    house.upkeep.settle()
    assert len(house.meetings.calls) == calls


@pytest.mark.parametrize("given_up", [True, False])
@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("number", [1, 2])
def test_a_process_that_ends_while_it_ends_a_subscription_leaves_it_to_the_next_round(
    number: int,
    done: bool,  # noqa: FBT001
    given_up: bool,  # noqa: FBT001
) -> None:
    house = House()
    over(house, given_up=given_up)
    house.visits.crash_at(number, done=done)
    with pytest.raises(CrashError):
        house.upkeep.settle()
    house.upkeep.settle()
    assert (house.meetings.subscriptions, house.visit().subscription) == ({}, None)


def test_launched_again_after_such_a_crash_it_is_followed_at_once() -> None:
    """Graph had ended it, and the record still had it."""
    house = House()
    over(house, given_up=True)
    house.visits.crash_at(2)
    with pytest.raises(CrashError):
        house.upkeep.settle()
    assert house.meetings.subscriptions == {}
    house.patient_launch()
    assert list(house.meetings.subscriptions) == [subscription(house).subscription_id]
    house.upkeep.settle()
    assert house.meetings.count("unsubscribe") == 1


@pytest.mark.parametrize("given_up", [True, False])
def test_what_could_not_be_ended_for_as_long_as_it_can_live_has_run_out(given_up: bool) -> None:  # noqa: FBT001
    house = House()
    over(house, given_up=given_up)
    failing(house, "unsubscribe", "no_consent")
    house.upkeep.settle()
    house.clock.forward(hours=12)
    calls = len(house.meetings.calls)
    house.upkeep.settle()
    assert len(house.meetings.calls) == calls
    assert house.visit().subscription is None


def test_launched_again_while_its_subscription_cannot_be_ended_the_visit_keeps_it() -> None:
    house = House()
    over(house)
    end = failing(house, "unsubscribe", "microsoft_unavailable")
    house.upkeep.settle()
    end()
    house.provider_launch()
    house.upkeep.settle()
    house.upkeep.renew_subscriptions()
    assert house.visit().phase is Phase.OPEN
    assert list(house.meetings.subscriptions) == [subscription(house).subscription_id]
    assert house.meetings.count("unsubscribe") == 1


def test_opened_while_its_subscription_is_being_ended_the_visit_gets_another() -> None:
    """Graph tells who opens it that there is one already, which is gone a moment later."""
    house = House()
    over(house, given_up=True)
    ending = subscription(house)

    def opened_again(method: str) -> None:
        if method == "unsubscribe":
            house.meetings.during = lambda method: None
            visit = house.visit()
            alive = replace(ending, expires=house.clock.present + SUBSCRIPTION_LIFETIME)
            house.visits.save(visit, replace(visit, subscription=alive, last_signal=house.clock.present))

    house.meetings.during = opened_again
    house.upkeep.settle()
    assert subscription(house).subscription_id != ending.subscription_id
    assert list(house.meetings.subscriptions) == [subscription(house).subscription_id]


def test_who_opens_it_just_before_its_end_keeps_the_subscription() -> None:
    house = House()
    over(house, given_up=True)
    before = subscription(house)

    def patient_comes(number: int, visit: object) -> None:
        house.visits.before_write = lambda number, visit: None
        house.patient_launch()

    house.visits.before_write = patient_comes
    house.upkeep.settle()
    assert subscription(house) == before
    assert house.meetings.count("unsubscribe") == 0


def test_a_throttled_tenant_is_left_alone_for_as_long_as_graph_asks_and_the_others_go_on() -> None:
    house = House()
    for number in range(5):
        house.provider_launch(session_id=f"csn-{number}")
    house.clock.present = START + HALF
    theirs = other_tenants_visit(house)
    calls = {"ours": 0}

    def during(called: str) -> None:
        if called == "renew" and len(house.meetings.calls) - before <= 1:
            calls["ours"] += 1
            raise ConnectorError(THROTTLED, retry_after=1200)

    before = len(house.meetings.calls)
    house.meetings.during = during
    house.upkeep.renew_subscriptions()
    # One of ours was tried, and theirs was prolonged.
    assert (calls["ours"], house.meetings.count("renew")) == (1, 2)
    found = house.visits.kept[theirs].subscription
    assert found is not None
    assert found.prolonged == house.clock.present
    house.clock.forward(minutes=19)
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 2
    house.clock.forward(minutes=1)
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 2 + 5


@pytest.mark.parametrize(("asked", "rest"), [(None, 1), (10**6, 60)])
def test_a_rest_is_never_endless(asked: int | None, rest: int) -> None:
    house = opened()
    house.clock.present = START + HALF
    end = failing(house, "renew", THROTTLED, asked)
    house.upkeep.renew_subscriptions()
    end()
    house.clock.forward(minutes=rest, seconds=-1)
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 1
    house.clock.forward(1)
    house.upkeep.renew_subscriptions()
    assert house.meetings.count("renew") == 2


@pytest.mark.parametrize("given_up", [True, False])
def test_while_a_tenant_rests_ending_subscriptions_waits_and_forgetting_people_does_not(given_up: bool) -> None:  # noqa: FBT001
    house = House()
    over(house, given_up=given_up)
    house.visits.create(replace(house.visit(), key=house.key("csn-2")))
    failing(house, "unsubscribe", THROTTLED, 600)
    house.upkeep.settle()
    assert house.meetings.count("unsubscribe") == 1
    if given_up:
        assert house.visit("csn-2").subscription is not None
    else:
        assert {visit.phase for visit in house.visits.kept.values()} == {Phase.SETTLED}


def test_an_organisation_without_subscriptions_left_is_told_once_a_round_and_keeps_those_that_it_has(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = opened()
    end = failing(house, "subscribe", "subscription_limit")
    for number in range(2, 5):
        house.provider_launch(session_id=f"csn-{number}")
    house.clock.present = START + HALF
    caplog.clear()
    house.upkeep.renew_subscriptions()
    told = [json.loads(record.getMessage().partition(" ")[2]) for record in caplog.records]
    assert [(one["code"], one["tenant"]) for one in told if "code" in one] == [("subscription_limit", TENANT.tenant)]
    assert subscription(house).prolonged == START + HALF
    end()
    house.clock.forward(minutes=10)
    house.upkeep.renew_subscriptions()
    assert all(visit.subscription for visit in house.visits.kept.values())


def test_one_visit_that_cannot_be_read_does_not_keep_the_others_from_anything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    house = House()
    for number in range(3):
        house.provider_launch(session_id=f"csn-{number}")
    broken, read = house.key("csn-1"), house.visits.read

    def reading(key: VisitKey) -> Any:
        if key == broken:
            raise ValueError("Markername")
        return read(key)

    house.visits.read = reading  # type: ignore[method-assign]
    house.clock.present = START + HALF
    house.upkeep.renew_subscriptions()
    house.upkeep.sweep()
    house.upkeep.settle()
    assert house.meetings.count("renew") == 2
    assert caplog.text.count("builtins.ValueError") == 3
    assert "Markername" not in caplog.text
