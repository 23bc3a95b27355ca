"""The connector's own EHR modules against the pretend hospital, as a process on a free port."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.keys import LocalKeys
from tests.contract.ehr.parts import Clients, Parts
from tests.support.connector import TinyConnector
from tests.support.processes import Process, node_stand_in


@pytest.fixture(scope="session")
def connector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyConnector]:
    """The connector's key sets and its callback page."""
    tiny = TinyConnector(LocalKeys(tmp_path_factory.mktemp("keys")))
    yield tiny
    tiny.close()


@pytest.fixture(scope="session")
def hospital_process(connector: TinyConnector) -> Iterator[Process]:
    """The hospital, started once."""
    with node_stand_in("hospital", environment={"CONNECTOR_URL": connector.url}) as process:
        yield process


@pytest.fixture(scope="session")
def clients(hospital_process: Process) -> Iterator[Clients]:
    """HTTP clients, made once: each costs more than a test."""
    made = Clients(hospital_process.url)
    yield made
    made.close()


@pytest.fixture
def ehr(connector: TinyConnector, clients: Clients, tmp_path: Path) -> Parts:
    """Fresh parts of ours; the hospital at its start."""
    parts = Parts(connector, clients, tmp_path)
    parts.reset()
    return parts
