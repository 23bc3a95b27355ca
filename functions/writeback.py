"""The outbox: its worker, and what an administrator sees and may replay."""

import itertools
import logging
from typing import Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.edge import STORAGE, Access, Call, door
from functions.visit_models import ReplayIn, ReplayOut, WritebackList, WritebackOut
from shared.errors import ConnectorError, name_of
from shared.identifiers import VisitKey, visit_key
from shared.presence.model import Status, Writeback
from shared.telemetry import Event, log
from shared.wiring import connector

blueprint = func.Blueprint()
_QUEUE = "writebacks"
_MOST = 500


@blueprint.function_name("deliver_writebacks")
@blueprint.queue_trigger(arg_name="message", queue_name=_QUEUE, connection=STORAGE)
def deliver_writebacks(message: func.QueueMessage) -> None:
    """Tell the EHR what is due for one participant."""
    _deliver(message)


@blueprint.function_name("park_writebacks")
@blueprint.queue_trigger(arg_name="message", queue_name=f"{_QUEUE}-poison", connection=STORAGE)
def park_writebacks(message: func.QueueMessage) -> None:
    """A pointer that failed at every try is tried once more from here, and else dropped.

    Nothing is lost with it: the writeback and its baton are in the visit, and the sweep makes a new pointer.
    """
    try:
        _deliver(message)
    except Exception as failed:  # noqa: BLE001 - a poison queue has none of its own: what fails here would pile up
        log(
            Event.QUEUE_MESSAGE_PARKED,
            level=logging.WARNING,
            function="park_writebacks",
            reason=name_of(failed),
            attempt=message.dequeue_count or 1,
        )


@door(blueprint, "GET", "writebacks", access=Access.READER, answer=WritebackList)
def list_writebacks(call: Call[Any]) -> Answer:
    """The outbox of the tenant; `status` chooses, e.g. `?status=given%20up`."""
    caller = call.caller
    if not caller.reads_all:
        raise ConnectorError("role_missing", role="Connector.Admin")
    status = call.one("status")
    found = (
        row
        for row in call.connector.visit_store.writebacks(caller.tenant)
        if not status or row[2].status.value == status
    )
    some = list(itertools.islice(found, _MOST + 1))
    return Json(WritebackList(writebacks=[_out(*row) for row in some[:_MOST]], truncated=len(some) > _MOST))


@door(blueprint, "POST", "writebacks/{id}/replay", access=Access.ADMIN)
def replay_writeback(call: Call[Any]) -> Answer:
    """Try a given-up writeback once more."""
    key, participant, sequence = _parts(call)
    if not call.connector.outbox.replay(key, participant, sequence):
        raise ConnectorError("writeback_not_replayable")
    call.connector.connections.note_replay(key.connection, 1, call.caller.object_id)
    log(Event.WRITEBACK_REPLAYED, visit=key.session, participant=participant, correlation=call.correlation)
    return Json({"replayed": True}, status=202)


@door(blueprint, "POST", "writebacks/replay", access=Access.ADMIN, body=ReplayIn, answer=ReplayOut)
def replay_writebacks(call: Call[ReplayIn]) -> Answer:
    """Try all given-up writebacks of a connection or of a reason once more, up to 500 at once."""
    wanted = call.input
    found = (
        (key, participant, one.sequence)
        for key, participant, one in call.connector.visit_store.writebacks(call.caller.tenant)
        if one.status is Status.GIVEN_UP
        and wanted.connection in ("", key.connection.connection)
        and wanted.reason in ("", one.reason)
    )
    some = list(itertools.islice(found, _MOST))
    replayed = call.connector.outbox.replay_all(some)
    for connection, count in replayed.items():
        call.connector.connections.note_replay(connection, count, call.caller.object_id)
    log(Event.WRITEBACK_REPLAYED, count=replayed.total(), correlation=call.correlation)
    return Json(ReplayOut(replayed=replayed.total()))


def _deliver(message: func.QueueMessage) -> None:
    if not connector().deliver(message.get_body().decode(errors="replace")):
        log(Event.QUEUE_MESSAGE_PARKED, level=logging.WARNING, reason="not a pointer")


def _out(key: VisitKey, participant: str, one: Writeback) -> WritebackOut:
    return WritebackOut(
        id=f"{key.routing}.{participant}.{one.sequence}",
        connection=key.connection.connection,
        visit=key.session,
        participant=participant,
        state=one.state.value,
        source=one.source.value,
        status=one.status.value,
        reason=one.reason,
        attempts=one.attempts,
        at=one.at,
        first_try=one.first_try,
        last_try=one.last_try,
        next_try=None if one.is_settled else one.due,
    )


def _parts(call: Call[Any]) -> tuple[VisitKey, str, int]:
    """The writeback that the route names, if it is of the caller's tenant. Raises not_found."""
    parts = call.path.get("id", "").split(".")
    key = visit_key(call.connector.settings.geography, ".".join(parts[:2]))
    if key is None or len(parts) != 4 or not parts[3].isdecimal():  # noqa: PLR2004 - connection, session, whose, which
        raise ConnectorError("not_found")
    if key.connection.tenant != call.caller.tenant:
        raise ConnectorError("not_found")
    return key, parts[2], int(parts[3][:6])
