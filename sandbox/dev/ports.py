"""The ports of the sandbox: their defaults, whether they are free, and who holds one that is not."""

import contextlib
import csv
import errno
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_LISTENING = "0A"


@dataclass(frozen=True)
class Ports:
    """Where each part listens."""

    functions: int = 7071
    hospital: int = 7081
    microsoft: int = 7082
    portal: int = 7070
    blob: int = 10000
    queue: int = 10001
    table: int = 10002

    def named(self) -> dict[str, int]:
        """Port by part."""
        return asdict(self)

    def chosen(self, only_functions: bool) -> dict[str, int]:  # noqa: FBT001
        """The ports that are going to be opened."""
        left_out = {"hospital", "microsoft", "portal"} if only_functions else set()
        return {name: port for name, port in self.named().items() if name not in left_out}


class PortProblemError(Exception):
    """One or more ports cannot be used; the message says which and what to do."""


def require_free(ports: dict[str, int]) -> None:
    """Complain about every port that cannot be opened, at once."""
    problems = [f"Port {port} is given to more than one part." for port in _doubled(ports)]
    for name, port in ports.items():
        if not 0 < port < 65536:  # noqa: PLR2004
            problems.append(f"Port {port} ({name}) is not between 1 and 65535.")
        elif not is_free(port):
            problems.append(in_use_message(name, port, owner(port), free_ports(1)[0]))
    if problems:
        raise PortProblemError("\n".join(problems))


def in_use_message(name: str, port: int, holder: str | None, instead: int) -> str:
    """Name the port, its holder if known, and the way out."""
    by = f" by {holder}" if holder else ""
    return f"Port {port} ({name}) is in use{by}. End that process, or use another port: --port-{name} {instead}"


def is_free(port: int) -> bool:
    """Neither loopback address is taken. A system without IPv6 has just the one."""
    return all(_can_bind(family, host, port) for family, host in _LOOPBACK) and not answers(port)


def answers(port: int) -> bool:
    """Whether something accepts connections there (a listener on all addresses may still allow binding)."""
    for family, host in _LOOPBACK:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.3)
            if probe.connect_ex((host, port)) == 0:
                return True
    return False


def free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until all are known, so that they differ."""
    with contextlib.ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if _can_bind(socket.AF_INET6, "::1", port):
                found.append(port)
        return found


def owner(port: int) -> str | None:
    """Who listens there, if that can be had cheaply: `process 4711 (node server.js)`."""
    try:
        if sys.platform == "win32":
            return _owner_by_netstat(port)
        if Path("/proc/net/tcp").exists():
            return _owner_by_proc(port)
        return _owner_by_lsof(port)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _doubled(ports: dict[str, int]) -> list[int]:
    return [port for port, times in Counter(ports.values()).items() if times > 1]


def _can_bind(family: int, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if sys.platform == "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                # Connections of a run that has just ended may linger; the servers use this option too.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as problem:
        return family == socket.AF_INET6 and problem.errno not in (errno.EADDRINUSE, errno.EACCES)
    return True


def _owner_by_proc(port: int) -> str | None:
    inodes = set()
    for listing in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in listing.read_text().splitlines()[1:] if listing.exists() else []:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds(process, inodes):
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            return _described(process.name, words)
    return None


def _holds(process: Path, inodes: set[str]) -> bool:
    with contextlib.suppress(OSError):
        for handle in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(handle) in inodes:  # noqa: PTH115 - the target is no path
                    return True
    return False


def _owner_by_lsof(port: int) -> str | None:
    if not shutil.which("lsof"):
        return None
    found = _output("lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc")
    fields = {line[:1]: line[1:] for line in found.splitlines()}
    return _described(fields["p"], fields.get("c", "")) if "p" in fields else None


def _owner_by_netstat(port: int) -> str | None:
    for line in _output("netstat", "-ano", "-p", "TCP").splitlines():
        fields = line.split()
        if len(fields) >= 5 and fields[1].endswith(f":{port}") and fields[2].endswith(":0"):  # noqa: PLR2004
            rows = csv.reader([_output("tasklist", "/FI", f"PID eq {fields[-1]}", "/FO", "CSV", "/NH")])
            return _described(fields[-1], next(rows, [""])[0])
    return None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout


def _described(process_id: str, words: str) -> str:
    words = words.strip()
    return f"process {process_id} ({words[:80]})" if words else f"process {process_id}"
