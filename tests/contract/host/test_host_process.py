"""The host as a process: what it refuses to start with, and how it ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.host.adapters import choose
from sandbox.host.app import Host
from sandbox.host.model import HostError
from sandbox.host.settings import LocalSettings, read_host_json
from tests.contract.host.conftest import HOST_JSON, wait_for, write_app
from tests.support.machine import slower
from tests.support.processes import REPOSITORY, free_port, python_stand_in

IMPORTS = "import os, time, asyncio\nimport azure.functions as func\napp = func.FunctionApp()\n"
GOOD = IMPORTS + "@app.route(route='a')\ndef a(req: func.HttpRequest) -> str:\n    return os.environ.get('A', '')\n"
SLOW = (
    IMPORTS
    + "@app.route(route='slow')\ndef slow(req: func.HttpRequest) -> str:\n"
    + "    print('at it', flush=True)\n    time.sleep(float(req.params['seconds']))\n    return 'whole'\n"
    + "@app.timer_trigger(arg_name='timer', schedule='0 0 0 1 1 *', run_on_startup=True)\n"
    + "async def start(timer: func.TimerRequest) -> None:\n"
    + "    print('begun', flush=True)\n    await asyncio.sleep(1)\n    print('ended', flush=True)\n"
)
QUEUE = (
    IMPORTS
    + "@app.queue_trigger(arg_name='m', queue_name='%Q%', connection='STORAGE')\n"
    + "def work(m: func.QueueMessage) -> None:\n    pass\n"
)


def run(folder: Path, *arguments: str, port: int | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox.host", "--port", str(port or free_port()), "--app-root", str(folder)]
    environment = {name: value for name, value in os.environ.items() if name not in {"STORAGE", "Q"}}
    return subprocess.run(
        [*command, *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize(
    ("source", "host_json", "environ", "complaint"),
    [
        (IMPORTS, {}, {}, "No functions found"),
        ("import azure.functions\n", {}, {}, "no FunctionApp"),
        (IMPORTS + "other = func.FunctionApp()\n", {}, {}, "2 FunctionApps"),
        ("import module_that_is_not_there\n", {}, {}, "module_that_is_not_there"),
        (GOOD.replace("(req:", "(request:"), {}, {}, r"\['request'\], its bindings are \['req'\]"),
        (GOOD + GOOD.removeprefix(IMPORTS), {}, {}, "unique"),
        (GOOD.replace("route='a'", "route='{a'"), {}, {}, "brace"),
        (GOOD.replace("'a'", "'admin/x'"), {"extensions": {"http": {"routePrefix": ""}}}, {}, "reserved"),
        (QUEUE, {}, {"STORAGE": "UseDevelopmentStorage=true"}, "'Q'"),
        (QUEUE, {}, {"Q": "q"}, "'STORAGE' is not set"),
        (QUEUE, {"extensionBundle": None}, {"Q": "q", "STORAGE": "AccountName=a"}, "extensionBundle"),
        (SLOW.replace("0 0 0 1 1 *", "often"), {}, {}, "six fields"),
    ],
)
def test_what_cannot_be_indexed(
    tmp_path: Path, source: str, host_json: dict[str, Any], environ: dict[str, str], complaint: str
) -> None:
    changed = {name: value for name, value in {**HOST_JSON, **host_json}.items() if value is not None}
    write_app(tmp_path, source, changed)
    host = Host(choose("sdk"), read_host_json(tmp_path), LocalSettings(), environ)
    with pytest.raises(HostError, match=complaint):
        asyncio.run(host.load(tmp_path))


@pytest.mark.parametrize(
    ("source", "settings", "complaint"),
    [
        (IMPORTS, None, "No functions found"),
        ("import module_that_is_not_there\n", None, "module_that_is_not_there"),
        (GOOD, "{", "not valid JSON"),
    ],
)
def test_what_it_refuses(tmp_path: Path, source: str, settings: str | None, complaint: str) -> None:
    write_app(tmp_path, source)
    if settings is not None:
        (tmp_path / "local.settings.json").write_text(settings, encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 2, done.stderr
    assert "The functions cannot start." in done.stderr
    assert complaint in done.stderr
    assert "ready at" not in done.stdout


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    write_app(tmp_path, GOOD)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run(tmp_path, port=port)
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
    assert "--port" in done.stderr


def test_no_app_there(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 2
    assert "There is no function_app.py" in done.stderr


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="from Python 3.13 on the worker library is there")
def test_the_runtime_backend_says_what_it_needs(tmp_path: Path) -> None:
    write_app(tmp_path, GOOD)
    done = run(tmp_path, "--backend", "runtime")
    assert done.returncode == 2
    assert "Python 3.13 or later, or use --backend sdk" in done.stderr


def test_settings_reach_the_app_but_the_environment_wins(tmp_path: Path) -> None:
    source = GOOD.replace("os.environ.get('A', '')", "os.environ['A'] + ', ' + os.environ['B']")
    write_app(tmp_path / "app", source)
    settings = tmp_path / "other.json"
    settings.write_text('{"Values": {"A": "from the file", "B": "from the file"}}', encoding="utf-8")
    arguments = ["--port", str(free_port()), "--settings", str(settings), "--app-root", str(tmp_path / "app")]
    with python_stand_in("sandbox.host", *arguments, environment={"B": "from outside"}) as host:
        assert httpx.get(f"{host.url}/api/a").text == "from the file, from outside"


def test_the_end_of_standard_input_ends_it(tmp_path: Path) -> None:
    write_app(tmp_path, GOOD)
    host = python_stand_in("sandbox.host", "--port", str(free_port()), "--app-root", str(tmp_path))
    begun = time.monotonic()
    assert host.stop() == 0
    assert time.monotonic() - begun < 2 * slower()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
def test_what_runs_may_finish(tmp_path: Path) -> None:
    write_app(tmp_path, SLOW)
    arguments = ["--port", str(free_port()), "--app-root", str(tmp_path)]
    with python_stand_in("sandbox.host", *arguments) as host:
        wait_for(lambda: "begun" in host.output)
        os.kill(host.pid, signal.SIGTERM)
        wait_for(lambda: not host.running)
        assert host.stop() == 0
        assert "ended" in host.output
        assert any("start (timer)" in line and line.endswith("succeeded") for line in host.output)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to another process")
def test_what_does_not_end_is_left_within_three_seconds(tmp_path: Path) -> None:
    write_app(tmp_path, SLOW)
    with python_stand_in("sandbox.host", "--port", str(free_port()), "--app-root", str(tmp_path)) as host:
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"{host.url}/api/slow?seconds=60", timeout=0.3)
        wait_for(lambda: "at it" in host.output)
        begun = time.monotonic()
        os.kill(host.pid, signal.SIGINT)
        wait_for(lambda: not host.running)
        assert time.monotonic() - begun < 3 * slower()
        assert host.stop() == 0
        assert any("1 invocations unfinished" in line for line in host.output)


def test_without_timers(tmp_path: Path) -> None:
    write_app(tmp_path, SLOW)
    arguments = ["--port", str(free_port()), "--app-root", str(tmp_path), "--no-timers"]
    with python_stand_in("sandbox.host", *arguments) as host:
        time.sleep(0.3)
        assert "begun" not in host.output
        assert httpx.post(f"{host.url}/admin/functions/start").status_code == 202
        wait_for(lambda: "begun" in host.output)
