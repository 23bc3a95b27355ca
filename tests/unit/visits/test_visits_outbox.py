"""The outbox: in order, again where that may help, and never twice by two workers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import ConnectorError
from shared.identifiers import Role
from shared.presence.baton import ABANDONED_AFTER
from shared.presence.model import REJOINED, Baton, Kind, Source, State, Status
from shared.visits.attendance import MEETING
from shared.visits.model import Phase
from shared.visits.outbox import RETRY_FOR, pause_before
from shared.visits.ports import EhrUser, Pointer, StatusMessage, Told
from shared.visits.who import CallEvent
from tests.support.fakes import LATER, NEVER, CrashError
from tests.support.house import CONNECTION, House, after, entra, event, given_up, status_of

LOBBY, JOINED, LEFT = Kind.LOBBY, Kind.JOINED, Kind.LEFT
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED
DOC = entra("oid-1")


def opened() -> House:
    """A visit of one clinician, whose first joining waits to be told."""
    house = House()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, DOC))
    return house


def test_what_is_told_names_visit_person_state_and_a_key_that_stays() -> None:
    house = opened()
    house.teller.script.append(LATER)
    house.work_until_quiet()
    assert house.teller.called == [CONNECTION, CONNECTION]
    first, second = house.teller.tries
    assert first == second
    assert (first.session_id, first.user.external_id, first.user.external_id_type) == ("csn-1", "PROV1", "1")
    assert first.key == f"{house.key().session}.{house.provider_key()}.1"


def test_a_message_says_all_that_any_kind_of_ehr_may_want_and_the_address_only_of_an_opening() -> None:
    house = House()
    house.teller.vocabulary = frozenset(State)
    house.provider_launch(appointment="appointment-1")
    house.happen(event(5, "p", JOINED, DOC))
    house.work_until_quiet()
    meeting = house.visit().meeting
    assert meeting is not None
    opening, joining = sorted(house.teller.log, key=lambda one: one.at)
    assert (opening.state, opening.role, opening.join_url) == (State.OPENED, Role.MEETING, meeting.join_url)
    assert opening.source is Source.CONNECTOR
    assert joining == StatusMessage(
        "csn-1",
        EhrUser("PROV1", "1"),
        Role.PROVIDER,
        CONNECTED,
        after(5),
        key=f"{house.key().session}.{house.provider_key()}.1",
        source=Source.CALL_EVENTS,
        references={"appointment": "appointment-1"},
    )


def test_only_the_leaving_of_the_last_one_who_was_there_is_the_last() -> None:
    house = opened()
    house.patient_launch()
    house.happen(event(10, "q", JOINED))
    house.work_until_quiet()
    house.happen(event(60, "p", LEFT, DOC))
    house.work_until_quiet()
    house.happen(event(200, "q", LEFT))
    house.work_until_quiet()
    assert [(one.user.external_id, one.role, one.state, one.last) for one in house.teller.log] == [
        ("PROV1", Role.PROVIDER, CONNECTED, False),
        ("PAT1", Role.PATIENT, WAITING, False),
        ("PAT1", Role.PATIENT, CONNECTED, False),
        ("PROV1", Role.PROVIDER, DISCONNECTED, False),
        ("PAT1", Role.PATIENT, DISCONNECTED, True),
    ]


@pytest.mark.parametrize(
    ("following", "now", "overtaken"),
    [
        (None, 7200, [False]),
        (event(60, "p", LEFT, DOC), 304, [False, False]),
        (event(60, "p", LEFT, DOC), 306, [True, False]),
        (event(60, "p", LOBBY, DOC), 306, [True, False]),
        (event(300, "p", LEFT, DOC), 310, [False, False]),
    ],
)
def test_a_message_says_whether_something_later_has_made_it_untrue_for_long(
    following: CallEvent | None, now: float, overtaken: list[bool]
) -> None:
    house = opened()
    house.teller.stamps_time = False
    if following:
        house.happen(following)
    house.clock.until(after(now))
    house.work_until_quiet()
    assert [one.overtaken for one in house.teller.log] == overtaken


def test_delivered_is_noted_with_its_times() -> None:
    house = opened()
    house.work()
    told = house.provider().writebacks[0]
    assert (told.status, told.attempts, told.reason) == (Status.DELIVERED, 1, "")
    assert told.first_try == told.last_try == house.clock.present
    assert house.provider().baton is None
    assert house.pointers.waiting == []


def test_several_that_are_due_go_in_order_with_one_message() -> None:
    house = opened()
    house.clock.forward(300)
    house.happen(event(100, "p", LEFT, DOC), event(200, "p", JOINED, DOC))
    assert len(house.pointers.waiting) == 1
    assert house.work() == 1
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED, CONNECTED]


def test_one_persons_trouble_is_not_anothers() -> None:
    house = opened()
    house.patient_launch()
    house.teller.script.append(LATER)
    house.work()
    assert house.told("PAT1") == [WAITING]
    assert house.told("PROV1") == []


def test_what_failed_holds_back_what_comes_after_it() -> None:
    house = opened()
    house.teller.otherwise = LATER
    house.work()
    house.happen(event(60, "p", LEFT, DOC))
    house.clock.forward(120)
    house.work()
    assert {one.state for one in house.teller.tries} == {CONNECTED}
    house.teller.otherwise = Told(delivered=True)
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]


def test_a_retry_waits_as_long_as_the_ehr_asks() -> None:
    house = opened()
    house.teller.script.append(replace(LATER, retry_after=timedelta(seconds=77)))
    house.work()
    one = house.provider().writebacks[0]
    assert (one.status, one.attempts, one.reason) == (Status.RETRYING, 1, "HTTP 503")
    assert one.due == house.clock.present + timedelta(seconds=77)
    assert house.pointers.sent[-1][1] == timedelta(seconds=77)


@pytest.mark.parametrize(
    ("attempt", "longest"), [(2, 2), (3, 4), (4, 8), (10, 512), (14, 7200), (30, 7200), (10_000, 7200)]
)
def test_pauses_double_up_to_two_hours(attempt: int, longest: float) -> None:
    for _ in range(50):
        pause = pause_before(attempt).total_seconds()
        assert longest / 2 <= pause <= longest


def test_an_ehr_that_is_down_for_three_days_loses_nothing() -> None:
    house = opened()
    house.teller.stamps_time = False
    house.teller.otherwise = LATER
    while house.clock.present < house.provider().writebacks[0].at + timedelta(hours=72):
        house.clock.until(house.pointers.next_due() or house.clock.present)
        house.work()
    assert house.provider().writebacks[0].status is Status.RETRYING
    house.teller.otherwise = Told(delivered=True)
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED]


def test_after_the_longest_time_it_is_given_up() -> None:
    house = opened()
    house.teller.stamps_time = False
    house.teller.otherwise = LATER
    begin = house.clock.present
    house.work_until_quiet()
    one = given_up(house.provider())
    assert one.last_try is not None
    assert one.last_try <= begin + RETRY_FOR
    assert one.reason == "HTTP 503"


def test_what_follows_something_given_up_after_the_longest_time_is_told_at_once() -> None:
    house = opened()
    house.teller.stamps_time = False
    house.teller.otherwise = LATER
    house.work()
    house.happen(event(60, "p", LEFT, DOC))
    while house.provider().writebacks[0].status is Status.RETRYING:
        due = house.pointers.next_due()
        assert due is not None
        house.clock.until(due)
        if house.clock.present > house.provider().writebacks[0].at + RETRY_FOR - timedelta(hours=2):
            house.teller.script.append(LATER)
            house.teller.otherwise = Told(delivered=True)
        house.work()
    assert status_of(house.provider()) == [(CONNECTED, Status.GIVEN_UP), (DISCONNECTED, Status.DELIVERED)]


def test_a_permanent_error_is_given_up_at_once_with_the_ehrs_words() -> None:
    house = opened()
    house.teller.script.append(NEVER)
    house.happen(event(60, "p", LEFT, DOC))
    house.work_until_quiet()
    assert status_of(house.provider()) == [(CONNECTED, Status.GIVEN_UP), (DISCONNECTED, Status.DELIVERED)]
    assert given_up(house.provider()).reason == "INVALID-USER-ID"
    assert len(house.teller.tries) == 2


def test_a_stale_baton_does_nothing() -> None:
    house = opened()
    pointer = house.pointers.take()
    assert pointer is not None
    writes = house.visits.writes
    house.outbox.deliver(replace(pointer, baton="of the past"))
    house.outbox.deliver(replace(pointer, participant="provider-nobody"))
    house.outbox.deliver(Pointer(house.key("unknown"), pointer.participant, pointer.baton))
    assert house.teller.tries == []
    assert house.visits.writes == writes


def test_the_same_message_twice_tells_once() -> None:
    house = opened()
    pointer = house.pointers.take()
    assert pointer is not None
    house.outbox.deliver(pointer)
    house.outbox.deliver(pointer)
    assert house.told("PROV1") == [CONNECTED]


def test_a_message_that_comes_too_soon_is_passed_on() -> None:
    house = opened()
    house.work()
    house.happen(event(60, "p", LEFT, DOC))
    _, pointer = house.pointers.waiting.pop()
    house.outbox.deliver(pointer)
    assert house.told("PROV1") == [CONNECTED]
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]


def while_telling(house: House, *events: CallEvent, then: Callable[[], object] = lambda: None) -> None:
    """The next time the EHR is called, these events are folded before it answers, and then this happens."""

    def meanwhile(message: StatusMessage) -> None:
        house.teller.while_telling = lambda message: None
        house.happen(*events)
        then()

    house.teller.while_telling = meanwhile


def left_and_due(house: House) -> None:
    """The clinician has joined, that was told, and has left long enough ago."""
    house.work()
    house.happen(event(60, "p", LEFT, DOC))
    house.clock.forward(20)


def test_taken_back_while_it_is_told_it_counts_as_told_and_is_corrected() -> None:
    house = opened()
    left_and_due(house)
    while_telling(house, event(70, "p2", JOINED, DOC))
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED, CONNECTED]
    assert status_of(house.provider()) == [(one, Status.DELIVERED) for one in house.told("PROV1")]


def test_taken_back_while_a_try_fails_it_stays_taken_back_and_what_follows_is_told_in_time() -> None:
    house = opened()
    left_and_due(house)
    house.teller.script.append(LATER)
    while_telling(house, event(70, "p2", JOINED, DOC))
    house.work()
    taken_back = house.provider().writebacks[1]
    assert (taken_back.status, taken_back.reason, taken_back.attempts) == (Status.NOT_NEEDED, REJOINED, 1)
    house.happen(event(200, "p2", LEFT, DOC))
    house.clock.forward(20)
    house.work()
    # The failed try may have been heard: the truth was told once more.
    assert house.told("PROV1") == [CONNECTED, CONNECTED, DISCONNECTED]


def test_replaced_while_a_try_fails_the_new_one_is_told() -> None:
    house = opened()
    house.teller.script.append(LATER)
    while_telling(house, event(3, "p", JOINED, DOC))
    house.work()
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED]
    assert house.provider().writebacks[-1].status is Status.DELIVERED
    assert house.clock.present < house.provider().writebacks[-1].at + timedelta(minutes=1)


def test_replaced_while_it_is_told_slowly_the_same_is_not_told_again() -> None:
    """The worker knows what it told: nobody else had the one that took its place in hand."""
    house = opened()
    left_and_due(house)
    while_telling(house, event(59, "p", LEFT, DOC), then=lambda: house.clock.forward(5))
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]
    assert [one.status for one in house.provider().writebacks[1:]] == [Status.DELIVERED, Status.NOT_NEEDED]


def test_replaced_while_its_worker_lost_the_baton_it_is_told_again() -> None:
    """Whoever holds the baton now may have told what took its place, and died over it."""
    house = opened()
    left_and_due(house)

    def another_takes_over() -> None:
        visit, person = house.visit(), house.provider()
        other = replace(person, baton=Baton("another", house.clock.present))
        house.visits.save(visit, replace(visit, participants=visit.with_participant(other)))
        house.clock.forward(5)

    while_telling(house, event(59, "p", LEFT, DOC), then=another_takes_over)
    house.work()
    house.clock.forward(600)
    house.upkeep.sweep()
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED, DISCONNECTED]


def test_what_comes_while_telling_is_told_by_the_same_worker() -> None:
    house = opened()
    while_telling(house, event(200, "p", LEFT, DOC))
    assert house.work() == 1
    assert house.pointers.sent[-1][1] == timedelta(seconds=20)
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]


def test_a_worker_whose_clock_is_slow_does_not_tell_twice() -> None:
    house = opened()
    house.work()
    house.happen(event(60, "p", LEFT, DOC))
    house.clock.forward(20)
    due = house.provider().writebacks[-1].due
    told = house.provider().writebacks[0]
    ahead = replace(told, last_try=due + timedelta(seconds=5))
    visit = house.visit()
    person = replace(house.provider(), writebacks=(ahead, *house.provider().writebacks[1:]))
    house.visits.save(visit, replace(visit, participants=visit.with_participant(person)))
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]


def test_conflicts_while_noting_the_outcome_do_not_lose_it() -> None:
    house = opened()
    house.visits.conflict_at(1, 2, 3)
    house.work()
    assert house.provider().writebacks[0].status is Status.DELIVERED
    assert house.told("PROV1") == [CONNECTED]


def test_a_conflict_while_handing_back_is_tried_again() -> None:
    house = opened()
    house.work()
    house.happen(event(60, "p", LEFT, DOC))
    _, pointer = house.pointers.waiting.pop()
    house.visits.conflict_at(1)
    house.outbox.deliver(pointer)
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]


def test_when_the_outcome_cannot_be_noted_the_queue_shall_try_again() -> None:
    house = opened()
    pointer = house.pointers.take()
    assert pointer is not None
    house.visits.conflict_at(*range(1, 200))
    with pytest.raises(ConnectorError) as busy:
        house.outbox.deliver(pointer)
    assert busy.value.code == "busy"


def test_a_crash_after_telling_tells_once_more_with_the_same_key() -> None:
    house = opened()
    pointer = house.pointers.take()
    assert pointer is not None
    house.visits.crash_at(1)
    with pytest.raises(CrashError):
        house.outbox.deliver(pointer)
    house.outbox.deliver(pointer)
    assert len({message.key for message in house.teller.log}) == 1
    assert house.provider().writebacks[0].status is Status.DELIVERED


def test_a_crash_between_saving_and_sending_is_mended_by_the_sweep() -> None:
    house = opened()
    house.teller.script.append(LATER)
    pointer = house.pointers.take()
    assert pointer is not None
    house.pointers.losing = True
    with pytest.raises(CrashError):
        house.outbox.deliver(pointer)
    house.pointers.losing = False
    house.outbox.deliver(pointer)
    assert house.told("PROV1") == []
    house.clock.forward(ABANDONED_AFTER.total_seconds() + 10)
    house.upkeep.sweep()
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED]


def replay(house: House, sequence: int) -> bool:
    return house.outbox.replay((house.key(), house.provider_key(), sequence))


def test_what_was_given_up_can_be_replayed() -> None:
    house = opened()
    house.teller.script.append(NEVER)
    house.work_until_quiet()
    assert replay(house, 1)
    assert status_of(house.provider()) == [(CONNECTED, Status.PENDING)]
    house.work()
    assert house.told("PROV1") == [CONNECTED]
    assert house.provider().writebacks[0].attempts == 1
    assert not replay(house, 1)


def test_a_replay_starts_its_time_anew() -> None:
    house = opened()
    house.teller.stamps_time = False
    house.teller.script.append(NEVER)
    house.work_until_quiet()
    house.clock.forward(days=20)
    assert replay(house, 1)
    house.teller.script.append(LATER)
    house.work()
    assert house.provider().writebacks[0].status is Status.RETRYING
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED]


def test_what_is_of_the_past_is_not_replayed_and_stays_on_record() -> None:
    house = opened()
    house.teller.script.append(NEVER)
    house.work_until_quiet()
    house.happen(event(60, "p", LEFT, DOC))
    house.work_until_quiet()
    before = house.visit()
    assert not replay(house, 1)
    assert house.visit() == before
    assert status_of(house.provider())[0] == (CONNECTED, Status.GIVEN_UP)


def test_what_a_forgotten_visit_gave_up_is_not_replayed() -> None:
    house = opened()
    house.teller.otherwise = NEVER
    house.happen(event(60, "p", LEFT, DOC))
    house.work_until_quiet()
    house.clock.forward(days=31)
    house.upkeep.settle()
    before = house.visit()
    assert not replay(house, 2)
    assert house.visit() == before


def test_of_a_meeting_that_is_forgotten_nothing_is_replayed() -> None:
    """Its address is gone: an EHR that was told of it now would have an opening without one."""
    house = House()
    house.teller.vocabulary = frozenset({State.OPENED})
    house.teller.otherwise = NEVER
    house.provider_launch()
    house.work_until_quiet()
    (opening,) = house.visit().participants[MEETING].writebacks
    assert opening.status is Status.GIVEN_UP
    house.clock.forward(days=31)
    house.upkeep.settle()
    assert house.visit().phase is Phase.SETTLED
    assert not house.outbox.replay((house.key(), MEETING, opening.sequence))
    assert not house.outbox.can_replay((house.key(), MEETING, opening.sequence))


def test_only_what_was_given_up_is_replayed() -> None:
    house = opened()
    assert not replay(house, 1)
    assert not replay(house, 7)
    assert not house.outbox.replay((house.key(), "provider-nobody", 1))
    assert not house.outbox.replay((house.key("unknown"), house.provider_key(), 1))


def test_a_replay_that_meets_a_conflict_is_tried_again() -> None:
    house = opened()
    house.teller.script.append(NEVER)
    house.work_until_quiet()
    house.visits.conflict_at(1, 2)
    assert replay(house, 1)
    house.visits.conflict_at(*range(1, 200))
    house.visits.kept[house.key()] = replace(
        house.visit(),
        participants=house.visit().with_participant(
            replace(
                house.provider(),
                writebacks=(replace(house.provider().writebacks[0], status=Status.GIVEN_UP),),
            )
        ),
    )
    with pytest.raises(ConnectorError) as busy:
        replay(house, 1)
    assert busy.value.code == "busy"


def test_a_message_that_waited_long_is_worked_by_one_worker_only() -> None:
    house = opened()
    house.clock.forward(ABANDONED_AFTER.total_seconds() - 10)

    def others(message: StatusMessage) -> None:
        house.teller.while_telling = lambda message: None
        house.clock.forward(15)
        house.upkeep.sweep()
        assert house.work() == 0

    house.teller.while_telling = others
    house.work_until_quiet()
    assert len(house.teller.tries) == 1
    assert house.told("PROV1") == [CONNECTED]


def test_a_worker_with_much_to_tell_keeps_its_baton_as_long_as_it_works() -> None:
    house = opened()
    house.teller.stamps_time = False
    house.happen(*(event(100 * number, "p", (JOINED, LEFT)[number % 2], DOC) for number in range(1, 41)))
    house.clock.forward(60)
    workers: list[int] = []

    def slowly(message: StatusMessage) -> None:
        house.clock.forward(20)
        if not workers:
            workers.append(1)
            house.upkeep.sweep()
            assert house.work() == 0
            workers.clear()

    house.teller.while_telling = slowly
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, *[DISCONNECTED, CONNECTED] * 20]


def test_more_than_one_go_of_a_worker_holds_is_passed_on() -> None:
    house = opened()
    house.teller.stamps_time = False
    house.happen(*(event(100 * number, "p", (JOINED, LEFT)[number % 2], DOC) for number in range(1, 121)))
    house.clock.forward(60)
    began = house.clock.present
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, *[DISCONNECTED, CONNECTED] * 60]
    assert house.clock.present == began


@pytest.mark.parametrize("stamps_time", [True, False])
def test_what_was_taken_back_while_a_try_may_have_been_heard_is_corrected(stamps_time: bool) -> None:  # noqa: FBT001
    house = opened()
    house.teller.stamps_time = stamps_time
    left_and_due(house)
    house.teller.script.append(Told(delivered=False, retry=True, reason="ReadTimeout", down=True))
    while_telling(house, event(70, "p2", JOINED, DOC))
    house.work_until_quiet()
    assert [message.state for message in house.teller.tries] == [CONNECTED, DISCONNECTED, CONNECTED]


@pytest.mark.parametrize("stamps_time", [True, False])
def test_what_was_taken_back_after_its_worker_died_is_corrected(stamps_time: bool) -> None:  # noqa: FBT001
    """The EHR heard of the leaving, nobody could note it, and then the leaving turned out to be none."""
    house = opened()
    house.teller.stamps_time = stamps_time
    left_and_due(house)
    pointer = house.pointers.take()
    assert pointer is not None
    house.visits.crash_at(1)
    with pytest.raises(CrashError):
        house.outbox.deliver(pointer)
    house.clock.forward(5)
    house.happen(event(70, "p2", JOINED, DOC))
    house.clock.forward(ABANDONED_AFTER.total_seconds() + 10)
    house.upkeep.sweep()
    house.work_until_quiet()
    assert [message.state for message in house.teller.tries] == [CONNECTED, DISCONNECTED, CONNECTED]


def test_the_only_one_who_waits_for_an_ehr_finds_it_soon_after_it_is_back() -> None:
    house = opened()
    house.teller.stamps_time = False
    house.teller.otherwise = replace(LATER, down=True)
    down_until = house.clock.present + timedelta(hours=30)
    while house.clock.present < down_until:
        house.clock.until(house.pointers.next_due() or down_until)
        house.work()
    house.teller.otherwise = Told(delivered=True)
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED]
    assert house.clock.present < down_until + timedelta(minutes=10)


def test_many_are_replayed_side_by_side_and_counted() -> None:
    house = House()
    house.teller.otherwise = NEVER
    for number in range(20):
        house.provider_launch(session_id=f"csn-{number}")
        house.happen(event(number, f"leg-{number}", JOINED, DOC), session_id=f"csn-{number}")
    house.work_until_quiet()
    house.teller.otherwise = Told(delivered=True)
    which = [(key, participant, 1) for key, visit in house.visits.kept.items() for participant in visit.participants]
    missing = (which[0][0], which[0][1], 99)
    found = house.outbox.replayable([*which[:8], missing, *which[8:]], 10)
    assert (found.which, found.refused, found.last) == (which[:10], 1, which[9])
    assert found.by_connection() == {CONNECTION: 10}
    assert house.outbox.replay_all([*which, missing]) == 20
    house.work_until_quiet()
    assert len(house.teller.log) == 20
