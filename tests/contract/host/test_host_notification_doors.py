"""Graph's doors of the real app behind the local host: 202 only once it is on the queue, and 5xx only if it is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.identifiers import Geography
from shared.microsoft.door import Batch, InBlob, unpacked
from tests.conftest import running_azurite
from tests.contract.host.connector import App, served, without

DOORS = ("notifications", "lifecycle")


@pytest.fixture(scope="module")
def azurite() -> Iterator[str]:
    """One of this module's own: it looks at all that lies in queue and blobs."""
    with running_azurite() as connection_string:
        yield connection_string


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
    parts = app.parts
    batch = parts.batches.open(message)
    assert batch is not None
    assert [len(one.encrypted["data"]) for one in batch.items] == list(sizes)
    parts.batches.forget(batch)
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
