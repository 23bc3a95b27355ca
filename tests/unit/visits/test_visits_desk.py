"""The front desk: every leg of a browser's journey, and what does not get past it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import ConnectorError
from shared.identifiers import Role
from shared.presence.model import PAGE_LEG, Kind, State
from shared.visits.model import Phase
from shared.visits.ports import EhrUser
from shared.visits.ways import LAUNCH, LAUNCH_LIFETIME, SIGN_IN, TICKET, Departure, ToMeeting, ToWaitingPage
from tests.support.fakes import START
from tests.support.house import BASE_URL, CONNECTION, LIFETIME, TARGET, TENANT, House, entra, event

JOINED, LEFT = Kind.JOINED, Kind.LEFT
QUERY = {"iss": [BASE_URL], "launch": ["opaque"]}
DOC = {"sessionId": "csn-1", "externalId": "PROV1"}


def code_of(error: pytest.ExceptionInfo[ConnectorError]) -> str:
    return error.value.code


def signing_in(house: House) -> Departure:
    way = house.launch(Role.PROVIDER, DOC)
    assert isinstance(way, Departure)
    return way


def test_the_first_leg_stores_nothing_and_asks_the_ehr_with_a_fresh_proof() -> None:
    house = House()
    one = house.desk.begin(TARGET, Role.PROVIDER, QUERY)
    other = house.desk.begin(TARGET, Role.PROVIDER, QUERY)
    assert house.visits.writes == house.visits.reads == 0
    first, second = house.ehr.asked
    assert (first.base_url, first.launch) == (BASE_URL, "opaque")
    assert first.redirect_uri == "https://connector.example/api/launch/callback"
    assert first.proof.state == one.state
    assert {first.proof.state, first.proof.nonce, first.proof.verifier}.isdisjoint(
        {second.proof.state, second.proof.nonce, second.proof.verifier}
    )
    assert one.cookie != other.cookie
    assert first.proof.verifier not in one.cookie + one.url


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"launch": ["x"]}, "launch_parameter_missing"),
        ({"iss": [BASE_URL]}, "launch_parameter_missing"),
        ({"iss": [BASE_URL], "launch": [""]}, "launch_parameter_missing"),
        ({"iss": [BASE_URL, BASE_URL], "launch": ["x"]}, "launch_parameter_repeated"),
        ({"iss": [BASE_URL], "launch": ["x", "y"]}, "launch_parameter_repeated"),
        ({"iss": ["https://ehr.example/other/api/FHIR/R4"], "launch": ["x"]}, "iss_unknown"),
    ],
)
def test_a_launch_that_goes_nowhere(query: dict[str, list[str]], code: str) -> None:
    house = House()
    with pytest.raises(ConnectorError) as refused:
        house.desk.begin(TARGET, Role.PROVIDER, query)
    assert code_of(refused) == code
    assert house.ehr.asked == []


def test_the_second_leg_redeems_with_the_proof_of_the_first() -> None:
    house = House()
    house.clinicians.link(CONNECTION, EhrUser("PROV1", "1"), "oid-1")
    house.launch(Role.PROVIDER, DOC)
    request, _ = house.ehr.redeemed[0]
    assert request.proof == house.ehr.asked[0].proof
    assert (request.base_url, request.algorithm) == (BASE_URL, "auto")
    house.target = replace(TARGET, algorithm="RS384")
    house.launch(Role.PROVIDER, DOC)
    assert house.ehr.redeemed[1][0].algorithm == "RS384"


def test_a_state_that_is_not_the_cookies_is_refused() -> None:
    house = House()
    departure = house.desk.begin(TARGET, Role.PROVIDER, QUERY)
    other = house.desk.begin(TARGET, Role.PROVIDER, QUERY)
    for cookie, state in (
        (departure.cookie, other.state),
        (departure.cookie, ""),
        ("", departure.state),
        ("nonsense", departure.state),
        (departure.cookie[:-2] + "AA", departure.state),
        (house.sealer.seal(LAUNCH, "{}"), departure.state),
        (house.sealer.seal(SIGN_IN, house.sealer.open(LAUNCH, departure.cookie)), departure.state),
    ):
        with pytest.raises(ConnectorError) as refused:
            house.desk.pending_launch(cookie, state)
        assert code_of(refused) == "launch_not_started"


def test_a_launch_is_good_for_ten_minutes() -> None:
    house = House()
    departure = house.desk.begin(TARGET, Role.PROVIDER, QUERY)
    house.clock.forward(LAUNCH_LIFETIME.total_seconds())
    assert house.desk.pending_launch(departure.cookie, departure.state).connection == CONNECTION.connection
    house.clock.forward(1)
    with pytest.raises(ConnectorError) as expired:
        house.desk.pending_launch(departure.cookie, departure.state)
    assert code_of(expired) == "launch_expired"


def test_a_code_that_the_ehr_does_not_know_stores_nothing() -> None:
    house = House()
    pending, _ = house.begun(Role.PATIENT, {"sessionId": "csn-1"})
    with pytest.raises(ConnectorError) as refused:
        house.desk.complete(TARGET, pending, "forged")
    assert code_of(refused) == "ehr_refused"
    assert house.visits.kept == {}


def test_without_a_session_id_nothing_is_stored() -> None:
    house = House()
    with pytest.raises(ConnectorError) as refused:
        house.launch(Role.PATIENT, {"sessionId": "%CSN%", "externalId": "PAT1"})
    assert code_of(refused) == "session_id_missing"
    assert house.visits.kept == {}


def test_the_session_id_of_the_launch_url_survives_the_way_through_the_ehr() -> None:
    house = House()
    house.launch(Role.PATIENT, {"externalId": "PAT1"}, query={"SessionId": ["csn-7"]})
    assert house.visit("csn-7").session_id == "csn-7"


def test_a_clinician_signs_in_at_microsoft_once() -> None:
    house = House()
    departure = signing_in(house)
    assert TENANT.tenant in departure.url
    assert house.visits.kept == {}
    pending = house.desk.pending_sign_in(departure.cookie, departure.state)
    house.sign_in.accounts["code"] = "oid-1"
    way = house.desk.complete_sign_in(TARGET, pending, "code")
    assert way.join_url == getattr(house.visit().meeting, "join_url", None)
    assert house.sign_in.redeemed == [(TENANT, "https://connector.example/api/sign-in/callback", pending.proof)]
    assert house.provider().object_id == "oid-1"
    assert isinstance(house.launch(Role.PROVIDER, DOC), ToMeeting)


def test_a_sign_in_that_fails_links_nobody() -> None:
    house = House()
    departure = signing_in(house)
    pending = house.desk.pending_sign_in(departure.cookie, departure.state)
    with pytest.raises(ConnectorError) as refused:
        house.desk.complete_sign_in(TARGET, pending, "forged")
    assert code_of(refused) == "sign_in_failed"
    assert isinstance(house.launch(Role.PROVIDER, DOC), Departure)


def test_the_cookie_of_a_launch_is_none_of_a_sign_in_and_the_other_way_round() -> None:
    house = House()
    launch = house.desk.begin(TARGET, Role.PROVIDER, QUERY)
    sign_in = signing_in(house)
    with pytest.raises(ConnectorError) as refused:
        house.desk.pending_sign_in(launch.cookie, launch.state)
    assert code_of(refused) == "launch_not_started"
    with pytest.raises(ConnectorError):
        house.desk.pending_launch(sign_in.cookie, sign_in.state)
    house.clock.forward(LAUNCH_LIFETIME.total_seconds() + 1)
    with pytest.raises(ConnectorError) as expired:
        house.desk.pending_sign_in(sign_in.cookie, sign_in.state)
    assert code_of(expired) == "launch_expired"


def test_the_visit_keeps_what_a_writeback_must_echo() -> None:
    house = House()
    house.provider_launch(departmentId="D-7", visit="group")
    visit = house.visit()
    assert (visit.session_id, visit.department, visit.group) == ("csn-1", "D-7", True)
    assert (house.provider().external_id, house.provider().external_id_type) == ("PROV1", "1")
    assert "csn-1" not in visit.key.partition
    assert "PROV1" not in house.provider().key


def test_a_patient_who_comes_first_waits_and_the_ehr_is_told() -> None:
    house = House()
    assert isinstance(house.patient_launch(), ToWaitingPage)
    assert house.visit().phase is Phase.WAITING
    assert house.meetings.calls == []
    house.work()
    assert house.told("PAT1") == [State.WAITING]


def test_a_patient_who_presses_twice_waits_once() -> None:
    house = House()
    house.patient_launch()
    house.clock.forward(60)
    house.patient_launch()
    house.work()
    assert house.told("PAT1") == [State.WAITING]
    assert len(house.patient().legs[PAGE_LEG]) == 1


def test_a_patient_whose_visit_is_open_goes_straight_into_the_meeting() -> None:
    house = House()
    doctor = house.provider_launch()
    way = house.patient_launch()
    assert isinstance(way, ToMeeting)
    assert way.join_url == doctor.join_url
    assert house.patient().page_joined_at == house.clock.present


def test_a_patient_who_comes_back_waits_again() -> None:
    house = House()
    house.provider_launch()
    house.patient_launch()
    house.happen(event(5, "a", JOINED))
    house.happen(event(100, "a", LEFT))
    house.clock.forward(60)
    house.work_until_quiet()
    house.patient_launch()
    house.work()
    assert house.told("PAT1")[-2:] == [State.DISCONNECTED, State.WAITING]


def test_two_patients_of_one_session_id_are_two_participants() -> None:
    house = House()
    house.patient_launch("PAT1", visit="group")
    house.patient_launch("PAT2", visit="group")
    assert [one.number for one in house.visit().participants.values()] == [1, 2]


def test_sessions_of_two_connections_are_two_visits() -> None:
    house = House()
    house.patient_launch()
    house.target = replace(TARGET, key=replace(CONNECTION, connection=CONNECTION.connection[:-1] + "c"))
    house.patient_launch()
    assert len(house.visits.kept) == 2
    assert len({key.session for key in house.visits.kept}) == 2


def test_after_its_longest_time_a_visit_is_not_opened_again() -> None:
    house = House()
    house.patient_launch()
    house.clock.forward(LIFETIME.total_seconds() + 1)
    before = house.visit()
    with pytest.raises(ConnectorError) as expired:
        house.patient_launch()
    assert code_of(expired) == "visit_expired"
    with pytest.raises(ConnectorError):
        house.provider_launch()
    assert house.visit() == before


def test_conflicts_at_the_desk_are_read_again() -> None:
    house = House()
    house.visits.conflict_at(1, 3)
    house.patient_launch()
    house.clock.forward(1)
    house.provider_launch()
    assert {one.role for one in house.visit().participants.values()} == {Role.PATIENT, Role.PROVIDER}


def test_when_every_try_conflicts_the_person_is_told_that_it_is_busy() -> None:
    house = House()
    house.visits.conflict_at(*range(1, 200))
    with pytest.raises(ConnectorError) as busy:
        house.patient_launch()
    assert code_of(busy) == "busy"
    assert busy.value.retry_after is not None


def settled(house: House) -> None:
    """Clinician and patient were in, have left, and the visit is settled."""
    house.patient_launch()
    house.provider_launch()
    house.happen(event(5, "a", JOINED), event(5, "p", JOINED, entra("oid-1")))
    house.happen(event(100, "a", LEFT), event(100, "p", LEFT, entra("oid-1")))
    house.work_until_quiet()
    house.clock.forward(minutes=31)
    house.upkeep.settle()
    assert house.visit().phase is Phase.SETTLED


def test_a_settled_visit_can_be_opened_again_and_is_told_of_anew() -> None:
    house = House()
    settled(house)
    told = len(house.told("PROV1"))
    house.provider_launch()
    assert house.visit().phase is Phase.OPEN
    house.upkeep.settle()
    assert house.visit().phase is Phase.OPEN, "settled again before anybody could join"
    moment = (house.clock.present - START).total_seconds()
    house.happen(event(moment + 10, "p3", JOINED, entra("oid-1")))
    house.work_until_quiet()
    assert house.told("PROV1")[told:] == [State.CONNECTED]
    sequences = [one.sequence for one in house.provider().writebacks]
    assert sequences == [*range(1, len(sequences) + 1)]


@pytest.mark.parametrize("stamps_time", [True, False])
def test_a_visit_that_is_opened_again_has_another_meeting_and_the_ehr_hears_its_address(*, stamps_time: bool) -> None:
    """Another clinician's meeting is another one: with the old address a patient would wait in an empty room."""
    house = House()
    house.teller.vocabulary = frozenset(State)
    house.teller.stamps_time = stamps_time
    settled(house)
    house.provider_launch("PROV2", object_id="oid-2")
    house.work_until_quiet()
    meeting = house.visit().meeting
    assert meeting
    openings = [one.join_url for one in house.teller.log if one.state is State.OPENED]
    assert len(openings) == len(set(openings)) == 2
    assert openings[-1] == meeting.join_url


