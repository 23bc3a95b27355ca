"""Who is who in a meeting: whose leg is this?"""

from dataclasses import replace

import pytest

from shared.identifiers import Role
from shared.presence.model import Kind, Participant, Signal, State
from shared.visits.model import Visit
from shared.visits.ports import EhrUser
from shared.visits.who import Identity, LegSignal, holder, with_signal
from tests.support.fakes import START
from tests.support.house import GUEST, MACHINE, House, after, entra, event

LOBBY, JOINED, LEFT = Kind.LOBBY, Kind.JOINED, Kind.LEFT
ANN = Participant("patient-ann", Role.PATIENT, 1, external_id="PAT1", external_id_type="2")
BOB = Participant("patient-bob", Role.PATIENT, 2, external_id="PAT2", external_id_type="2")
DOC = Participant("provider-1", Role.PROVIDER, 1, external_id="PROV1", external_id_type="1", object_id="oid-1")


def visit(*participants: Participant, group: bool = False) -> Visit:
    key = House().key()
    return Visit(key, START, group=group, participants={one.key: one for one in participants})


def told(seconds: float, leg: str, kind: Kind, identity: Identity) -> LegSignal:
    return event(seconds, leg, kind, identity).signals[0]


def key_of(role: Role, identifier: str) -> str:
    return f"{role.value}-{identifier}"


def whose(
    of: Visit, identity: Identity, clinician: EhrUser | None = None, *, seconds: float = 0, leg: str = "leg"
) -> Participant | None:
    return holder(of, told(seconds, leg, LOBBY, identity), clinician, key_of)


def test_who_launched_is_known_by_the_object_id() -> None:
    assert whose(visit(DOC, ANN), entra("oid-1")) == DOC


def test_a_linked_clinician_who_did_not_launch_is_a_provider_of_the_visit() -> None:
    found = whose(visit(DOC, ANN), entra("oid-2"), EhrUser("PROV2", "1"))
    assert found is not None
    assert (found.role, found.external_id, found.external_id_type) == (Role.PROVIDER, "PROV2", "1")
    assert (found.object_id, found.number) == ("oid-2", 2)


def test_a_clinician_who_comes_with_another_account_stays_the_same_participant() -> None:
    known = replace(DOC, key="provider-PROV1", object_id="oid-old", legs={"old": frozenset()})
    found = whose(visit(known), entra("oid-1"), EhrUser("PROV1", "1"))
    assert found is not None
    assert found.key == known.key
    assert found.legs == known.legs
    assert found.object_id == "oid-1"


def test_other_entra_users_of_the_tenant_are_staff() -> None:
    assert whose(visit(DOC, ANN), entra("oid-9")) is None
    assert whose(visit(DOC, ANN), entra("oid-9", tenant="")) is None
    assert whose(visit(DOC, ANN, BOB, group=True), entra("oid-9")) is None


def test_an_entra_user_without_an_id_is_not_taken_for_the_patient() -> None:
    assert whose(visit(DOC, ANN), entra("")) is None


def test_machines_are_nobody() -> None:
    assert whose(visit(DOC, ANN), MACHINE) is None


def test_everyone_else_is_the_patient_of_a_one_to_one_visit() -> None:
    assert whose(visit(DOC, ANN), GUEST) == ANN
    assert whose(visit(DOC, ANN), entra("oid-1", tenant="99999999-2222-4333-8444-555555555555")) == ANN


def test_without_a_patient_a_guest_is_a_guest_of_their_own() -> None:
    found = whose(visit(DOC), GUEST, leg="leg-7")
    assert found == Participant("guest-leg-7", Role.GUEST, 1)


def test_two_patients_of_a_visit_that_nobody_called_a_group_are_not_guessed_at() -> None:
    found = whose(visit(DOC, ANN, BOB), GUEST)
    assert found is not None
    assert found.role is Role.GUEST


def test_a_known_leg_stays_with_its_person_whatever_it_says_it_is() -> None:
    with_leg = with_signal(visit(DOC, ANN), ANN, told(0, "leg", LOBBY, GUEST))
    found = whose(with_leg, MACHINE, seconds=9)
    assert found is not None
    assert found.key == ANN.key


@pytest.mark.parametrize(("seconds", "matched"), [(0, True), (1, True), (90, True), (90.001, False), (-0.001, False)])
def test_in_a_group_only_who_just_left_our_page_is_matched(seconds: float, *, matched: bool) -> None:
    ann = replace(ANN, page_joined_at=START)
    found = whose(visit(DOC, ann, BOB, group=True), GUEST, seconds=seconds)
    assert found is not None
    assert (found == ann) is matched
    assert matched or found.role is Role.GUEST


def test_a_group_of_one_patient_is_no_exception() -> None:
    found = whose(visit(DOC, ANN, group=True), GUEST)
    assert found is not None
    assert found.role is Role.GUEST


def test_in_a_group_two_candidates_are_none() -> None:
    both = visit(replace(ANN, page_joined_at=START), replace(BOB, page_joined_at=after(30)), group=True)
    found = whose(both, GUEST, seconds=40)
    assert found is not None
    assert found.role is Role.GUEST


