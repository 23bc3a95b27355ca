"""Ports: free or not, who has them, and what a person is told."""

import os
import socket
import sys
from collections.abc import Iterator

import pytest

from sandbox.dev import ports
from sandbox.dev.ports import PortProblemError, Ports


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")])  # noqa: S104
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    family, host = request.param
    port = ports.free_ports(1)[0]
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        try:
            listener.bind((host, port))
        except OSError:
            pytest.skip(f"this machine has no {host}")
        listener.listen()
        yield port


def test_a_taken_port_is_named_with_what_to_do(taken: int) -> None:
    assert not ports.is_free(taken)
    with pytest.raises(PortProblemError) as problem:
        ports.require_free({"hospital": taken})
    text = str(problem.value)
    assert f"Port {taken} (hospital) is in use" in text
    assert "--port-hospital " in text
    suggested = int(text.rpartition(" ")[2])
    assert ports.is_free(suggested)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_holder_is_named(taken: int) -> None:
    holder = ports.owner(taken)
    assert holder is not None
    assert holder.startswith(f"process {os.getpid()} (")


def test_a_closed_port_is_free_again_and_has_no_holder() -> None:
    port = ports.free_ports(1)[0]
    with socket.create_server(("127.0.0.1", port)) as listener:
        # A connection that was served leaves the port in TIME_WAIT: no reason to refuse it.
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = listener.accept()
        served.close()
        client.close()
    assert ports.is_free(port)
    assert ports.owner(port) is None
    assert not ports.answers(port)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(PortProblemError) as problem:
        ports.require_free({"functions": 70000, "blob": -1, "queue": -1})
    text = str(problem.value)
    assert "Port 70000 (functions) is not between 1 and 65535." in text
    assert "Port -1 is given to more than one part." in text


def test_free_ports_differ() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    ports.require_free({f"part{number}": port for number, port in enumerate(found[:3])})


def test_the_functions_alone_need_no_stand_ins() -> None:
    assert set(Ports().chosen(only_functions=True)) == {"functions", "blob", "queue", "table"}
    assert Ports().chosen(only_functions=False) == {
        "functions": 7071,
        "hospital": 7081,
        "microsoft": 7082,
        "blob": 10000,
        "queue": 10001,
        "table": 10002,
        "portal": 7070,
    }
