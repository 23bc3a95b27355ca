"""One process started by dev.py: own group, output in a log file, its end tied to that of dev.py."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sandbox.dev.stopping import Stop

_GUARD = Path(__file__).with_name("guard.py")
_GRACE = 3.0


class Child:
    """Started with its stdin held open by us: when we die, however that happens, the child reads its end."""

    def __init__(self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.command = list(command)
        self.cwd = cwd
        self.env = dict(env)
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: BinaryIO | None = None
        self._rest = b""
        self._stop: Stop | None = None

    @property
    def pid(self) -> int:
        """Process id, once started."""
        return self._process.pid if self._process else 0

    def start(self, stop: Stop) -> None:
        """Start it. Output goes straight to the file, so that the log is whole even if we are killed."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self._stop = stop
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                **own_group(),
            )
        stop.victims.append(self)
        self._reader = self.log.open("rb")

    def new_lines(self) -> list[str]:
        """Lines written since the last call; half a line is kept back while more may follow."""
        if self._reader is None:
            return []
        over = self.ended() is not None
        self._rest += self._reader.read()
        *lines, self._rest = self._rest.split(b"\n")
        if over and self._rest:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace").rstrip("\r") for line in lines]

    def ended(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll() if self._process else None

    def close_stdin(self) -> None:
        """Ask it to end."""
        if self._process and self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def terminate(self) -> None:
        """Ask again, with a signal where there are signals."""
        if self._process and self.ended() is None:
            if sys.platform == "win32":
                self.kill()
            else:
                _signal_group(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and whatever it started, at once. Harmless when nothing is left."""
        if self._process is None:
            return
        if sys.platform != "win32":
            _signal_group(self._process.pid, signal.SIGKILL)
        elif self.ended() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(self._process.pid)], capture_output=True, check=False)

    def forget(self) -> None:
        """Close what we hold of an ended child."""
        if self._reader:
            self._reader.close()
            self._reader = None
        if self._stop and self in self._stop.victims:
            self._stop.victims.remove(self)


def own_group() -> dict[str, Any]:
    """Popen arguments that keep Ctrl-C and a closed terminal from reaching the child before us."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def stop_all(children: Sequence[Child], grace: float = _GRACE) -> None:
    """End them all: first their stdin, then a signal, then by force; and the rest of their groups."""
    children = [child for child in children if child.pid]
    for step, patience in ((Child.close_stdin, grace), (Child.terminate, 1.0), (Child.kill, 1.0)):
        if all(child.ended() is not None for child in children):
            break
        for child in children:
            step(child)
        _wait(children, patience)
    for child in children:
        child.close_stdin()
        child.kill()
        child.forget()


def run_tool(
    name: str,
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    stop: Stop,
    echo: Callable[[str], None] = lambda _: None,
) -> int:
    """Run a tool that knows nothing of --exit-with-parent (pip, npm, pytest) to its end; its exit code."""
    guarded = [sys.executable, str(_GUARD), *command]
    child = Child(name, guarded, cwd=cwd, env=env, log=log)
    stop.check()
    child.start(stop)
    try:
        while (code := child.ended()) is None:
            stop.sleep(0.05)
            _pass_on(child, echo)
        _pass_on(child, echo)
    finally:
        stop_all([child])
    return code


def _pass_on(child: Child, echo: Callable[[str], None]) -> None:
    for line in child.new_lines():
        echo(line)


def _wait(children: Sequence[Child], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(child.ended() is None for child in children):
        time.sleep(0.02)


def _signal_group(group: int, number: int) -> None:
    # A group of ended processes is "not found" on Linux and "not permitted" on macOS.
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
