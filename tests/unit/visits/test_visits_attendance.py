"""Call events become transitions and writebacks, in one save."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ConnectorError
from shared.identifiers import Role
from shared.presence.model import NO_WORD, Kind, State, Status
from shared.visits.model import Phase
from shared.visits.who import CallEvent
from tests.support.fakes import CrashError
from tests.support.house import DEBOUNCE, House, after, ended, entra, event, status_of

LOBBY, JOINED, LEFT = Kind.LOBBY, Kind.JOINED, Kind.LEFT
WAITING, CONNECTED, DISCONNECTED = State.WAITING, State.CONNECTED, State.DISCONNECTED


def started() -> House:
    """A visit that patient and clinician have opened, its queue worked off."""
    house = House()
    house.patient_launch()
    house.provider_launch()
    house.work()
    return house


def test_an_unknown_visit_is_left_alone() -> None:
    house = House()
    house.happen(event(5, "a", JOINED))
    assert house.visits.kept == {}
    assert house.visits.writes == 0


def test_a_forgotten_visit_is_left_alone() -> None:
    house = started()
    house.happen(event(5, "p", JOINED, entra("oid-1")), event(9, "p", LEFT, entra("oid-1")))
    house.happen(event(5, "a", JOINED), event(9, "a", LEFT))
    house.work_until_quiet()
    house.clock.forward(hours=2)
    house.upkeep.settle()
    forgotten = house.visit()
    assert forgotten.phase is Phase.SETTLED
    house.happen(event(5, "p", JOINED, entra("oid-1")), event(9, "p", LEFT, entra("oid-1")), event(9, "a", LEFT))
    assert house.visit() == forgotten


def test_transition_and_baton_are_written_in_one_save_and_the_message_is_sent_after() -> None:
    house = started()
    writes = house.visits.writes
    sent = len(house.pointers.sent)

    def nothing_sent_yet(number: int, visit: object) -> None:
        assert len(house.pointers.sent) == sent

    house.visits.before_write = nothing_sent_yet
    house.happen(event(5, "a", JOINED), event(5, "p", JOINED, entra("oid-1")))
    assert house.visits.writes == writes + 1
    for person in (house.patient(), house.provider()):
        assert status_of(person)[-1] == (CONNECTED, Status.PENDING)
        assert person.baton is not None
    assert {one.baton for one, _ in house.pointers.sent[sent:]} == {
        one.baton.token for one in (house.patient(), house.provider()) if one.baton
    }


def test_a_crash_while_saving_sends_nothing_and_loses_nothing() -> None:
    house = started()
    house.visits.crash_at(1)
    with pytest.raises(CrashError):
        house.happen(event(5, "a", JOINED))
    assert house.pointers.waiting == []
    house.happen(event(5, "a", JOINED))
    house.work()
    assert house.told("PAT1") == [WAITING, CONNECTED]


def test_the_same_events_again_write_nothing() -> None:
    house = started()
    events = [event(5, "a", LOBBY), event(9, "a", JOINED), event(9, "p", JOINED, entra("oid-1"))]
    house.happen(*events)
    house.work()
    writes = house.visits.writes
    house.happen(*events)
    house.happen(*reversed(events))
    assert house.visits.writes == writes


def test_a_conflict_is_read_again_and_nobodys_write_is_lost() -> None:
    house = started()

    def another_worker(number: int, visit: object) -> None:
        house.visits.before_write = lambda number, visit: None
        house.happen(event(6, "p", JOINED, entra("oid-1")))

    house.visits.before_write = another_worker
    house.happen(event(5, "a", JOINED))
    assert house.patient().state is CONNECTED
    assert house.provider().state is CONNECTED


def test_when_every_try_conflicts_the_queue_shall_try_again() -> None:
    house = started()
    house.visits.conflict_at(*range(1, 200))
    with pytest.raises(ConnectorError) as busy:
        house.happen(event(5, "a", JOINED))
    assert busy.value.code == "busy"


def test_the_leg_is_kept_as_a_hash() -> None:
    house = started()
    house.happen(event(5, "leg-of-a-person", JOINED))
    assert "leg-of-a-person" not in repr(house.visit())


def test_leaving_waits_for_the_debounce() -> None:
    house = started()
    house.happen(event(5, "a", JOINED))
    house.work()
    house.happen(event(60, "a", LEFT))
    assert house.pointers.sent[-1][1] == DEBOUNCE
    assert house.work() == 0
    house.clock.forward(20)
    house.work()
    assert house.told("PAT1") == [WAITING, CONNECTED, DISCONNECTED]


def test_back_at_once_nothing_is_told() -> None:
    house = started()
    house.happen(event(5, "a", JOINED))
    house.work()
    house.happen(event(60, "a", LEFT))
    house.happen(event(70, "b", JOINED))
    house.work_until_quiet()
    assert house.told("PAT1") == [WAITING, CONNECTED]
    assert house.patient().state is CONNECTED


def test_ending_for_all_takes_everybody_out() -> None:
    house = started()
    house.happen(event(5, "a", JOINED), event(5, "p", JOINED, entra("oid-1")))
    house.work()
    house.happen(ended(100))
    house.happen(ended(100))
    assert house.visit().ends == (after(100),)
    house.work_until_quiet()
    assert house.told("PAT1") == [WAITING, CONNECTED, DISCONNECTED]
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]


def test_a_guest_is_counted_and_not_told() -> None:
    house = House()
    house.provider_launch(visit="group")
    house.work()
    house.happen(event(5, "a", LOBBY), event(9, "a", JOINED))
    guest = next(one for one in house.visit().participants.values() if one.role is Role.GUEST)
    assert [(one.status, one.reason) for one in guest.writebacks] == [(Status.NOT_NEEDED, NO_WORD)] * 2
    assert guest.baton is None
    assert house.work() == 0


def test_where_a_guest_is_does_not_depend_on_what_could_be_told() -> None:
    house = House()
    house.provider_launch(visit="group")
    house.happen(event(10, "a", JOINED))
    house.happen(event(60, "a", LEFT))
    house.happen(event(65, "a", JOINED))
    guest = next(one for one in house.visit().participants.values() if one.role is Role.GUEST)
    assert guest.state is CONNECTED
    house.happen(event(90, "a", LEFT))
    house.happen(event(5, "a", LOBBY))
    guest = next(one for one in house.visit().participants.values() if one.role is Role.GUEST)
    assert guest.state is DISCONNECTED


def test_an_ehr_without_words_is_told_nothing_and_the_visit_is_followed_all_the_same() -> None:
    house = House()
    house.teller.vocabulary = frozenset()
    house.patient_launch()
    house.provider_launch()
    house.happen(event(5, "a", JOINED))
    house.happen(event(60, "a", LEFT))
    house.happen(event(62, "b", JOINED))
    assert house.patient().state is CONNECTED
    house.happen(event(90, "b", LEFT))
    assert house.patient().state is DISCONNECTED
    assert house.pointers.sent == []


def test_an_ehr_may_have_other_words_for_another_role() -> None:
    house = House()
    house.teller.by_role = {Role.PROVIDER: frozenset({CONNECTED})}
    house.patient_launch()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, entra("oid-1")), event(8, "a", JOINED))
    house.happen(event(60, "p", LEFT, entra("oid-1")), event(61, "a", LEFT))
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED]
    assert house.told("PAT1")[-2:] == [CONNECTED, DISCONNECTED]
    assert status_of(house.provider())[-1] == (DISCONNECTED, Status.NOT_NEEDED)


def test_two_clinicians_without_a_patient() -> None:
    house = House()
    house.provider_launch("PROV1", "oid-1")
    house.provider_launch("PROV2", "oid-2")
    house.happen(event(5, "p", JOINED, entra("oid-1")), event(8, "q", JOINED, entra("oid-2")))
    house.happen(event(300, "p", LEFT, entra("oid-1")), event(301, "q", LEFT, entra("oid-2")))
    house.work_until_quiet()
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]
    assert house.told("PROV2") == [CONNECTED, DISCONNECTED]


STORY = (
    event(30, "p", JOINED, entra("oid-1")),
    event(40, "a", LOBBY),
    event(60, "a", JOINED),
    event(200, "a", LEFT),
    event(210, "b", LOBBY),
    event(215, "b", JOINED),
    event(500, "b", LEFT),
    event(600, "q", JOINED, entra("oid-2")),
    event(700, "q", LEFT, entra("oid-2")),
    event(800, "p", LEFT, entra("oid-1")),
)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 10), st.booleans())
def test_disorder_and_duplicates_end_where_order_ends(seed: int, largest: int, work: bool) -> None:  # noqa: FBT001
    chance = Random(seed)  # noqa: S311 - a seeded shuffle, no secret
    house = started()
    stream: list[CallEvent] = [*STORY, *chance.sample(STORY, 4)]
    chance.shuffle(stream)
    house.clock.until(after(1000))
    while stream:
        size = chance.randint(1, largest)
        batch, stream = stream[:size], stream[size:]
        house.happen(*batch)
        if work:
            house.work()
    house.work_until_quiet()
    for external_id, person in (("PAT1", house.patient()), ("PROV1", house.provider())):
        told = house.told(external_id)
        assert told[-1] is DISCONNECTED
        assert person.state is DISCONNECTED
        assert all(one is not following for one, following in pairwise(told))
        assert person.unsettled == ()
        assert person.baton is None


def test_everybody_is_where_the_story_leaves_them() -> None:
    house = started()
    for one in STORY:
        house.happen(one)
        house.work()
    house.work_until_quiet()
    assert house.told("PAT1") == [WAITING, CONNECTED, WAITING, CONNECTED, DISCONNECTED]
    assert house.told("PROV1") == [CONNECTED, DISCONNECTED]
