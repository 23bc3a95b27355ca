"""Starts a stand-in as a process, waits for its ready line, and stops it by closing its standard input."""

from __future__ import annotations

import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

REPOSITORY = Path(__file__).resolve().parents[2]
SANDBOX = REPOSITORY / "sandbox"

_READY = re.compile(r"^\w+ ready at (http://\S+)$")


def free_port() -> int:
    """A TCP port that is free on both loopback addresses right now."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        try:
            with socket.socket(socket.AF_INET6) as other:
                other.bind(("::1", port))
        except OSError as error:
            if isinstance(error, PermissionError) or not socket.has_ipv6 or error.errno in _NO_IPV6:
                return port
            continue
        return port
    raise RuntimeError("no port is free on both loopback addresses")


# EADDRNOTAVAIL and EAFNOSUPPORT, of Linux, macOS and Windows: a machine without IPv6 loopback.
_NO_IPV6 = {99, 97, 49, 47, 10049, 10047}


class Process:
    """A running stand-in: `url` is what it said it is ready at, `output` every line that it has written."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path = REPOSITORY,
        environment: Mapping[str, str] | None = None,
        seconds: float = 30,
    ) -> None:
        """Starts `command` (`environment` on top of ours) and returns once its ready line is there."""
        self.output: list[str] = []
        self._ready: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [*command],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        if self._process.stdout is None or self._process.stderr is None:
            raise RuntimeError("the process has no output to read")
        streams = (self._process.stdout, self._process.stderr)
        self._readers = [threading.Thread(target=self._read, args=(one,), daemon=True) for one in streams]
        for reader in self._readers:
            reader.start()
        self.url = self._wait(command, seconds)

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.output.append(line.rstrip("\n"))
            if found := _READY.match(line.strip()):
                self._ready.put(found.group(1))
        self._ready.put(None)

    def _wait(self, command: Sequence[str], seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                url = self._ready.get(timeout=min(left, 0.2))
            except queue.Empty:
                continue
            if url is not None:
                return url
            if self._process.poll() is not None:
                break
        self.stop()
        written = "\n".join(self.output)
        raise RuntimeError(f"{' '.join(command)} was not ready within {seconds} s; it wrote:\n{written}")

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Closes its standard input, which ends it; kills it if that takes more than five seconds."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(timeout=2)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return self._process.returncode

    def __enter__(self) -> Self:
        """The process itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it."""
        self.stop()


def node_stand_in(
    name: str, *, environment: Mapping[str, str], port: int | None = None, seconds: float = 30
) -> Process:
    """Starts `sandbox/<name>/main.ts` (hospital, microsoft) on a free port, or on the one given."""
    command = ["node", "--import", "tsx", f"{name}/main.ts"]
    arguments = ["--port", str(port or free_port()), "--exit-with-parent"]
    return Process([*command, *arguments], cwd=SANDBOX, environment=environment, seconds=seconds)


def python_stand_in(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None, seconds: float = 30
) -> Process:
    """Starts `python -m <module>` (the local functions host) from the repository's root."""
    command = [sys.executable, "-m", module, *arguments, "--exit-with-parent"]
    return Process(command, environment=environment, seconds=seconds)
