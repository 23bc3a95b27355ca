"""How the hospital starts and ends: quickly, and never as an orphan."""

from __future__ import annotations

import socket
import subprocess
import time

import httpx
import pytest

from tests.support.processes import SANDBOX, Process, free_port, node_stand_in

# Usually four times what it takes to start nothing at all.
TIMES_NOTHING = 10


def test_it_is_ready_soon_and_ends_with_its_parent() -> None:
    times: list[float] = []
    # Against a program that does nothing, and the best of three: what else the machine does is not what is measured.
    while len(times) < 3 and (not times or times[-1] >= TIMES_NOTHING):
        began = time.monotonic()
        subprocess.run(["node", "--import", "tsx", "--eval", "0"], cwd=SANDBOX, check=True)
        nothing = time.monotonic() - began
        process = node_stand_in("hospital", environment={})
        times.append((time.monotonic() - began - nothing) / nothing)
        assert process.running
        assert process.stop() == 0
        assert not process.running
    assert min(times) < TIMES_NOTHING


def test_localhost_is_both_addresses() -> None:
    with node_stand_in("hospital", environment={}) as process:
        assert httpx.get(process.url.replace("localhost", "127.0.0.1")).status_code == 200
        if socket.has_ipv6:
            assert httpx.get(process.url.replace("localhost", "[::1]")).status_code == 200


def test_a_port_in_use_is_named() -> None:
    with node_stand_in("hospital", environment={}) as first:
        port = first.url.rsplit(":", 1)[1]
        command = ["node", "--import", "tsx", "hospital/main.ts", "--port", port, "--exit-with-parent"]
        with pytest.raises(RuntimeError, match=f"port {port} is in use"):
            Process(command, cwd=SANDBOX)


def test_an_argument_that_does_not_exist_is_refused() -> None:
    command = ["node", "--import", "tsx", "hospital/main.ts", "--prot", str(free_port())]
    with pytest.raises(RuntimeError, match="prot"):
        Process(command, cwd=SANDBOX)
