"""What a container of blobs must do: the same for the fake of the unit tests and for storage."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import AzureError

from shared.store.blobs import CONTAINERS, Blobs, container_client, make_container
from tests.support.blobs import FakeBlobs
from tests.support.machine import slower
from tests.support.processes import free_port
from tests.support.tokens import settings

LARGE = "ü" * 1_000_000


@pytest.fixture(params=["fake", *CONTAINERS])
def blobs(request: pytest.FixtureRequest) -> Iterator[Blobs]:
    """Either kind; what the storage holds from other tests does not matter."""
    if request.param == "fake":
        yield FakeBlobs()
        return
    azurite: str = request.getfixturevalue("azurite")
    with container_client(settings(storage_connection=azurite), request.param, None) as client:
        make_container(client)
        make_container(client)
        found = Blobs(client)
        yield found
        for one in found.all():
            found.delete(one.name)


def test_a_text_is_kept_until_it_is_deleted(blobs: Blobs) -> None:
    assert blobs.read("one") is None
    blobs.write("one", LARGE)
    assert blobs.read("one") == LARGE
    blobs.write("one", "another")
    assert blobs.read("one") == "another"
    blobs.delete("one")
    blobs.delete("one")
    assert blobs.read("one") is None


def test_a_listing_shows_when_and_what_was_noted(blobs: Blobs) -> None:
    blobs.write("first", "x", {"reason": "busy", "tries": "0"})
    blobs.write("second", "x")
    blobs.note("first", {"reason": "busy", "given_up": "2026-03-02T09:00:00+00:00"})
    blobs.note("nobody", {"reason": "x"})
    found = {one.name: one for one in blobs.all()}
    assert found["first"].facts == {"reason": "busy", "given_up": "2026-03-02T09:00:00+00:00"}
    assert found["second"].facts == {}
    assert "nobody" not in found
    assert all(abs(datetime.now(UTC) - one.written) < timedelta(minutes=1) for one in found.values())
    assert blobs.read("first") == "x"


def test_a_storage_that_is_away_is_told_soon() -> None:
    away = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:{free_port()}/a"
    with container_client(settings(storage_connection=away), "notifications", None) as client:
        began = time.monotonic()
        with pytest.raises(AzureError):
            Blobs(client).write("one", "x")
    assert time.monotonic() - began < 6 * slower()
