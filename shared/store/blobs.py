"""Blobs: what is too large for a queue message, and what could not be worked through. Sealed like a message.

`azure.storage.blob` is imported when first used, so that an ordinary notification never pays for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shared.settings import Settings
from shared.store.sessions import session
from shared.store.wrapped_key import KEYS

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient

LARGE_NOTIFICATIONS = "notifications"
PARKED_NOTIFICATIONS = "parked"
CONTAINERS = (LARGE_NOTIFICATIONS, PARKED_NOTIFICATIONS, KEYS)


@dataclass(frozen=True)
class Listed:
    """A blob as a listing shows it; `facts` are what was written beside its text."""

    name: str
    written: datetime
    facts: Mapping[str, str] = field(default_factory=dict)


class Blobs:
    """Texts under names, in one container. Every method raises AzureError if storage does not answer."""

    def __init__(self, client: "ContainerClient") -> None:
        self._client = client

    def write(self, name: str, text: str, facts: Mapping[str, str] | None = None) -> None:
        """Keep the text, in place of any that has this name. Facts are plain ASCII, and nothing secret."""
        self._client.upload_blob(name, text.encode(), overwrite=True, metadata=dict(facts or {}))

    def note(self, name: str, facts: Mapping[str, str]) -> None:
        """Put these facts in place of those beside a text; a blob that is gone stays so."""
        try:
            self._client.get_blob_client(name).set_blob_metadata(dict(facts))
        except ResourceNotFoundError:
            return

    def read(self, name: str) -> str | None:
        """The text, or None if there is none."""
        try:
            return self._client.download_blob(name).readall().decode()
        except ResourceNotFoundError:
            return None

    def delete(self, name: str) -> None:
        """Delete it; one that is gone is fine."""
        try:
            self._client.delete_blob(name)
        except ResourceNotFoundError:
            return

    def all(self, *, hurried: bool = False) -> Iterator[Listed]:
        """Every blob of the container, page after page; hurried, with one short try for each page."""
        options: Any = {"retry_total": 0, "connection_timeout": 1, "read_timeout": 2} if hurried else {}
        for one in self._client.list_blobs(include=["metadata"], **options):
            yield Listed(one.name, one.last_modified, dict(one.metadata or {}))


def container_client(settings: Settings, name: str, credential: "TokenCredential | None") -> "ContainerClient":
    """A client of one container. Gives up soon, as Graph waits behind the first of its users."""
    from azure.storage.blob import ContainerClient, ExponentialRetry  # noqa: PLC0415 - see the module's first lines

    retry = ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=1)
    if settings.storage_connection:
        return ContainerClient.from_connection_string(
            settings.storage_connection,
            name,
            retry_policy=retry,
            connection_timeout=2,
            read_timeout=5,
            session=session(),
        )
    return ContainerClient(
        settings.storage_endpoint("blob"),
        name,
        credential=credential,
        retry_policy=retry,
        connection_timeout=2,
        read_timeout=5,
        session=session(),
    )


def make_container(client: "ContainerClient") -> None:
    """Create the container if it is missing. In Azure the template makes it; this is for local work."""
    try:
        client.create_container()
    except ResourceExistsError:
        return
