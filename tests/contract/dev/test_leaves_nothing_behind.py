"""However dev.py ends, what it started ends within three seconds. With small stand-ins for the parts."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.machine import slower

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 3.0 * slower()
# Ends when its stdin does, as every part does.
OBEDIENT = """
    import os, sys
    open(sys.argv[1], "w").write(str(os.getpid()))
    print("stand-in ready at", sys.argv[1], flush=True)
    sys.stdin.buffer.read()
"""
# A tool knows nothing of all this, has a child of its own, and does not care for Ctrl-C.
TOOL = """
    import os, signal, subprocess, sys, time
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open(sys.argv[1] + ".part", "w").write(f"{os.getpid()} {grandchild.pid}")
    os.rename(sys.argv[1] + ".part", sys.argv[1])
    time.sleep(60)
"""
# Listens neither to the end of stdin nor to a polite signal.
DEAF = """
    import os, signal, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(sys.argv[1], "w").write(str(os.getpid()))
    print("stand-in ready at", sys.argv[1], flush=True)
    time.sleep(60)
"""
SUPERVISOR = """
    import os, sys, threading
    from pathlib import Path
    from sandbox.dev.child import Child, run_tool
    from sandbox.dev.parts import Part
    from sandbox.dev.stopping import Stop, StopRequestedError
    from sandbox.dev.supervisor import PartEndedError, Supervisor

    folder, root = Path(sys.argv[1]), Path(sys.argv[2])
    stop = Stop()
    stop.install()
    if "--exit-with-parent" in sys.argv:
        stop.watch_parent()
    def command(name):
        script = folder / (name.partition("-")[0] + ".py")
        return [sys.executable, str(script), str(folder / (name + ".pid"))]
    def part(text):
        name, _, after = text.partition(":")
        log = folder / (name + ".log")
        return Part(Child(name, command(name), cwd=root, env=os.environ, log=log), "ready at", after=after)
    try:
        if "tool" in sys.argv:
            run_tool("tool", command("tool"), cwd=root, env=os.environ, log=folder / "tool.log", stop=stop)
        with Supervisor([part(name) for name in sys.argv[3].split(",")], stop) as supervisor:
            supervisor.start()
            supervisor.wait_until_ready(lambda: [], 20)
            (folder / "all-ready").touch()
            supervisor.stay()
    except StopRequestedError:
        sys.exit(stop.exit_code())
    except PartEndedError:
        sys.exit(1)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


class Run:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        for name, text in {"obedient": OBEDIENT, "tool": TOOL, "deaf": DEAF, "supervisor": SUPERVISOR}.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        self.process = subprocess.Popen(
            [sys.executable, str(folder / "supervisor.py"), str(folder), str(ROOT), *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        until(lambda: (self.folder / "all-ready").exists() or self.process.poll() is not None, 20)
        assert self.process.poll() is None, self.process.communicate()[0]

    def pids(self) -> list[int]:
        return [int(word) for file in self.folder.glob("*.pid") for word in file.read_text().split()]

    def end(self) -> None:
        for pid in [self.process.pid, *self.pids()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate()


def until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def alive(pid: int) -> bool:
    """An ended process that nobody has collected yet counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self/stat").exists()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(*arguments: str) -> Run:
        runs.append(Run(tmp_path, *arguments))
        return runs[-1]

    yield start
    for one in runs:
        one.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_after_a_signal(run: Callable[..., Run], number: signal.Signals) -> None:
    started = run("obedient-1,obedient-2,obedient-3")
    started.wait_ready()
    pids = started.pids()
    assert len(pids) == 3
    assert all(alive(pid) for pid in pids)
    started.process.send_signal(number)
    assert until(lambda: not any(alive(pid) for pid in pids), SECONDS)
    expected = -number if number == signal.SIGKILL else 128 + number
    assert started.process.wait(SECONDS) == expected


def test_nothing_is_left_after_the_terminal_has_gone(run: Callable[..., Run]) -> None:
    started = run("obedient-1,obedient-2", "--exit-with-parent")
    started.wait_ready()
    pids = started.pids()
    assert started.process.stdin is not None
    assert started.process.stdout is not None
    started.process.stdin.close()
    started.process.stdout.close()
    assert until(lambda: not any(alive(pid) for pid in pids), SECONDS)
    assert started.process.wait(SECONDS) == 0
    started.process.stdin = started.process.stdout = None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_tool_and_no_grandchild_is_left(run: Callable[..., Run], number: signal.Signals) -> None:
    started = run("obedient-1", "tool")
    assert until(lambda: len(started.pids()) == 2, 20)
    pids = started.pids()
    started.process.send_signal(number)
    assert until(lambda: not any(alive(pid) for pid in pids), SECONDS)


def test_a_part_that_does_not_listen_is_ended_by_force(run: Callable[..., Run]) -> None:
    started = run("deaf-1,obedient-1")
    started.wait_ready()
    pids = started.pids()
    started.process.send_signal(signal.SIGINT)
    assert until(lambda: not any(alive(pid) for pid in pids), SECONDS + 3)
    assert started.process.wait(SECONDS) == 130


def test_a_second_ctrl_c_ends_at_once(run: Callable[..., Run]) -> None:
    started = run("deaf-1,obedient-1")
    started.wait_ready()
    pids = started.pids()
    started.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert started.process.poll() is None
    started.process.send_signal(signal.SIGINT)
    assert until(lambda: not any(alive(pid) for pid in pids), SECONDS / 3)
    assert started.process.wait(SECONDS / 3) == 130


def test_when_one_part_ends_it_is_named_and_all_end(run: Callable[..., Run]) -> None:
    started = run("obedient-1,obedient-2")
    started.wait_ready()
    first = int((started.folder / "obedient-1.pid").read_text())
    os.kill(first, signal.SIGKILL)
    printed, _ = started.process.communicate(timeout=10)
    assert started.process.returncode == 1
    assert "obedient-1 has ended by itself (exit code -9)" in printed
    assert "| stand-in ready at" in printed
    assert not any(alive(pid) for pid in started.pids())


def test_what_a_part_writes_is_in_its_log(run: Callable[..., Run]) -> None:
    started = run("obedient-1")
    started.wait_ready()
    log = (started.folder / "obedient-1.log").read_text()
    assert log == f"stand-in ready at {started.folder / 'obedient-1.pid'}\n"
    started.process.send_signal(signal.SIGTERM)
    assert started.process.wait(SECONDS) == 143


def test_a_part_waits_for_the_one_it_needs(run: Callable[..., Run]) -> None:
    started = run("obedient-2:obedient-1,obedient-1")
    started.wait_ready()
    first, second = ((started.folder / f"obedient-{number}.pid").stat().st_mtime_ns for number in (1, 2))
    assert first < second
    assert len(started.pids()) == 2


def test_a_part_that_was_never_started_holds_nothing_up(run: Callable[..., Run]) -> None:
    started = run("obedient-1:nobody,obedient-2")
    assert until(lambda: len(started.pids()) == 1, 20)
    began = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    assert started.process.wait(SECONDS) == 143
    assert time.monotonic() - began < SECONDS
