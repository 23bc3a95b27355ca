"""Where the bench runs: its tools, its cores, its folder, and how long it may take."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Setting:
    """What every section is given."""

    quick: bool
    folder: Path
    node: str
    peer_python: str

    @property
    def runs(self) -> int:
        """How often each figure is taken."""
        return 3 if self.quick else 5

    def choose(self, whole: int, quick: int) -> int:
        """A count or a number of seconds: the whole one, or that of a quick run."""
        return quick if self.quick else whole


def cores() -> list[int]:
    """The cores that the bench may use; the bench itself keeps to the load's."""
    if given := os.environ.get("BENCH_CORES"):
        return [int(core) for core in given.split(",")]
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(os.cpu_count() or 1))


def server_core() -> int:
    """Where what is measured runs."""
    return cores()[0]


def load_core() -> int:
    """Where the load and everything around runs: another core if there is one."""
    return cores()[-1]


def pinned(command: Sequence[str], core: int) -> list[str]:
    """The command, held to one core where the system can do that."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(core), *command] if taskset else list(command)


def machine(setting: Setting) -> dict[str, str]:
    """The machine's shape, for whoever reads the figures."""
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout.split(" [")[0]
    return {
        "processor": f"{_processor()}, {len(cores())} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "Node": _output(setting.node, "--version").lstrip("v"),
        "load": wrk.strip(),
        "cores": _core_note(),
    }


def resident(pid: int) -> float:
    """The memory of a process that is really in use, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def _core_note() -> str:
    if not shutil.which("taskset") or server_core() == load_core():
        return "server and load share cores"
    return "server on one core, load on another (taskset)"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("model name")]
    return names[0] if names else platform.machine()


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
