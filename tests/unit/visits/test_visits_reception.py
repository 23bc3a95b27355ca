"""After the launch: what the holder of a ticket sees and does."""

import pytest

from shared.errors import ConnectorError
from shared.identifiers import Role
from shared.presence.model import Kind
from shared.visits.reception import Seen
from shared.visits.upkeep import forgotten
from shared.visits.ways import ToWaitingPage
from tests.support.house import GUEST, House, entra, event


def waiting() -> tuple[House, str]:
    house = House()
    way = house.patient_launch()
    assert isinstance(way, ToWaitingPage)
    return house, house.reception.ticket(way.ticket)[1]


def seen(house: House, role: Role) -> Seen:
    board = house.reception.board(house.key(), house.provider_key())
    return next(one for one in board.people if one.role is role)


def code_of(call: object, *arguments: object) -> str:
    with pytest.raises(ConnectorError) as refused:
        call(*arguments)  # type: ignore[operator]
    return refused.value.code


def test_a_patient_sees_whether_the_visit_is_open_and_then_joins() -> None:
    house, patient = waiting()
    before = house.reception.view(house.key(), patient)
    assert (before.state, before.opened, before.over) == ("waiting", False, False)
    assert code_of(house.reception.join, house.key(), patient) == "not_open_yet"
    house.provider_launch()
    assert house.reception.view(house.key(), patient).opened
    assert house.reception.join(house.key(), patient) == house.visit().meeting.join_url  # type: ignore[union-attr]
    assert house.patient().page_joined_at == house.clock()


def test_a_settled_or_unknown_visit_is_over() -> None:
    house, patient = waiting()
    assert house.reception.view(house.key("other"), patient).over
    settled = house.visits.save(house.visit(), forgotten(house.visit()))
    assert house.reception.view(settled.key, patient).over
    assert code_of(house.reception.join, settled.key, patient) == "visit_expired"
    assert code_of(house.reception.note_devices, settled.key, patient, "fine") == "visit_expired"


def test_a_ticket_is_for_one_visit_and_runs_out_with_it() -> None:
    house, patient = waiting()
    ticket = house.reception.issue(house.visit(), patient)
    assert house.reception.ticket(ticket) == (house.key(), patient)
    assert code_of(house.reception.ticket, ticket[:-2] + "xx") == "ticket_missing"
    assert code_of(house.reception.ticket, house.sealer.seal("launch", "{}")) == "ticket_missing"
    house.clock.forward(12 * 3600 + 1)
    assert code_of(house.reception.ticket, ticket) == "ticket_missing"


def test_the_board_is_for_clinicians_and_names_nobody() -> None:
    house, patient = waiting()
    assert code_of(house.reception.board, house.key(), patient) == "ticket_missing"
    house.provider_launch()
    board = house.reception.board(house.key(), house.provider_key())
    assert board.opened
    assert [(one.role, one.number) for one in board.people] == [(Role.PATIENT, 1), (Role.PROVIDER, 1)]
    assert "PAT1" not in repr(board)
    assert "PROV1" not in repr(board)


def test_a_waiting_patient_is_a_signal_until_handled_and_again_when_something_new_happens() -> None:
    house, patient = waiting()
    house.provider_launch()
    assert seen(house, Role.PATIENT).needs_attention
    house.clock.forward(60)
    house.reception.handle(house.key(), house.provider_key(), patient)
    assert not seen(house, Role.PATIENT).needs_attention
    house.clock.forward(60)
    house.reception.ask_for_help(house.key(), patient)
    signal = seen(house, Role.PATIENT)
    assert (signal.needs_attention, signal.help_asked) == (True, True)


def test_a_connected_patient_is_no_signal_and_a_clinician_never_is() -> None:
    house, _ = waiting()
    house.provider_launch()
    house.happen(event(10, "d", Kind.JOINED, entra("oid-1")), event(20, "p", Kind.JOINED, GUEST))
    patient = seen(house, Role.PATIENT)
    assert (patient.state, patient.needs_attention) == ("connected", False)
    assert patient.since == event(20, "p", Kind.JOINED).at
    assert not seen(house, Role.PROVIDER).needs_attention


def test_the_result_of_the_device_test_is_on_the_board() -> None:
    house, patient = waiting()
    house.provider_launch()
    house.reception.note_devices(house.key(), patient, "camera blocked")
    assert seen(house, Role.PATIENT).devices == "camera blocked"


def test_only_a_clinician_of_the_visit_handles_signals() -> None:
    house, patient = waiting()
    house.provider_launch()
    assert code_of(house.reception.handle, house.key(), patient, patient) == "ticket_missing"
    assert code_of(house.reception.handle, house.key(), house.provider_key(), "patient-unknown") == "visit_expired"
