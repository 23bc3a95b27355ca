"""The servers of a section, each a process on the server's core, and Azurite on the load's."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sandbox.dev.settings import read_values
from sandbox.host.settings import EMULATOR_ACCOUNT, EMULATOR_KEY
from tests.bench.setting import PEERS, ROOT, Setting, load_core, pinned, server_core
from tests.support.processes import free_port

SAMPLE = ROOT / "local.settings.sample.json"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")
_READY = re.compile(r"^\w+ ready at (http://\S+)$", re.MULTILINE)
_SERVICES = 3
_PATIENCE = 60.0


def values(folder: Path, **more: str) -> dict[str, str]:
    """The sample's settings with keys in a folder of the bench's own, and others on top."""
    return {**read_values(SAMPLE), "LOCAL_KEY_DIRECTORY": str(folder / "keys"), **more}


class Server:
    """A server that runs. It writes into a file, as nobody reads along: a reader would be part of what is measured."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str], core: int) -> None:
        """Starts it and returns once it says where it is ready."""
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            pinned(words, core),
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = self._ready()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def written(self) -> str:
        """All that it wrote."""
        return os.pread(self._log.fileno(), 10_000_000, 0).decode("utf-8", "replace")

    def stop(self) -> None:
        """It ends when its input does."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _ready(self) -> str:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if found := _READY.search(self.written()):
                return found[1]
            time.sleep(0.05)
        written = self.written()
        self.stop()
        raise RuntimeError(f"{self._process.args!r} was not ready:\n{written}")


@contextlib.contextmanager
def functions(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The connector in the local host; timers rest."""
    words = [sys.executable, "-m", "sandbox.host", "--port", str(free_port()), "--settings", str(SAMPLE)]
    words += ["--no-timers", "--exit-with-parent", *arguments]
    with _running(words, {**values(folder), **(env or {})}) as one:
        yield one


@contextlib.contextmanager
def empty_functions() -> Iterator[Server]:
    """The local host with a function that does nothing."""
    words = [sys.executable, "-m", "sandbox.host", "--port", str(free_port()), "--exit-with-parent"]
    with _running([*words, "--app-root", str(ROOT / "tests/bench/empty")], {"PYTHONPATH": str(ROOT)}) as one:
        yield one


@contextlib.contextmanager
def node(setting: Setting, script: str, core: int | None = None, **env: str) -> Iterator[Server]:
    """A server written for Node among the peers; it says `… ready at URL`."""
    words = [setting.node, str(PEERS / script), str(free_port())]
    with _running(words, env, server_core() if core is None else core) as one:
        yield one


@contextlib.contextmanager
def python_peer(setting: Setting, script: str) -> Iterator[Server]:
    """A server in the peers' own Python."""
    with _running([setting.peer_python, str(PEERS / script), str(free_port())], {}) as one:
        yield one


@contextlib.contextmanager
def _running(words: Sequence[str], env: Mapping[str, str], core: int | None = None) -> Iterator[Server]:
    one = Server(words, env, server_core() if core is None else core)
    try:
        yield one
    finally:
        one.stop()


@contextlib.contextmanager
def azurite(setting: Setting) -> Iterator[str]:
    """The connection string of an Azurite of the bench's own, empty, in memory."""
    ports = [part for service in ("blob", "queue", "table") for part in (f"--{service}Port", "0")]
    words = [setting.node, "azurite.mjs", *ports, "--inMemoryPersistence", "--silent", "--exit-with-parent"]
    process = subprocess.Popen(
        pinned(words, load_core()),
        cwd=ROOT / "sandbox",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        found: dict[str, str] = {}
        for line in process.stdout or ():
            if listening := _LISTENING.search(line):
                found[listening[1]] = listening[2]
            if len(found) == _SERVICES:
                break
        account = f"DefaultEndpointsProtocol=http;AccountName={EMULATOR_ACCOUNT};AccountKey={EMULATOR_KEY}"
        try:
            yield ";".join([account, *(f"{name}Endpoint={url}/{EMULATOR_ACCOUNT}" for name, url in found.items())])
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(10)
