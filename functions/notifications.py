"""Graph's notifications: the doors that answer at once, and the worker behind their queue."""

from typing import Any

import azure.functions as func
from pydantic_core import from_json

from functions.answers import Answer, Plain, Queued
from functions.edge import MAX_NOTIFICATION_BYTES, STORAGE, Call, door
from functions.upkeep import done
from shared.errors import ConnectorError
from shared.telemetry import Event, log
from shared.wiring import connector

blueprint = func.Blueprint()
_QUEUE = "notifications"
_MAX_VALIDATION_TOKEN = 2048


@door(blueprint, "POST", "graph/notifications", limit=MAX_NOTIFICATION_BYTES, queue=_QUEUE)
def graph_notifications(call: Call[Any]) -> Answer:
    """Change notifications: shape and client state are checked, the rest is the worker's."""
    return _take_in(call)


@door(blueprint, "POST", "graph/lifecycle", limit=MAX_NOTIFICATION_BYTES, queue=_QUEUE)
def graph_lifecycle(call: Call[Any]) -> Answer:
    """Lifecycle notifications: the same way."""
    return _take_in(call)


@blueprint.function_name("work_notifications")
@blueprint.queue_trigger(arg_name="message", queue_name=_QUEUE, connection=STORAGE)
def work_notifications(message: func.QueueMessage) -> None:
    """Verify, decrypt, read and fold what a message carries."""
    connector().inbox.work(message.get_body().decode(errors="replace"))


@blueprint.function_name("park_notifications")
@blueprint.queue_trigger(arg_name="message", queue_name=f"{_QUEUE}-poison", connection=STORAGE)
def park_notifications(message: func.QueueMessage) -> None:
    """What failed at every try is tried once more from here, and else parked."""
    connector().parking.take(message.get_body().decode(errors="replace"), message.dequeue_count or 1)


@blueprint.function_name("bring_back_parked")
@blueprint.timer_trigger(arg_name="timer", schedule="50 */5 * * * *", run_on_startup=False)
def bring_back_parked(timer: func.TimerRequest) -> None:
    """Every five minutes: put parked notifications that are due back on the queue."""
    done("bring_back_parked", timer, connector().parking.bring_back())


@blueprint.function_name("bring_back_given_up")
@blueprint.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=False)
def bring_back_given_up(timer: func.TimerRequest) -> None:
    """There to be started by hand (once a year it starts itself): try what was given up once more."""
    done("bring_back_given_up", timer, connector().parking.bring_back_given_up())


def _take_in(call: Call[Any]) -> Answer:
    """Handshake (echo as plain text within 10 seconds), or a batch for the queue.

    Graph, "Change notifications through webhooks".
    """
    tokens = call.query.get("validationToken", ())
    if tokens:
        if len(tokens) > 1 or len(tokens[0]) > _MAX_VALIDATION_TOKEN:
            raise ConnectorError("body_invalid", detail="validationToken")
        return Plain(tokens[0].encode(errors="replace"))
    try:
        body = from_json(call.body_bytes, allow_inf_nan=False)
    except ValueError:
        raise ConnectorError("body_not_json") from None
    if not isinstance(body, dict):
        raise ConnectorError("body_invalid", detail="object expected")
    taken = call.connector.take_in(body)
    log(Event.NOTIFICATIONS_ACCEPTED, count=taken.items, correlation=call.correlation)
    return Queued(taken.message, taken.keep)
