"""Asked to stop: seen at the next safe point."""

import signal
import threading
import time

import pytest

from sandbox.dev.stopping import Stop, StopRequestedError


def test_a_wait_ends_when_asked() -> None:
    stop = Stop()

    def ask() -> None:
        stop.parent_gone = True

    threading.Timer(0.1, ask).start()
    began = time.monotonic()
    with pytest.raises(StopRequestedError):
        stop.sleep(30)
    assert time.monotonic() - began < 5


def test_a_wait_ends_by_itself() -> None:
    began = time.monotonic()
    Stop().sleep(0.1)
    assert time.monotonic() - began >= 0.1


def test_the_exit_code_tells_the_signal() -> None:
    stop = Stop()
    assert stop.exit_code() == 0
    stop.signal = signal.SIGTERM
    assert stop.requested
    assert stop.exit_code() == 143
