"""Oracle Health Millennium: an appointment's status and video links, against a strict stand-in over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.clock import utc_now
from shared.connections.model import Connection, ConnectionState, Content
from shared.connections.telling import EhrKind
from shared.ehr.backend import Backend
from shared.ehr.kinds import Kinds
from shared.ehr.oracle import OracleTeller
from shared.http import guarded_client
from shared.identifiers import Environment, Role
from shared.oauth import SigningAlgorithm
from shared.presence.model import Kind, State
from shared.visits.ports import EhrUser, StatusMessage, Told
from tests.support.connections import ANALYST, KEY
from tests.support.fakes import START
from tests.support.house import GUEST, House, entra, event
from tests.support.millennium import TOKEN, Millennium

DONE = Told(delivered=True)
PATIENT, PROVIDER, MEETING = Role.PATIENT, Role.PROVIDER, Role.MEETING
CONNECTED, DISCONNECTED, OPENED = State.CONNECTED, State.DISCONNECTED, State.OPENED
LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_sample/0"


class Tokens:
    """One token, whatever it is for; the scopes that were asked for."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def backend_token(
        self, base_url: str, environment: Environment, scope: str, algorithm: SigningAlgorithm
    ) -> tuple[str, timedelta]:
        self.scopes.append(scope)
        return TOKEN, timedelta(minutes=5)


class Hospital:
    """The stand-in, and a connection to it whose settings a test chooses."""

    def __init__(self, millennium: Millennium, http: httpx.Client) -> None:
        self.millennium = millennium
        self.tokens = Tokens()
        self.chosen: dict[str, Any] = {}
        teller = OracleTeller(Backend(http, self.tokens, utc_now), utc_now)
        self.teller = Kinds(lambda _: self.connection, {EhrKind.ORACLE: teller})

    @property
    def connection(self) -> Connection:
        content = Content.model_validate(
            {
                "fhir_base_url": self.millennium.url,
                "environment": "test",
                "ehr_kind": "oracle",
                "approver": ANALYST,
                "settings": {"oracle": self.chosen},
            }
        )
        return Connection(KEY, content, ConnectionState.APPROVED, START, approved=content)

    def tell(self, role: Role, state: State, patient: str = "12724066", **more: Any) -> Told:
        user = {PATIENT: EhrUser(patient, "Patient"), PROVIDER: EhrUser("1", "Practitioner")}.get(role, EhrUser("", ""))
        references = more.pop("references", {"appointment": "4711"})
        message = StatusMessage("4711", user, role, state, START, "key", references=references, **more)
        return self.teller.tell(KEY, message)

    @property
    def status(self) -> str:
        return str(self.millennium.appointment["status"])


@pytest.fixture
def hospital() -> Iterator[Hospital]:
    with Millennium() as millennium, guarded_client(allow_loopback=True) as http:
        yield Hospital(millennium, http)


def test_a_visit_as_it_goes(hospital: Hospital) -> None:
    hospital.chosen = {"patient_connected": "checked-in", "appointment_fulfilled": True, "video_links": True}
    assert hospital.tell(MEETING, OPENED, join_url=LINK) == DONE
    assert hospital.millennium.links() == [LINK, LINK]
    assert hospital.tell(PROVIDER, CONNECTED) == DONE
    assert hospital.status == "booked"
    assert hospital.tell(PATIENT, CONNECTED) == DONE
    assert hospital.status == "checked-in"
    assert hospital.tell(PATIENT, DISCONNECTED) == DONE
    assert hospital.status == "checked-in"
    assert hospital.tell(PROVIDER, DISCONNECTED, last=True) == DONE
    assert hospital.status == "fulfilled"
    versions = [version for version, _, _ in hospital.millennium.patches]
    assert versions == ['W/"7"', 'W/"8"', 'W/"9"']
    assert hospital.tokens.scopes == ["system/Appointment.read system/Appointment.write"]


