"""A hospital as a process on a free port, with a small server of key sets in the connector's place."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.contract.hospital.client import Ehr, Keys
from tests.support.processes import Process, node_stand_in


class KeyServer:
    """Publishes the connector's key sets, counts who fetched them, and can misbehave."""

    def __init__(self) -> None:
        self.keys = {"test": Keys(), "production": Keys()}
        self.cache_control = "max-age=3600"
        self.status = 200
        self.seconds = 0.0
        self.fetches: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.fetches.append(self.path)
                time.sleep(outer.seconds)
                environment = self.path.removeprefix("/api/keys/").removesuffix("/jwks.json")
                keys = outer.keys.get(environment)
                body = b"no such key set" if keys is None else json.dumps(keys.public()).encode()
                self.send_response(404 if keys is None else outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Cache-Control", outer.cache_control)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests need no access log."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Ends the server."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="session")
def key_server() -> Iterator[KeyServer]:
    """The server of key sets."""
    server = KeyServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def hospital_process(key_server: KeyServer) -> Iterator[Process]:
    """The hospital, started once."""
    with node_stand_in("hospital", environment={"CONNECTOR_URL": key_server.url}) as process:
        yield process


@pytest.fixture
def hospital(hospital_process: Process, key_server: KeyServer) -> str:
    """The hospital's address, its state at the start."""
    key_server.status = 200
    key_server.seconds = 0.0
    key_server.cache_control = "max-age=3600"
    key_server.fetches.clear()
    httpx.post(f"{hospital_process.url}/control/reset").raise_for_status()
    return hospital_process.url


def _ehr(hospital: str, environment: str, key_server: KeyServer) -> Iterator[Ehr]:
    ehr = Ehr(hospital, environment, key_server.url, key_server.keys[environment])
    yield ehr
    ehr.http.close()


@pytest.fixture
def ehr(hospital: str, key_server: KeyServer) -> Iterator[Ehr]:
    """The test environment."""
    yield from _ehr(hospital, "test", key_server)


@pytest.fixture
def production(hospital: str, key_server: KeyServer) -> Iterator[Ehr]:
    """The production environment."""
    yield from _ehr(hospital, "production", key_server)