def test_in_a_group_who_is_connected_already_is_no_candidate() -> None:
    ann = replace(ANN, page_joined_at=START, state=State.CONNECTED)
    bob = replace(BOB, page_joined_at=after(30), state=State.WAITING)
    assert whose(visit(ann, bob, group=True), GUEST, seconds=40) == bob


def in_the_meeting_and_gone(patient: Participant, *, state: State | None = State.DISCONNECTED) -> Participant:
    """A patient who left our page long ago, was in the meeting, and is not there any more."""
    signals = frozenset({Signal(after(10), JOINED), Signal(after(300), LEFT)})
    return replace(patient, page_joined_at=START, legs={"old": signals}, state=state)


@pytest.mark.parametrize("state", [State.DISCONNECTED, State.WAITING])
def test_in_a_group_who_has_the_link_may_come_back_while_another_is_on_the_way(state: State) -> None:
    ann = in_the_meeting_and_gone(ANN, state=state)
    bob = replace(BOB, page_joined_at=after(600))
    found = whose(visit(ann, bob, group=True), GUEST, seconds=620)
    assert found is not None
    assert found.role is Role.GUEST


def test_in_a_group_who_comes_back_by_link_alone_is_not_guessed_at() -> None:
    found = whose(visit(in_the_meeting_and_gone(ANN), BOB, group=True), GUEST, seconds=620)
    assert found is not None
    assert found.role is Role.GUEST


def test_in_a_group_who_comes_back_by_our_page_is_known() -> None:
    ann = replace(in_the_meeting_and_gone(ANN), page_joined_at=after(600))
    assert whose(visit(ann, BOB, group=True), GUEST, seconds=620) == ann


def test_in_a_group_who_is_still_in_the_lobby_is_not_expected_again() -> None:
    ann = replace(ANN, page_joined_at=START, state=State.WAITING, legs={"old": frozenset({Signal(after(10), LOBBY)})})
    bob = replace(BOB, page_joined_at=after(600))
    assert whose(visit(ann, bob, group=True), GUEST, seconds=620) == bob


def test_the_first_signal_of_a_leg_decides_not_the_first_to_arrive() -> None:
    ann = replace(ANN, page_joined_at=START)
    of = visit(ann, BOB, group=True)
    late = told(200, "leg", JOINED, GUEST)
    guest = holder(of, late, None, key_of)
    assert guest is not None
    assert guest.role is Role.GUEST
    of = with_signal(of, guest, late)
    found = holder(of, told(10, "leg", LOBBY, GUEST), None, key_of)
    assert found == ann


def test_a_leg_moves_with_all_its_signals_from_the_guest_to_the_patient() -> None:
    of = visit(DOC)
    first, second = told(0, "leg", LOBBY, GUEST), told(60, "leg", JOINED, GUEST)
    guest = holder(of, first, None, key_of)
    assert guest is not None
    of = with_signal(of, guest, first)
    of = replace(of, participants=of.with_participant(ANN))
    found = holder(of, second, None, key_of)
    assert found == ANN
    of = with_signal(of, ANN, second)
    assert of.participants.keys() == {DOC.key, ANN.key}
    assert of.participants[ANN.key].legs == {"leg": {first.signal, second.signal}}


def test_the_last_signal_is_the_latest_not_the_one_that_came_last() -> None:
    of = with_signal(visit(ANN), ANN, told(60, "leg", JOINED, GUEST))
    of = with_signal(of, of.participants[ANN.key], told(5, "leg", LOBBY, GUEST))
    assert of.last_signal == after(60)


def test_in_the_house_staff_and_machines_leave_no_trace() -> None:
    house = House()
    house.patient_launch()
    before = house.visit()
    house.happen(event(5, "staff", JOINED, entra("oid-9")), event(6, "bot", JOINED, MACHINE))
    assert house.visit() == before


def test_guests_of_a_group_have_numbers_of_their_own() -> None:
    house = House()
    house.provider_launch(visit="group")
    for number, leg in enumerate("abc"):
        house.happen(event(number, leg, LOBBY))
    numbers = [one.number for one in house.visit().participants.values() if one.role is Role.GUEST]
    assert sorted(numbers) == [1, 2, 3]


def test_a_number_is_given_to_one_guest_only_even_after_another_turned_out_to_be_the_patient() -> None:
    house = House()
    house.provider_launch(visit="group")
    house.happen(event(100, "a", JOINED), event(101, "b", LOBBY), event(102, "c", LOBBY))
    house.patient_launch(visit="group")
    person = house.patient()
    assert person.page_joined_at == after(102)
    visit = house.visit()
    earlier = replace(person, page_joined_at=after(80))
    house.visits.save(visit, replace(visit, participants=visit.with_participant(earlier)))
    house.happen(event(90, "a", LOBBY), event(110, "d", LOBBY))
    guests = [one.number for one in house.visit().participants.values() if one.role is Role.GUEST]
    assert len(guests) == len(set(guests))