def test_a_visit_is_fulfilled_though_its_last_one_had_left_before_and_come_back(hospital: Hospital) -> None:
    hospital.chosen = {"patient_connected": "checked-in", "appointment_fulfilled": True}
    house = House()
    house.attendance = replace(house.attendance, teller=hospital.teller)
    house.outbox = replace(house.outbox, teller=hospital.teller, attendance=house.attendance)
    house.provider_launch(appointment="4711")
    house.patient_launch("12724066", externalIdType="Patient")
    doctor = entra("oid-1")
    for seconds, leg, kind, who in (
        (5, "p", Kind.JOINED, doctor),
        (10, "q", Kind.JOINED, GUEST),
        (100, "p", Kind.LEFT, doctor),
        (200, "p", Kind.JOINED, doctor),
        (300, "q", Kind.LEFT, GUEST),
        (400, "p", Kind.LEFT, doctor),
    ):
        house.happen(event(seconds, leg, kind, who))
        house.work_until_quiet()
    assert hospital.status == "fulfilled"


def test_every_write_is_chosen(hospital: Hospital) -> None:
    assert hospital.teller.abilities(KEY).is_mute
    hospital.chosen = {"patient_connected": "arrived"}
    abilities = hospital.teller.abilities(KEY)
    assert abilities.of(PATIENT) == {CONNECTED}
    assert not abilities.of(PROVIDER) | abilities.of(MEETING)
    assert abilities.stamps_time
    hospital.chosen = {"appointment_fulfilled": True, "video_links": True}
    abilities = hospital.teller.abilities(KEY)
    assert abilities.of(PATIENT) == abilities.of(PROVIDER) == {DISCONNECTED}
    assert abilities.of(MEETING) == {OPENED}


def test_the_four_operations_of_the_links_come_together(hospital: Hospital) -> None:
    hospital.chosen = {"video_links": True}
    for url in (LINK, LINK, f"{LINK}2"):
        assert hospital.tell(MEETING, OPENED, join_url=url) == DONE
    kinds = [{one["op"] for one in operations} for _, operations, _ in hospital.millennium.patches]
    assert kinds == [{"add"}, {"replace"}]
    assert [len(operations) for _, operations, _ in hospital.millennium.patches] == [4, 4]
    values = {one["path"]: one["value"] for one in hospital.millennium.patches[0][1]}
    assert values["/contained/0/telecom/0/period/start"] == "2026-11-24T14:00:00Z"
    assert values["/contained/0/telecom/0/period/end"] == "2026-11-24T14:30:00Z"


@pytest.mark.parametrize(("length", "told"), [(255, DONE), (256, Told(delivered=False, reason="join URL too long"))])
def test_a_link_has_its_longest_length(hospital: Hospital, length: int, told: Told) -> None:
    hospital.chosen = {"video_links": True}
    assert hospital.tell(MEETING, OPENED, join_url=LINK.ljust(length, "x")) == told


def test_an_appointment_without_times_takes_no_links(hospital: Hospital) -> None:
    hospital.chosen = {"video_links": True}
    del hospital.millennium.appointment["end"]
    assert hospital.tell(MEETING, OPENED, join_url=LINK) == Told(delivered=False, reason="appointment has no times")


@pytest.mark.parametrize("target", ["arrived", "checked-in"])
@pytest.mark.parametrize("present", ["arrived", "checked-in", "fulfilled"])
def test_a_status_goes_on_and_never_back(hospital: Hospital, present: str, target: str) -> None:
    hospital.chosen = {"patient_connected": target}
    hospital.millennium.somebody_changes_it(status=present)
    assert hospital.tell(PATIENT, CONNECTED) == DONE
    assert hospital.status == ("checked-in" if (present, target) == ("arrived", "checked-in") else present)


@pytest.mark.parametrize("present", ["cancelled", "noshow", "entered-in-error", "proposed"])
def test_an_appointment_that_is_off_is_left_alone(hospital: Hospital, present: str) -> None:
    hospital.chosen = {"patient_connected": "arrived"}
    hospital.millennium.somebody_changes_it(status=present)
    assert hospital.tell(PATIENT, CONNECTED) == Told(delivered=False, reason=f"appointment is {present}")
    assert hospital.millennium.patches == []


