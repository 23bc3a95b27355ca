"""The connector's own Microsoft modules against the pretend Microsoft, as a process on a free port."""

from collections.abc import Iterator

import pytest

from shared.keys import LocalKeys
from tests.contract.graph.parts import Parts
from tests.support.connector import TinyConnector
from tests.support.processes import Process, node_stand_in


@pytest.fixture(scope="session")
def connector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyConnector]:
    """The connector's notification doors."""
    tiny = TinyConnector(LocalKeys(tmp_path_factory.mktemp("keys")))
    yield tiny
    tiny.close()


@pytest.fixture(scope="session")
def microsoft_process(connector: TinyConnector) -> Iterator[Process]:
    """The pretend Microsoft, started once."""
    with node_stand_in("microsoft", environment={"CONNECTOR_URL": connector.url, "MICROSOFT_URL": ""}) as process:
        yield process


@pytest.fixture(scope="session")
def shared_parts(connector: TinyConnector, microsoft_process: Process) -> Iterator[Parts]:
    """The parts whose making costs more than a test."""
    parts = Parts(connector, microsoft_process.url)
    yield parts
    parts.close()


@pytest.fixture
def microsoft(shared_parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Fresh parts of ours; Microsoft at its start; a managed identity as App Service has it."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{shared_parts.url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
    shared_parts.start()
    return shared_parts
