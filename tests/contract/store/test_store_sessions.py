"""Storage clients keep a connection for each worker, so that none is opened anew while all are busy."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from shared.settings import Settings
from shared.store.blobs import container_client, make_container
from shared.store.queues import NOTIFICATIONS, make_queues, queue_client
from shared.store.tables import VISITS, make_tables, table_service
from tests.support.tokens import settings

_WORKERS = 48
"""As many as both queues hand out at once (host.json)."""


def tables(storage: Settings) -> tuple[Any, Any]:
    """The client, and one short request."""
    client = table_service(storage, None)
    make_tables(client)
    table = client.get_table_client(VISITS)
    return client, lambda: list(table.query_entities("PartitionKey eq 'nobody'"))


def queues(storage: Settings) -> tuple[Any, Any]:
    """The client, and one short request."""
    make_queues(storage)
    client = queue_client(storage, NOTIFICATIONS, None)
    return client, client.get_queue_properties


def blobs(storage: Settings) -> tuple[Any, Any]:
    """The client, and one short request."""
    client = container_client(storage, "sessions", None)
    make_container(client)
    return client, client.get_container_properties


@pytest.mark.parametrize("kind", [tables, queues, blobs])
def test_no_connection_is_thrown_away_while_all_workers_ask(
    kind: Any, azurite: str, caplog: pytest.LogCaptureFixture
) -> None:
    client, ask = kind(settings(storage_connection=azurite))
    together = Barrier(_WORKERS)

    def work(_: int) -> None:
        together.wait(30)
        ask()

    with client, ThreadPoolExecutor(_WORKERS) as pool:
        for _ in range(3):
            list(pool.map(work, range(_WORKERS)))
    assert [one.getMessage() for one in caplog.records if "pool is full" in one.getMessage()] == []
