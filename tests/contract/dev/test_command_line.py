"""What dev.py answers to a wrong or impossible request, in a process of its own."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.dev.ports import Ports, free_ports

ROOT = Path(__file__).resolve().parents[3]


def dev(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(ROOT / "dev.py"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | (env or {}),
    )


def test_a_port_in_use_is_named_with_its_holder_and_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        free = free_ports(5)
        names = ("functions", "microsoft", "blob", "queue", "table")
        others = [word for name, port in zip(names, free, strict=True) for word in (f"--port-{name}", str(port))]
        answer = dev("up", "--port-hospital", str(taken), *others)
    assert answer.returncode == 1
    assert f"Port {taken} (hospital) is in use" in answer.stdout
    assert "use another port: --port-hospital " in answer.stdout
    if sys.platform == "linux":
        assert f"process {os.getpid()} " in answer.stdout
    assert "Traceback" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("command", ["up", "demo", "test"])
def test_a_python_that_is_none_is_refused(command: str) -> None:
    names = tuple(Ports().named())
    numbers = [str(port) for port in free_ports(len(names))]
    ports = [word for pair in zip(names, numbers, strict=True) for word in (f"--port-{pair[0]}", pair[1])]
    answer = dev(command, "--python", "no-such-python", *([] if command == "test" else ports))
    assert answer.returncode == 1
    assert "no-such-python" in answer.stdout
    assert "Traceback" not in answer.stdout + answer.stderr


def test_without_node_it_says_where_to_get_it(tmp_path: Path) -> None:
    answer = dev("demo", env={"PATH": str(tmp_path)})
    assert answer.returncode == 1
    assert "Node.js 20 or later is needed" in answer.stdout


@pytest.mark.parametrize("words", [(), ("fly",), ("up", "--only", "hospital"), ("up", "--", "-k", "x")])
def test_a_wrong_request_is_explained(words: tuple[str, ...]) -> None:
    answer = dev(*words)
    assert answer.returncode == 2
    assert "usage: dev.py" in answer.stderr


def test_help_names_the_three_commands() -> None:
    answer = dev("--help")
    assert answer.returncode == 0
    for command in ("up", "demo", "test"):
        assert f"\n    {command} " in answer.stdout
