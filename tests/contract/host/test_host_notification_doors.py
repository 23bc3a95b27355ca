"""Graph's doors of the real app behind the local host: 202 only once it is on the queue, and 5xx only if it is not."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from sandbox.dev.settings import read_values
from shared.identifiers import ConnectionKey, Geography, TenantKey, VisitKey, new_connection_id
from shared.keys import LocalKeys
from shared.microsoft.door import Batch, InBlob, client_state, unpacked
from shared.sealing import Sealer
from shared.wiring import Connector
from tests.support.connections import TENANT
from tests.support.processes import REPOSITORY, free_port, python_stand_in
from tests.support.tokens import settings

SAMPLE = REPOSITORY / "local.settings.sample.json"
ASLEEP = ("work_notifications", "deliver_writebacks", "park_notifications", "park_writebacks")
DOORS = ("notifications", "lifecycle")


@dataclass
class App:
    """The connector behind the host, its workers asleep, and what lies in its storage."""

    http: httpx.Client
    storage: str
    keys: Path

    @property
    def sealer(self) -> Sealer:
        """The data key's."""
        return Sealer(LocalKeys(self.keys).data_key)

    def post(self, door: str, *sizes: int) -> httpx.Response:
        """A request of Graph's with encrypted contents of these sizes."""
        return self.http.post(f"/api/graph/{door}", json={"value": [self._item(size) for size in sizes]})

    def _item(self, size: int) -> dict[str, Any]:
        tenant = TenantKey(Geography.EMEA, TENANT.tenant)
        key = VisitKey(ConnectionKey(tenant, new_connection_id(tenant.tenant)), "a" * 32)
        state = client_state(self.sealer, key)
        return {"clientState": state, "tenantId": tenant.tenant, "encryptedContent": {"data": "x" * size}}

    def queued(self) -> list[str]:
        """What is on the queue, which is then empty."""
        with QueueClient.from_connection_string(self.storage, "notifications") as queue:
            try:
                found = [base64.b64decode(one.content).decode() for one in queue.receive_messages()]
                queue.clear_messages()
            except ResourceNotFoundError:
                return []
        return found

    def blobs(self) -> list[str]:
        """The names of large batches."""
        with ContainerClient.from_connection_string(self.storage, "notifications") as container:
            return list(container.list_blob_names()) if container.exists() else []


def without(storage: str, *services: str) -> str:
    """A connection string that leads nowhere for these services."""
    parts = [part for part in storage.split(";") if part and not part.startswith(services)]
    nowhere = [f"{service}Endpoint=http://127.0.0.1:{free_port()}/devstoreaccount1" for service in services]
    return ";".join([*parts, *nowhere])


@contextmanager
def served(storage: str, folder: Path, visible: str) -> Iterator[App]:
    switched_off = {f"AzureWebJobs.{name}.Disabled": "1" for name in ASLEEP}
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
        yield App(client, visible, folder)


@pytest.fixture(scope="module")
def app(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Everything answers."""
    with served(azurite, tmp_path_factory.mktemp("keys"), azurite) as one:
        yield one


@pytest.mark.parametrize("door", DOORS)
def test_what_is_taken_is_one_message_on_the_queue(app: App, door: str) -> None:
    answer = app.post(door, 100, 200)
    assert (answer.status_code, answer.content) == (202, b"")
    (message,) = app.queued()
    batch = unpacked(app.sealer, Geography.EMEA, message)
    assert isinstance(batch, Batch)
    assert [len(one.encrypted["data"]) for one in batch.items] == [100, 200]
    assert app.blobs() == []


@pytest.mark.parametrize("sizes", [(900_000,), (20_000, 20_000, 20_000)])
def test_a_large_request_is_one_message_that_points_to_a_blob_which_the_worker_finds(
    app: App, sizes: tuple[int, ...]
) -> None:
    assert app.post("notifications", *sizes).status_code == 202
    (message,) = app.queued()
    pointer = unpacked(app.sealer, Geography.EMEA, message)
    assert isinstance(pointer, InBlob)
    assert app.blobs() == [pointer.name]
    parts = Connector(settings(storage_connection=app.storage, local_key_directory=app.keys))
    batch = parts.batches.open(message)
    assert batch is not None
    assert [len(one.encrypted["data"]) for one in batch.items] == list(sizes)
    parts.batches.forget(message)
    assert app.blobs() == []


def test_what_is_not_graphs_is_refused_and_never_a_5xx(app: App) -> None:
    for content in (b"", b"{", b"[]", b'{"value":[]}', b'{"value":[{}]}', b"x" * 1_100_000):
        for door in DOORS:
            assert 400 <= app.http.post(f"/api/graph/{door}", content=content).status_code < 500
    assert app.queued() == []


def test_a_queue_that_is_away_makes_graph_send_again(azurite: str, tmp_path: Path) -> None:
    with served(without(azurite, "Queue"), tmp_path, azurite) as app:
        for door in DOORS:
            assert app.post(door, 100).status_code == 500
        handshake = app.http.post("/api/graph/notifications", params={"validationToken": "opaque"})
        assert (handshake.status_code, handshake.text) == (200, "opaque")


def test_blobs_that_are_away_make_graph_send_again_only_what_needs_one(azurite: str, tmp_path: Path) -> None:
    with served(without(azurite, "Blob"), tmp_path, azurite) as app:
        refused = app.post("notifications", 100_000)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert app.queued() == []
        assert app.post("notifications", 100).status_code == 202
        assert len(app.queued()) == 1
