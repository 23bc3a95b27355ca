"""Configuration: what an administrator does with connections."""

from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.connection_models import (
    CheckIn,
    CheckupOut,
    ConnectionEdit,
    ConnectionIn,
    ConnectionList,
    ConnectionOut,
    HistoryList,
    HistoryOut,
    Reason,
    VersionIn,
    WebhookSecretOut,
)
from functions.edge import Access, Call, door
from shared.connections.model import Connection
from shared.errors import ConnectorError
from shared.identifiers import ConnectionKey
from shared.telemetry import Event, log

if TYPE_CHECKING:
    from shared.connections.doctor import Checkup
    from shared.connections.service import Wish

blueprint = func.Blueprint()


@door(blueprint, "GET", "connections", access=Access.TENANT, answer=ConnectionList)
def list_connections(call: Call[Any]) -> Answer:
    """All connections of the tenant; to an approver, those that name them."""
    caller = call.caller
    mine = [
        one
        for one in call.connector.connections.list(caller.tenant)
        if caller.reads_all or one.content.approver == caller.object_id
    ]
    return Json(ConnectionList(connections=[told(call, one) for one in mine]))


@door(blueprint, "POST", "connections", access=Access.ADMIN, body=ConnectionIn, answer=ConnectionOut)
def create_connection(call: Call[ConnectionIn]) -> Answer:
    """Submit a connection; it needs approval."""
    caller = call.caller
    call.connector.leaving.must_stay(caller.tenant)
    connection, checkup = call.connector.connections.submit(caller.tenant, _wish(call.input), caller.object_id)
    return Json(_changed(call, connection, checkup), status=201)


@door(blueprint, "POST", "connections/check", access=Access.ADMIN, body=CheckIn, answer=CheckupOut)
def check_connection(call: Call[CheckIn]) -> Answer:
    """Ask the URL doctor; nothing is stored."""
    checkup = call.connector.connections.doctor.check(call.input.fhir_base_url, call.input.environment)
    return Json(CheckupOut.of(checkup, call.language))


@door(blueprint, "GET", "connections/{id}", access=Access.READER, answer=ConnectionOut)
def get_connection(call: Call[Any]) -> Answer:
    """One connection."""
    return Json(told(call, readable(call)))


@door(blueprint, "PUT", "connections/{id}", access=Access.ADMIN, body=ConnectionEdit, answer=ConnectionOut)
def edit_connection(call: Call[ConnectionEdit]) -> Answer:
    """Make a new revision; it needs approval, and what was approved goes on launching."""
    connections, edit = call.connector.connections, call.input
    connection, checkup = connections.edit(key_in_tenant(call), _wish(edit), edit.version, call.caller.object_id)
    return Json(_changed(call, connection, checkup))


@door(blueprint, "DELETE", "connections/{id}", access=Access.ADMIN, body=VersionIn)
def delete_connection(call: Call[VersionIn]) -> Answer:
    """Delete a connection; its history stays."""
    key = key_in_tenant(call)
    call.connector.connections.delete(key, call.input.version, call.caller.object_id)
    log(Event.CONNECTION_CHANGED, connection=key.connection, state="deleted", correlation=call.correlation)
    return Json({"deleted": True})


@door(blueprint, "POST", "connections/{id}/suspend", access=Access.ADMIN, body=Reason, answer=ConnectionOut)
def suspend_connection(call: Call[Reason]) -> Answer:
    """Stop all launches of a connection."""
    connections = call.connector.connections
    return Json(
        _changed(call, connections.suspend(key_in_tenant(call), call.input.reason, call.caller.object_id), None)
    )


@door(blueprint, "POST", "connections/{id}/resume", access=Access.ADMIN, answer=ConnectionOut)
def resume_connection(call: Call[Any]) -> Answer:
    """Let a connection launch again."""
    return Json(_changed(call, call.connector.connections.resume(key_in_tenant(call), call.caller.object_id), None))


@door(blueprint, "GET", "connections/{id}/webhook-secret", access=Access.ADMIN, answer=WebhookSecretOut)
def get_webhook_secret(call: Call[Any]) -> Answer:
    """What the receiver of a webhook checks signatures with. That it was read is noted, what it is never."""
    key = key_in_tenant(call)
    version, secret = call.connector.connections.webhook_secret(key, call.caller.object_id)
    log(Event.WEBHOOK_KEY_READ, connection=key.connection, tenant=key.tenant.tenant, correlation=call.correlation)
    return Json(WebhookSecretOut(version=version, secret=secret))


@door(blueprint, "GET", "connections/{id}/history", access=Access.READER, answer=HistoryList)
def get_history(call: Call[Any]) -> Answer:
    """Who did what to a connection, newest first; of a deleted one too, for who may read everything."""
    key = key_in_tenant(call)
    entries = call.connector.connection_store.history(key)
    if not (call.caller.reads_all and entries):
        readable(call)
    names = {actor: _name(call, actor) for actor in {entry.actor for entry in entries}}
    return Json(HistoryList(history=[HistoryOut.of(entry, names[entry.actor]) for entry in entries]))


def key_in_tenant(call: Call[Any]) -> ConnectionKey:
    """The connection that the route names, if it belongs to the caller's tenant. Raises connection_unknown."""
    key = call.connector.key_of(call.path.get("id", ""))
    if key is None or key.tenant != call.caller.tenant:
        raise ConnectorError("connection_unknown")
    return key


def readable(call: Call[Any]) -> Connection:
    """The connection that the route names, if the caller may read it. Raises connection_unknown, role_missing."""
    connection = call.connector.connections.get(key_in_tenant(call))
    caller = call.caller
    if not caller.reads_all and connection.content.approver != caller.object_id:
        raise ConnectorError("not_approver")
    return connection


def told(call: Call[Any], connection: Connection, checkup: "Checkup | None" = None) -> ConnectionOut:
    """A connection in the API's words."""
    findings = CheckupOut.of(checkup, call.language) if checkup else None
    return ConnectionOut.of(connection, _name(call, connection.content.approver), findings)


def _name(call: Call[Any], object_id: str) -> str | None:
    """The user name as the directory has it now; None while Microsoft does not answer or if the user is gone."""
    try:
        user = call.connector.connections.directory.find(call.caller.tenant, object_id)
    except ConnectorError:
        return None
    return user.user_name if user else None


def _changed(call: Call[Any], connection: Connection, checkup: "Checkup | None") -> ConnectionOut:
    log(
        Event.CONNECTION_CHANGED,
        connection=connection.key.connection,
        state=connection.state.value,
        environment=connection.content.environment.value,
        correlation=call.correlation,
    )
    return told(call, connection, checkup)


def _wish(entered: ConnectionIn) -> "Wish":
    from shared.connections.service import Wish  # noqa: PLC0415 - no cold start pays for it

    return Wish(
        fhir_base_url=entered.fhir_base_url,
        environment=entered.environment,
        approver=entered.approver,
        ehr_kind=entered.ehr_kind,
        settings=entered.settings,
    )
