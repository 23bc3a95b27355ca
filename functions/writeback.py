"""The outbox: its worker, and what an administrator sees and may replay."""

import itertools
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import azure.functions as func

from functions.answers import Answer, Json
from functions.edge import STORAGE, Access, Call, door
from functions.visit_models import ReplayIn, ReplayOut, WritebackList, WritebackOut
from shared.errors import ConnectorError, name_of
from shared.identifiers import VisitKey, visit_key
from shared.presence.model import Writeback
from shared.telemetry import Event, log
from shared.wiring import connector

if TYPE_CHECKING:
    from shared.visits.outbox import Place

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
    """The outbox of the tenant; `status` and `connection` choose, `after` goes on where an answer ended."""
    caller = call.caller
    if not caller.reads_all:
        raise ConnectorError("role_missing", role="Connector.Admin")
    status, connection = call.one("status"), call.one("connection")
    found = (
        row
        for row in call.connector.visit_store.writebacks(caller.tenant, _after(call, call.one("after")))
        if status in ("", row[2].status.value) and connection in ("", row[0].connection.connection)
    )
    some = list(itertools.islice(found, _MOST + 1))
    shown = [_out(*row) for row in some[:_MOST]]
    return Json(WritebackList(writebacks=shown, next=shown[-1].id if len(some) > _MOST else ""))


@door(blueprint, "POST", "writebacks/{id}/replay", access=Access.ADMIN)
def replay_writeback(call: Call[Any]) -> Answer:
    """Try a given-up writeback once more."""
    key, participant, _ = place = _place(call, call.path.get("id", ""))
    outbox = call.connector.outbox
    if not outbox.can_replay(place):
        raise ConnectorError("writeback_not_replayable")
    # First the history: a crash may leave an entry for what was not sent, but nothing is sent without an entry.
    call.connector.connections.note_replay(key.connection, 1, call.caller.object_id)
    if not outbox.replay(place):
        raise ConnectorError("writeback_not_replayable")
    log(Event.WRITEBACK_REPLAYED, visit=key.session, participant=participant, correlation=call.correlation)
    return Json({"replayed": True}, status=202)


@door(blueprint, "POST", "writebacks/replay", access=Access.ADMIN, body=ReplayIn, answer=ReplayOut)
def replay_writebacks(call: Call[ReplayIn]) -> Answer:
    """Try given-up writebacks of a connection or of a reason once more, 500 at once; `after` goes on after those."""
    outbox, connections = call.connector.outbox, call.connector.connections
    found = outbox.replayable(_given_up(call), _MOST)
    for connection, count in found.by_connection().items():
        connections.note_replay(connection, count, call.caller.object_id)
    replayed = outbox.replay_all(found.which)
    log(Event.WRITEBACK_REPLAYED, count=replayed, correlation=call.correlation)
    refused = found.refused + len(found.which) - replayed
    return Json(ReplayOut(replayed=replayed, refused=refused, next=_id(*found.last) if found.last else ""))


def _given_up(call: Call[ReplayIn]) -> "Iterator[Place]":
    """What was given up of the wanted kind, and not too long ago."""
    wanted, now = call.input, call.connector.now()
    return (
        (key, participant, one.sequence)
        for key, participant, one in call.connector.visit_store.writebacks(
            call.caller.tenant, _after(call, wanted.after)
        )
        if one.is_kept_for_replay(now)
        and wanted.connection in ("", key.connection.connection)
        and wanted.reason in ("", one.reason)
    )


def _deliver(message: func.QueueMessage) -> None:
    if not connector().deliver(message.get_body().decode(errors="replace")):
        log(Event.QUEUE_MESSAGE_PARKED, level=logging.WARNING, reason="not a pointer")


def _out(key: VisitKey, participant: str, one: Writeback) -> WritebackOut:
    return WritebackOut(
        id=_id(key, participant, one.sequence),
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


def _id(key: VisitKey, participant: str, sequence: int) -> str:
    return f"{key.routing}.{participant}.{sequence}"


def _after(call: Call[Any], after: str) -> "Place | None":
    """The writeback after which to go on, if one is named. Raises not_found."""
    return _place(call, after) if after else None


def _place(call: Call[Any], named: str) -> "Place":
    """The writeback that the id names, if it is of the caller's tenant. Raises not_found."""
    parts = named.split(".")
    key = visit_key(call.connector.settings.geography, ".".join(parts[:2]))
    if key is None or len(parts) != 4 or not parts[3].isdecimal():  # noqa: PLR2004 - connection, session, whose, which
        raise ConnectorError("not_found")
    if key.connection.tenant != call.caller.tenant:
        raise ConnectorError("not_found")
    return key, parts[2], int(parts[3][:6])
