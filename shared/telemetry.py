"""What may be logged: events of one list, with fields of one list. Nothing else has a way into a log line."""

import json
import logging
import sys
from enum import StrEnum
from typing import TypedDict, Unpack

from pydantic_core import PydanticSerializationError, to_json

_log = logging.getLogger("connector")
_FILE = "telemetry.py"


class Event(StrEnum):
    """Everything that is worth a log line."""

    REQUEST_FAILED = "request_failed"
    REQUEST_REFUSED = "request_refused"
    CONNECTION_CHANGED = "connection_changed"
    WEBHOOK_KEY_READ = "webhook_key_read"
    LAUNCH_STARTED = "launch_started"
    LAUNCH_COMPLETED = "launch_completed"
    CLINICIAN_LINKED = "clinician_linked"
    MEETING_OPENED = "meeting_opened"
    SUBSCRIPTION_MADE = "subscription_made"
    SUBSCRIPTION_RENEWED = "subscription_renewed"
    SUBSCRIPTION_FAILED = "subscription_failed"
    NOTIFICATIONS_ACCEPTED = "notifications_accepted"
    NOTIFICATION_IGNORED = "notification_ignored"
    NOTIFICATION_RETRYING = "notification_retrying"
    NOTIFICATION_GIVEN_UP = "notification_given_up"
    EVENTS_FOLDED = "events_folded"
    WRITEBACK_DELIVERED = "writeback_delivered"
    WRITEBACK_RETRYING = "writeback_retrying"
    WRITEBACK_GIVEN_UP = "writeback_given_up"
    WRITEBACK_REPLAYED = "writeback_replayed"
    EHR_CIRCUIT_OPENED = "ehr_circuit_opened"
    EHR_CIRCUIT_CLOSED = "ehr_circuit_closed"
    QUEUE_MESSAGE_PARKED = "queue_message_parked"
    VISIT_RECONCILED = "visit_reconciled"
    REPORTS_REFUSED = "reports_refused"
    REPORTS_FAILED = "reports_failed"
    VISIT_SETTLED = "visit_settled"
    TENANT_EXPORTED = "tenant_exported"
    TENANT_LEAVES = "tenant_leaves"
    TENANT_LEFT = "tenant_left"
    UPKEEP_DONE = "upkeep_done"


class Fields(TypedDict, total=False):
    """The fields that a log line may carry. None of them can name a person or open a door."""

    correlation: str
    function: str
    code: str
    tenant: str
    connection: str
    visit: str
    participant: str
    role: str
    environment: str
    state: str
    reason: str
    count: int
    attempt: int
    status: int
    milliseconds: int
    seconds: int
    error_type: str


_FIELDS = Fields.__annotations__.keys()


def log(event: Event, *, level: int = logging.INFO, **fields: Unpack[Fields]) -> None:
    """Write one line: the event and its fields as JSON."""
    if not fields.keys() <= _FIELDS:
        raise ValueError(f"not allowed in a log line: {', '.join(sorted(fields.keys() - _FIELDS))}")
    if _log.isEnabledFor(level):
        # Without asking for the caller, as Logger.log would: it would always be this line.
        arguments = (event, _as_json(fields))
        _log.handle(_log.makeRecord(_log.name, level, _FILE, 0, "%s %s", arguments, None))


def _as_json(fields: Fields) -> str:
    """In ASCII alone, so that no value ends a line or turns it round."""
    try:
        return to_json(fields, ensure_ascii=True).decode()
    except PydanticSerializationError:
        # Half of a surrogate pair: no text to the quicker one, which has no word for it.
        return json.dumps(fields)


def lighten_records() -> None:
    """Log records do not say which thread, process and task they are from: no line of ours shows it.

    What is looked up for each of them otherwise takes as long as half of the rest (Python, "Logging HOWTO",
    Optimization).
    """
    logging.logThreads = False
    logging.logProcesses = False
    logging.logMultiprocessing = False
    if sys.version_info >= (3, 12):
        logging.logAsyncioTasks = False


def quieten_libraries() -> None:
    """Libraries that log URLs or headers at INFO are held to WARNING (httpx logs every URL it opens)."""
    for name in ("httpx", "httpcore", "azure", "msal", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
