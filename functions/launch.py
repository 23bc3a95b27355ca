"""Launches: the EHR's browser comes in, a clinician or a patient is shown the way."""

from typing import Any

import azure.functions as func

from functions.answers import Answer, Cookie, Redirect
from functions.callbacks import answered_code, state_cookie
from functions.edge import Call, Kind, door
from shared.errors import ConnectorError
from shared.identifiers import Role
from shared.telemetry import Event, log
from shared.visits.ways import (
    LAUNCH,
    LAUNCH_LIFETIME,
    SIGN_IN,
    TICKET,
    Departure,
    ToDeviceTest,
    ToMeeting,
    ToWaitingPage,
    cookie_name,
)
from shared.wiring import connector

blueprint = func.Blueprint()
_LIFETIME = int(LAUNCH_LIFETIME.total_seconds())
_TICKET_LIFETIME = 3 * 24 * 3600


def _at_hand(req: func.HttpRequest) -> bool:
    return connector().launch_at_hand(req.route_params.get("id", ""), req.params.get("iss", ""))


@door(blueprint, "GET", "launch/{id}/provider", kind=Kind.PAGE, at_hand=_at_hand)
def launch_provider(call: Call[Any]) -> Answer:
    """The EHR opens a visit for a clinician."""
    return _begin(call, Role.PROVIDER)


@door(blueprint, "GET", "launch/{id}/patient", kind=Kind.PAGE, at_hand=_at_hand)
def launch_patient(call: Call[Any]) -> Answer:
    """The patient portal opens a visit for a patient."""
    return _begin(call, Role.PATIENT)


@door(blueprint, "GET", "launch/{id}/device-test", kind=Kind.PAGE, at_hand=_at_hand)
def launch_device_test(call: Call[Any]) -> Answer:
    """The patient portal opens the device test, before the day."""
    return _begin(call, Role.PATIENT, device_test=True)


@door(blueprint, "GET", "launch/callback", kind=Kind.PAGE)
def launch_callback(call: Call[Any]) -> Answer:
    """The EHR sends the browser back."""
    desk = call.connector.desk
    state, cookie = state_cookie(call, LAUNCH)
    pending = desk.pending_launch(cookie, state)
    code = answered_code(call)
    target = call.connector.launch_target(pending.connection)
    onward = desk.complete(target, pending, code)
    log(Event.LAUNCH_COMPLETED, connection=pending.connection, role=pending.role.value, correlation=call.correlation)
    return _onward(call, onward, Cookie(cookie_name(LAUNCH, state), "", 0))


@door(blueprint, "GET", "sign-in/callback", kind=Kind.PAGE)
def sign_in_callback(call: Call[Any]) -> Answer:
    """Microsoft sends a clinician back from the one-time sign-in."""
    desk = call.connector.desk
    state, cookie = state_cookie(call, SIGN_IN)
    pending = desk.pending_sign_in(cookie, state)
    code = answered_code(call, microsoft=True)
    target = call.connector.launch_target(pending.connection)
    onward = desk.complete_sign_in(target, pending, code)
    log(Event.CLINICIAN_LINKED, connection=pending.connection, correlation=call.correlation)
    return _onward(call, onward, Cookie(cookie_name(SIGN_IN, state), "", 0))


def _begin(call: Call[Any], role: Role, *, device_test: bool = False) -> Answer:
    target = call.connector.launch_target(call.path.get("id", ""))
    try:
        departure = call.connector.desk.begin(target, role, call.query, device_test=device_test)
    except ConnectorError as error:
        raise _named_mix_up(call, error, target.environment.value) from error
    log(
        Event.LAUNCH_STARTED,
        connection=target.key.connection,
        role=role.value,
        environment=target.environment.value,
        correlation=call.correlation,
    )
    return Redirect(departure.url, (Cookie(cookie_name(LAUNCH, departure.state), departure.cookie, _LIFETIME),))


def _named_mix_up(call: Call[Any], error: ConnectorError, environment: str) -> ConnectorError:
    """A launch from the base URL of the tenant's other environment is told as that."""
    key = call.connector.key_of(call.path.get("id", ""))
    if error.code != "iss_unknown" or key is None:
        return error
    other = call.connector.connections.other_environment(key, call.one("iss"))
    if other is None:
        return error
    return ConnectorError("wrong_environment", launched=other.value, expected=environment)


def _onward(call: Call[Any], onward: Departure | ToMeeting | ToWaitingPage | ToDeviceTest, used: Cookie) -> Answer:
    if isinstance(onward, Departure):
        cookie = Cookie(cookie_name(SIGN_IN, onward.state), onward.cookie, _LIFETIME)
        return Redirect(onward.url, (used, cookie))
    if isinstance(onward, ToDeviceTest):
        return Redirect(f"/api/device-test?clinic={onward.connection}", (used,))
    handle = onward.key.session[:16]
    framed = bool(call.connector.settings.frame_ancestors)
    ticket = Cookie(cookie_name(TICKET, handle), onward.ticket, _TICKET_LIFETIME, framed)
    if isinstance(onward, ToWaitingPage):
        return Redirect(f"/api/visit?visit={handle}", (used, ticket))
    if onward.board_first:
        return Redirect(f"/api/board?visit={handle}", (used, ticket))
    return Redirect(onward.join_url, (used, ticket))
