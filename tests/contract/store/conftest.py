"""Tables of an Azurite of this run's own, and a data key."""

from collections.abc import Iterator

import pytest
from azure.data.tables import TableServiceClient

from shared.sealing import Sealer
from shared.store.tables import make_tables


@pytest.fixture(scope="session")
def tables(azurite: str) -> Iterator[TableServiceClient]:
    """All tables, empty at first; tests keep apart by tenants and connections of their own."""
    with TableServiceClient.from_connection_string(azurite) as service:
        make_tables(service)
        yield service


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    """A data key."""
    return Sealer(b"a data key of exactly 32 bytes..")
