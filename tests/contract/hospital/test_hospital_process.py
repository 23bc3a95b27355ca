"""How the hospital starts and ends: quickly, and never as an orphan."""

from __future__ import annotations

import time

import pytest

from tests.support.processes import SANDBOX, Process, free_port, node_stand_in


def test_it_is_ready_soon_and_ends_with_its_parent() -> None:
    began = time.monotonic()
    process = node_stand_in("hospital", environment={})
    took = time.monotonic() - began
    assert process.running
    assert process.stop() == 0
    assert not process.running
    assert took < 3


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
