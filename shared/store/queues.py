"""Queues: names, and sending with a delay, which an output binding cannot do."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shared.identifiers import Geography, visit_key
from shared.settings import Settings
from shared.store.sessions import session
from shared.visits.ports import Pointer

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.queue import QueueClient

NOTIFICATIONS = "notifications"
WRITEBACKS = "writebacks"
POISON = (f"{NOTIFICATIONS}-poison", f"{WRITEBACKS}-poison")
QUEUES = (NOTIFICATIONS, WRITEBACKS, *POISON)
_LONGEST_DELAY = timedelta(days=6)
_FOREVER = -1


class QueuePointers:
    """The real Pointers: the queue of writebacks."""

    def __init__(self, client: "QueueClient") -> None:
        self._client = client

    def send(self, pointer: Pointer, delay: timedelta) -> None:
        """Put the pointer on the queue; it becomes visible after the whole seconds of the delay."""
        self._client.send_message(pointer_to_text(pointer), visibility_timeout=_seconds(delay), time_to_live=_FOREVER)


class QueueTexts:
    """A queue of texts. They live for the seven days that those of an output binding do."""

    def __init__(self, client: "QueueClient") -> None:
        self._client = client

    def send(self, text: str, delay: timedelta) -> None:
        """Put the text on the queue; it becomes visible after the whole seconds of the delay."""
        self._client.send_message(text, visibility_timeout=_seconds(delay))


def _seconds(delay: timedelta) -> int:
    return int(min(delay, _LONGEST_DELAY).total_seconds())


def waiting(client: "QueueClient") -> int:
    """About how many messages are on a queue, in one hurried try; none if there is no such queue. Raises AzureError."""
    try:
        properties = client.get_queue_properties(retry_total=0, connection_timeout=1, read_timeout=2)
    except ResourceNotFoundError:
        return 0
    return properties.approximate_message_count or 0


def pointer_to_text(pointer: Pointer) -> str:
    """A pointer as a queue message."""
    return json.dumps(
        {"visit": pointer.visit.routing, "participant": pointer.participant, "baton": pointer.baton},
        sort_keys=True,
    )


def pointer_from_text(geography: Geography, text: str) -> Pointer | None:
    """The pointer in a queue message, or None if it is none."""
    try:
        raw = json.loads(text)
        key = visit_key(geography, str(raw["visit"]))
        pointer = Pointer(key, str(raw["participant"]), str(raw["baton"])) if key else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return pointer


def queue_client(settings: Settings, name: str, credential: "TokenCredential | None") -> "QueueClient":
    """A client of one queue. Messages are base64, as the Functions host reads them. Gives up soon."""
    from azure.storage.queue import ExponentialRetry, QueueClient, TextBase64EncodePolicy  # noqa: PLC0415

    retry = ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=2)
    encode = TextBase64EncodePolicy()
    if settings.storage_connection:
        return QueueClient.from_connection_string(
            settings.storage_connection, name, message_encode_policy=encode, retry_policy=retry, session=session()
        )
    return QueueClient(
        settings.storage_endpoint("queue"),
        name,
        credential=credential,
        message_encode_policy=encode,
        retry_policy=retry,
        session=session(),
    )


def make_queues(settings: Settings) -> None:
    """Create the queues that are missing. In Azure the template makes them; this is for local work."""
    for name in QUEUES:
        try:
            queue_client(settings, name, None).create_queue()
        except ResourceExistsError:
            continue