def test_who_opens_a_quiet_visit_again_is_given_time_to_join() -> None:
    house = House()
    house.provider_launch()
    house.happen(event(5, "p", JOINED, entra("oid-1")))
    house.happen(event(100, "p", LEFT, entra("oid-1")))
    house.work_until_quiet()
    house.clock.forward(minutes=31)
    house.provider_launch()
    house.upkeep.settle()
    assert house.visit().phase is Phase.OPEN
    house.clock.forward(minutes=31)
    house.upkeep.settle()
    assert house.visit().phase is Phase.SETTLED


def test_a_ticket_opens_its_own_visit_and_only_for_its_person() -> None:
    house = House()
    way = house.patient_launch()
    assert house.reception.ticket(way.ticket) == (house.key(), house.patient_key())
    assert "PAT1" not in way.ticket


def test_what_is_no_ticket() -> None:
    house = House()
    way = house.patient_launch()
    launch = house.desk.begin(TARGET, Role.PATIENT, QUERY)
    forged = [
        "",
        "nonsense",
        launch.cookie,
        way.ticket[:-1],
        house.sealer.seal(TICKET, "{}"),
        house.sealer.seal(TICKET, '{"visit":"nonsense","participant":"x","expires":99999999999}'),
    ]
    for cookie in forged:
        with pytest.raises(ConnectorError) as refused:
            house.reception.ticket(cookie)
        assert code_of(refused) == "ticket_missing"


