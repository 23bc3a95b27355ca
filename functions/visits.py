"""The waiting page, the device test and the arrival board: for holders of a visit ticket."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Json, Page, Plain
from functions.edge import Call, Kind, door
from functions.pages import asset
from functions.visit_models import BoardOut, DevicesIn, Done, HandledIn, JoinOut, SeenOut, VisitOut
from shared.connections.model import Branding
from shared.errors import ConnectorError
from shared.identifiers import VisitKey
from shared.visits.ways import TICKET, cookie_name

blueprint = func.Blueprint()


@door(blueprint, "GET", "visit", kind=Kind.PAGE)
def waiting_page(call: Call[Any]) -> Answer:
    """The page on which a patient waits."""
    key, _ = _ticket(call)
    branding = call.connector.branding(key.connection.connection)
    return Page("waiting", values={"visit": call.one("visit"), **_clinic_values(branding)})


@door(blueprint, "GET", "device-test", kind=Kind.PAGE)
def device_test_page(call: Call[Any]) -> Answer:
    """The device test before the day; it touches no visit."""
    branding = call.connector.branding(call.one("clinic"))
    return Page("device_test", values={"visit": "", **_clinic_values(branding)})


@door(blueprint, "GET", "board", kind=Kind.PAGE)
def board_page(call: Call[Any]) -> Answer:
    """The arrival board of one visit."""
    key, participant = _ticket(call)
    call.connector.reception.board(key, participant)
    return Page("board", values={"visit": call.one("visit")})


@door(blueprint, "GET", "visits/current", answer=VisitOut)
def current_visit(call: Call[Any]) -> Answer:
    """How the visit stands, for its waiting page."""
    key, participant = _ticket(call)
    view = call.connector.reception.view(key, participant)
    return Json(
        VisitOut(
            state=view.state,
            opened=view.opened,
            over=view.over,
            help_asked=view.help_asked,
            dial_in=view.dial_in or None,
        )
    )


@door(blueprint, "POST", "visits/current/join", answer=JoinOut)
def join_visit(call: Call[Any]) -> Answer:
    """Where the meeting is; from now on the patient is expected in its lobby."""
    key, participant = _own_ticket(call)
    return Json(JoinOut(join_url=call.connector.reception.join(key, participant)))


@door(blueprint, "POST", "visits/current/devices", body=DevicesIn, answer=Done)
def note_devices(call: Call[DevicesIn]) -> Answer:
    """How the device test went, in one word for each device."""
    key, participant = _own_ticket(call)
    call.connector.reception.note_devices(key, participant, call.input.summary)
    return Json(Done(ok=True))


@door(blueprint, "POST", "visits/current/help", answer=Done)
def ask_for_help(call: Call[Any]) -> Answer:
    """The patient cannot get in: the arrival board shows it."""
    key, participant = _own_ticket(call)
    call.connector.reception.ask_for_help(key, participant)
    return Json(Done(ok=True))


@door(blueprint, "GET", "visits/current/board", answer=BoardOut)
def current_board(call: Call[Any]) -> Answer:
    """Who is where, for the arrival board; roles and numbers only."""
    key, participant = _ticket(call)
    board = call.connector.reception.board(key, participant)
    return Json(
        BoardOut(
            opened=board.opened,
            over=board.over,
            join_url=board.join_url or None,
            people=[SeenOut.of(one) for one in board.people],
            now=call.connector.now(),
        )
    )


@door(blueprint, "POST", "visits/current/board/handled", body=HandledIn, answer=Done)
def handle_signal(call: Call[HandledIn]) -> Answer:
    """A clinician has taken note of somebody's signal."""
    key, participant = _own_ticket(call)
    call.connector.reception.handle(key, participant, call.input.key)
    return Json(Done(ok=True))


@door(blueprint, "GET", "assets/{name}")
def page_asset(call: Call[Any]) -> Answer:
    """A file that our pages refer to."""
    found = asset(call.path.get("name", ""))
    if found is None:
        raise ConnectorError("not_found")
    content, content_type = found
    return Plain(content, content_type, headers={"Cache-Control": "public, max-age=3600"})


def _ticket(call: Call[Any]) -> tuple[VisitKey, str]:
    handle = call.one("visit")
    return call.connector.reception.ticket(call.cookies.get(cookie_name(TICKET, handle), ""))


def _own_ticket(call: Call[Any]) -> tuple[VisitKey, str]:
    """The ticket of a request that changes something: it must come from our own page (Fetch Metadata)."""
    if call.from_elsewhere:
        raise ConnectorError("ticket_missing")
    return _ticket(call)


def _clinic_values(branding: Branding | None) -> dict[str, str]:
    shown = branding or Branding()
    return {
        "clinic_name": shown.name,
        "clinic_sentence": shown.sentence,
        "clinic_number": shown.clinic_number,
        "clinic_logo": shown.logo or "",
    }
