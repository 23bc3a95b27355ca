"""Approval: the analyst signs in at the EHR, then decides on what they saw."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Cookie, Json, Redirect
from functions.callbacks import answered_code, state_cookie
from functions.configuration import key_in_tenant, told
from functions.connection_models import ConnectionOut, Decision, SendBack, SignInOut
from functions.edge import Access, Call, Kind, door
from shared.connections.model import PROOF_LIFETIME, SIGN_IN_LIFETIME
from shared.errors import ConnectorError
from shared.telemetry import Event, log
from shared.visits.ways import cookie_name

blueprint = func.Blueprint()
_UNDER_WAY, _PROOF = "ehr", "ehr-proof"


@door(blueprint, "POST", "connections/{id}/ehr-sign-in", access=Access.TENANT, answer=SignInOut)
def start_ehr_sign_in(call: Call[Any]) -> Answer:
    """Begin the approver's EHR sign-in: the answer says where the browser goes, the cookie holds its state."""
    start = call.connector.connections.start_sign_in(key_in_tenant(call), call.caller.object_id)
    cookie = Cookie(cookie_name(_UNDER_WAY, start.state), start.cookie, int(SIGN_IN_LIFETIME.total_seconds()))
    return Json(SignInOut(authorize_url=start.url), cookies=(cookie,))


@door(blueprint, "GET", "ehr-sign-in/callback", kind=Kind.PAGE)
def finish_ehr_sign_in(call: Call[Any]) -> Answer:
    """The approver is back from the EHR: keep the proof in this browser, drop everything else."""
    connections = call.connector.connections
    state, cookie = state_cookie(call, _UNDER_WAY)
    session = connections.sign_in_session(cookie, state)
    code = answered_code(call)
    key = call.connector.key_of(session.connection)
    if key is None:
        raise ConnectorError("connection_unknown")
    proof = connections.finish_sign_in(key, session, code)
    cookies = (
        Cookie(cookie_name(_UNDER_WAY, state), "", 0),
        Cookie(_proof_cookie(session.connection), proof, int(PROOF_LIFETIME.total_seconds())),
    )
    portal_url = call.connector.settings.portal_url(f"/approve/{session.connection}?ehr=done")
    return Redirect(portal_url, cookies)


@door(blueprint, "POST", "connections/{id}/approve", access=Access.TENANT, body=Decision, answer=ConnectionOut)
def approve_connection(call: Call[Decision]) -> Answer:
    """The approver approves the revision that they saw, after the EHR sign-in of this browser."""
    key = key_in_tenant(call)
    proof = call.cookies.get(_proof_cookie(key.connection), "")
    connection = call.connector.connections.approve(key, call.input.fingerprint, proof, call.caller.object_id)
    log(Event.CONNECTION_CHANGED, connection=key.connection, state="approved", correlation=call.correlation)
    return Json(told(call, connection), cookies=(Cookie(_proof_cookie(key.connection), "", 0),))


@door(blueprint, "POST", "connections/{id}/send-back", access=Access.TENANT, body=SendBack, answer=ConnectionOut)
def send_back_connection(call: Call[SendBack]) -> Answer:
    """The approver sends the revision back, with a reason."""
    key = key_in_tenant(call)
    decision = call.input
    connection = call.connector.connections.send_back(key, decision.fingerprint, decision.reason, call.caller.object_id)
    log(Event.CONNECTION_CHANGED, connection=key.connection, state="sent back", correlation=call.correlation)
    return Json(told(call, connection))


def _proof_cookie(connection: str) -> str:
    return cookie_name(_PROOF, connection)
