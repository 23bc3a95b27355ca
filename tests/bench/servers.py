"""The servers of a section, each a process on the server's core, and Azurite on the load's."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.dev.settings import read_values
from sandbox.host.settings import EMULATOR_ACCOUNT, EMULATOR_KEY
from tests.bench.setting import PEERS, ROOT, Setting, load_core, pinned, server_core
from tests.support.processes import Process, free_port

SAMPLE = ROOT / "local.settings.sample.json"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")
_SERVICES = 3
_PATIENCE = 60.0


def values(folder: Path, **more: str) -> dict[str, str]:
    """The sample's settings with keys in a folder of the bench's own, and others on top."""
    return {**read_values(SAMPLE), "LOCAL_KEY_DIRECTORY": str(folder / "keys"), **more}


@contextlib.contextmanager
def functions(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Process]:
    """The connector in the local host; timers rest."""
    words = [sys.executable, "-m", "sandbox.host", "--port", str(free_port()), "--settings", str(SAMPLE)]
    words += ["--no-timers", "--exit-with-parent", *arguments]
    with _process(words, {**values(folder), **(env or {})}) as one:
        yield one


@contextlib.contextmanager
def empty_functions() -> Iterator[Process]:
    """The local host with a function that does nothing."""
    words = [sys.executable, "-m", "sandbox.host", "--port", str(free_port()), "--exit-with-parent"]
    with _process([*words, "--app-root", str(ROOT / "tests/bench/empty")], {"PYTHONPATH": str(ROOT)}) as one:
        yield one


@contextlib.contextmanager
def node(setting: Setting, script: str, core: int | None = None, **env: str) -> Iterator[Process]:
    """A server written for Node among the peers; it says `… ready at URL`."""
    words = [setting.node, str(PEERS / script), str(free_port())]
    with _process(words, env, server_core() if core is None else core) as one:
        yield one


@contextlib.contextmanager
def _process(words: list[str], env: Mapping[str, str], core: int | None = None) -> Iterator[Process]:
    command = pinned(words, server_core() if core is None else core)
    with Process(command, environment=env, seconds=_PATIENCE) as one:
        yield one


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
        yield ";".join([account, *(f"{name}Endpoint={url}/{EMULATOR_ACCOUNT}" for name, url in found.items())])
