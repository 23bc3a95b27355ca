"""A running host for each backend that this Python has, with the app that uses everything."""

import importlib.util
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from azure.storage.queue import QueueClient

from tests.support.processes import Process, free_port, python_stand_in

T = TypeVar("T")
HERE = Path(__file__).parent
HOST_JSON = {
    "version": "2.0",
    "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.0.0, 5.0.0)"},
    "extensions": {
        "queues": {
            "batchSize": 4,
            "newBatchThreshold": 2,
            "maxDequeueCount": 2,
            "maxPollingInterval": "00:00:00.200",
            "visibilityTimeout": "00:00:01",
        }
    },
}


@dataclass
class Served:
    """A host that runs, with the means to look at what it did."""

    backend: str
    process: Process
    http: httpx.Client
    log_file: Path
    storage: str
    work_queue: str

    def seen(self, function: str) -> list[dict[str, Any]]:
        """What the app noted of one function's calls."""
        noted: list[dict[str, Any]] = self.http.get(f"/api/seen/{function}").json()
        return noted

    def queue(self, name: str) -> QueueClient:
        """A queue as the tests see it: without any encoding."""
        return QueueClient.from_connection_string(self.storage, name)

    def wrote(self, text: str) -> bool:
        """Whether the host writes this, now or soon: its output takes a moment to arrive."""
        return wait_for(lambda: text in self.output)

    @property
    def output(self) -> str:
        """All that the host wrote so far."""
        return "\n".join(self.process.output)


def write_app(folder: Path, source: str | Path, host_json: dict[str, Any] | None = None) -> Path:
    """Make a folder into a function app."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "function_app.py"
    if isinstance(source, Path):
        shutil.copy(source, script)
    else:
        script.write_text(source, encoding="utf-8")
    (folder / "host.json").write_text(json.dumps(host_json or HOST_JSON), encoding="utf-8")
    return folder


def wait_for(look: Callable[[], T], seconds: float = 25) -> T:
    """Look until there is something to see."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def has_runtime() -> bool:
    """Whether Microsoft's worker library is installed, which needs Python 3.13."""
    return importlib.util.find_spec("azure_functions_runtime") is not None


@pytest.fixture(scope="session", params=["sdk", "runtime"])
def served(request: pytest.FixtureRequest, azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One host per backend for all tests of it; each has queues of its own."""
    backend: str = request.param
    if backend == "runtime" and not has_runtime():
        pytest.skip("azure-functions-runtime needs Python 3.13 or later")
    folder = write_app(tmp_path_factory.mktemp(backend) / "app", HERE / "everything_app.py")
    settings = {
        "IsEncrypted": False,
        "Values": {
            "STORAGE": azurite,
            "WORK_QUEUE": f"work-{backend}",
            "PYTHON_THREADPOOL_THREAD_COUNT": "4",
        },
        "Host": {"CORS": "https://portal.example", "CORSCredentials": True},
    }
    (folder / "local.settings.json").write_text(json.dumps(settings), encoding="utf-8")
    log_file = folder / "host.log"
    arguments = ["--port", str(free_port()), "--backend", backend, "--app-root", str(folder)]
    process = python_stand_in("sandbox.host", *arguments, "--log-file", str(log_file))
    with process, httpx.Client(base_url=process.url, timeout=10) as client:
        yield Served(backend, process, client, log_file, azurite, f"work-{backend}")