@pytest.mark.parametrize("present", ["booked", "arrived"])
def test_only_what_was_checked_in_is_fulfilled(hospital: Hospital, present: str) -> None:
    hospital.chosen = {"appointment_fulfilled": True}
    hospital.millennium.somebody_changes_it(status=present)
    told = hospital.tell(PROVIDER, DISCONNECTED, last=True)
    assert told == Told(delivered=False, reason=f"appointment is {present}")


def test_never_the_wrong_patient(hospital: Hospital) -> None:
    hospital.chosen = {"patient_connected": "arrived"}
    assert hospital.tell(PATIENT, CONNECTED, "999") == Told(delivered=False, reason="not in the appointment")
    assert hospital.status == "booked"


@pytest.mark.parametrize("references", [{}, {"encounter": "4711"}, {"appointment": "../Patient/1"}])
def test_an_appointment_that_no_launch_named_is_not_guessed(hospital: Hospital, references: dict[str, str]) -> None:
    hospital.chosen = {"patient_connected": "arrived"}
    told = hospital.tell(PATIENT, CONNECTED, references=references)
    assert told == Told(delivered=False, reason="no appointment in the launch")


@pytest.mark.parametrize("status", [409, 412])
def test_another_version_is_read_and_the_change_made_anew(hospital: Hospital, status: int) -> None:
    hospital.chosen = {"patient_connected": "arrived"}
    hospital.millennium.answers.extend([status, status])
    assert hospital.tell(PATIENT, CONNECTED) == DONE
    assert hospital.status == "arrived"
    hospital.millennium.somebody_changes_it(status="booked")
    hospital.millennium.answers.extend([status] * 4)
    assert hospital.tell(PATIENT, CONNECTED) == Told(delivered=False, retry=True, reason=f"HTTP {status}")


def test_links_that_came_meanwhile_are_replaced(hospital: Hospital) -> None:
    """Somebody else's links were written after we read: add is refused, and what is read then says replace."""
    hospital.chosen = {"video_links": True}
    millennium = hospital.millennium
    rooms = [{**room, "telecom": [{"value": "https://other"}]} for room in millennium.appointment["contained"]]
    millennium.meanwhile.append(lambda: millennium.somebody_changes_it(contained=rooms))
    assert hospital.tell(MEETING, OPENED, join_url=LINK) == DONE
    assert [(operations[0]["op"], status) for _, operations, status in millennium.patches] == [
        ("add", 409),
        ("replace", 200),
    ]
    assert millennium.links() == [LINK, LINK]


@pytest.mark.parametrize("status", [423, 424])
def test_what_is_locked_or_waits_for_something_else_is_tried_again(hospital: Hospital, status: int) -> None:
    hospital.chosen = {"patient_connected": "arrived"}
    hospital.millennium.answers.append(status)
    assert hospital.tell(PATIENT, CONNECTED) == Told(delivered=False, retry=True, reason=f"HTTP {status}")
    assert hospital.tell(PATIENT, CONNECTED) == DONE


@pytest.mark.parametrize("status", [400, 403, 404, 415, 422])
def test_what_is_refused_is_given_up(hospital: Hospital, status: int) -> None:
    hospital.chosen = {"patient_connected": "arrived"}
    hospital.millennium.answers.append(status)
    assert hospital.tell(PATIENT, CONNECTED) == Told(delivered=False, reason=f"HTTP {status}")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again(hospital: Hospital, status: int) -> None:
    hospital.chosen = {"patient_connected": "arrived"}
    hospital.millennium.answers.append(status)
    assert hospital.tell(PATIENT, CONNECTED) == Told(delivered=False, retry=True, reason=f"HTTP {status}", down=True)


def test_trying_it_out_changes_nothing(hospital: Hospital) -> None:
    hospital.chosen = {"video_links": True}
    assert hospital.teller.try_out(KEY) == DONE
    assert hospital.millennium.patches == []
