"""The connector itself behind the local host, with some of its storage away or some of its workers asleep."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from sandbox.dev.settings import read_values
from shared.identifiers import ConnectionKey, Geography, TenantKey, VisitKey, new_connection_id
from shared.keys import LocalKeys
from shared.microsoft.door import client_state
from shared.sealing import Sealer
from shared.wiring import Connector
from tests.support.connections import TENANT
from tests.support.processes import REPOSITORY, free_port, python_stand_in
from tests.support.tokens import settings

SAMPLE = REPOSITORY / "local.settings.sample.json"
WORKERS = frozenset({"work_notifications", "deliver_writebacks", "park_notifications", "park_writebacks"})


@dataclass
class App:
    """The connector behind the host, its workers asleep, and what lies in its storage."""

    http: httpx.Client
    storage: str
    keys: Path
    output: Sequence[str]

    @property
    def sealer(self) -> Sealer:
        """The data key's."""
        return Sealer(LocalKeys(self.keys).data_key)

    def post(self, door: str, *sizes: int) -> httpx.Response:
        """A request of Graph's with encrypted contents of these sizes."""
        return self.http.post(f"/api/graph/{door}", json={"value": [self.item(size) for size in sizes]})

    def item(self, size: int) -> dict[str, Any]:
        """One notification of a visit that is nowhere."""
        key = self.visit()
        state = client_state(self.sealer, key)
        return {
            "clientState": state,
            "tenantId": key.connection.tenant.tenant,
            "encryptedContent": {"data": "x" * size},
        }

    def visit(self) -> VisitKey:
        """The key of a visit that is nowhere."""
        tenant = TenantKey(Geography.EMEA, TENANT.tenant)
        return VisitKey(ConnectionKey(tenant, new_connection_id(tenant.tenant)), "a" * 32)

    def waiting(self, name: str) -> int:
        """How many messages are on a queue, those that are worked on included."""
        with QueueClient.from_connection_string(self.storage, name) as queue:
            return queue.get_queue_properties().approximate_message_count or 0

    def queued(self, name: str = "notifications") -> list[str]:
        """What is on the queue, which is then empty."""
        with QueueClient.from_connection_string(self.storage, name) as queue:
            try:
                found = list(queue.receive_messages())
            except ResourceNotFoundError:
                return []
            for one in found:
                queue.delete_message(one)
        return [base64.b64decode(one.content).decode() for one in found]

    def send(self, queue: str, message: str) -> None:
        """Put a message on a queue as the host does."""
        with QueueClient.from_connection_string(
            self.storage, queue, message_encode_policy=TextBase64EncodePolicy()
        ) as client:
            client.send_message(message)

    @property
    def parts(self) -> Connector:
        """The connector's parts, in this process, on the same keys and with all of its storage."""
        return Connector(settings(storage_connection=self.storage, local_key_directory=self.keys))

    def blobs(self, container: str = "notifications") -> list[str]:
        """The names of what is in a container."""
        with ContainerClient.from_connection_string(self.storage, container) as client:
            return list(client.list_blob_names()) if client.exists() else []


def without(storage: str, *services: str) -> str:
    """A connection string that leads nowhere for these services."""
    parts = [part for part in storage.split(";") if part and not part.startswith(services)]
    nowhere = [f"{service}Endpoint=http://127.0.0.1:{free_port()}/devstoreaccount1" for service in services]
    return ";".join([*parts, *nowhere])


@contextmanager
def served(storage: str, folder: Path, visible: str, *awake: str) -> Iterator[App]:
    """The connector with that storage; `visible` is what tests look into. Of its workers only these are awake."""
    switched_off = {f"AzureWebJobs.{name}.Disabled": "1" for name in WORKERS.difference(awake)}
    environment: Mapping[str, str] = {
        **read_values(SAMPLE),
        **switched_off,
        "STORAGE_CONNECTION": storage,
        "AzureWebJobsStorage": storage,
        "LOCAL_KEY_DIRECTORY": str(folder),
    }
    arguments = ["--port", str(free_port()), "--settings", str(SAMPLE), "--no-timers"]
    process = python_stand_in("sandbox.host", *arguments, environment=environment, seconds=50)
    with process, httpx.Client(base_url=process.url, timeout=30) as client:
        yield App(client, visible, folder, process.output)
