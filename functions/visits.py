"""The waiting page, for the holder of a visit ticket."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Json, Page, Plain
from functions.edge import Call, Kind, door
from functions.models import JoinOut, VisitOut
from functions.pages import asset
from shared.errors import ConnectorError
from shared.identifiers import VisitKey
from shared.visits.desk import TICKET
from shared.visits.launch import cookie_name

blueprint = func.Blueprint()


@door(blueprint, "GET", "visit", kind=Kind.PAGE)
def waiting_page(call: Call[Any]) -> Answer:
    """The page on which a patient waits."""
    _ticket(call)
    return Page("waiting", values={"visit": call.one("visit")})


@door(blueprint, "GET", "visits/current", answer=VisitOut)
def current_visit(call: Call[Any]) -> Answer:
    """How the visit stands, for its waiting page."""
    key, participant = _ticket(call)
    view = call.connector.desk.view(key, participant)
    return Json(VisitOut(state=view.state, opened=view.opened, over=view.over))


@door(blueprint, "POST", "visits/current/join", answer=JoinOut)
def join_visit(call: Call[Any]) -> Answer:
    """Where the meeting is; from now on the patient is expected in its lobby."""
    key, participant = _ticket(call)
    return Json(JoinOut(join_url=call.connector.desk.join(key, participant)))


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
    return call.connector.desk.ticket(call.cookies.get(cookie_name(TICKET, handle), ""))