def test_a_ticket_lasts_as_long_as_the_visit() -> None:
    house = House()
    house.patient_launch()
    house.clock.forward(hours=3)
    way = house.patient_launch()
    house.clock.present = START + LIFETIME
    house.reception.ticket(way.ticket)
    house.clock.forward(1)
    with pytest.raises(ConnectorError):
        house.reception.ticket(way.ticket)


def test_the_waiting_page_follows_the_visit() -> None:
    house = House()
    house.patient_launch()
    here = (house.key(), house.patient_key())
    view = house.reception.view(*here)
    assert (view.state, view.opened, view.over) == ("waiting", False, False)
    with pytest.raises(ConnectorError) as early:
        house.reception.join(*here)
    assert code_of(early) == "not_open_yet"
    doctor = house.provider_launch()
    assert house.reception.view(*here).opened
    house.clock.forward(7)
    house.visits.conflict_at(1)
    assert house.reception.join(*here) == doctor.join_url
    assert house.patient().page_joined_at == START + timedelta(seconds=7)
    house.happen(event(12, "a", JOINED))
    assert house.reception.view(*here).state == "connected"
    house.clock.forward(LIFETIME.total_seconds())
    assert house.reception.view(*here).over


def test_the_waiting_page_of_a_settled_or_unknown_visit_says_that_it_is_over() -> None:
    house = House()
    settled(house)
    for key, participant in (
        (house.key(), house.patient_key()),
        (house.key(), "patient-nobody"),
        (house.key("unknown"), house.patient_key()),
    ):
        view = house.reception.view(key, participant)
        assert (view.state, view.opened, view.over) == ("", False, True)
        with pytest.raises(ConnectorError) as expired:
            house.reception.join(key, participant)
        assert code_of(expired) == "visit_expired"
