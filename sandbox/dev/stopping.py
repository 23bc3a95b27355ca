"""Turns Ctrl-C, SIGTERM, a closed terminal or a gone parent into one question asked at safe points: stop?"""

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Protocol

_STEP = 0.05


class Victim(Protocol):
    """Something that can be ended at once."""

    def kill(self) -> None:
        """End it now."""


class StopRequestedError(Exception):
    """Raised at a safe point after somebody asked for the end."""


class Stop:
    """One per run of dev.py. Signal handlers only set a plain attribute: no lock can be held twice."""

    def __init__(self) -> None:
        self.signal = 0
        self.parent_gone = False
        self.victims: list[Victim] = []

    @property
    def requested(self) -> bool:
        """Whether somebody asked for the end."""
        return bool(self.signal) or self.parent_gone

    def install(self) -> None:
        """Catch what ends a process on this system."""
        # Started by nohup, the closed terminal is meant to be survived.
        if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._handle)
        if sys.platform == "win32":
            signal.signal(signal.SIGBREAK, self._handle)
        signal.signal(signal.SIGINT, self._handle)
        signal.signal(signal.SIGTERM, self._handle)

    def watch_parent(self) -> None:
        """End when stdin does, as every part of the sandbox does with --exit-with-parent."""

        def wait_for_end() -> None:
            while sys.stdin.buffer.read(4096):
                pass
            self.parent_gone = True

        threading.Thread(target=wait_for_end, name="parent", daemon=True).start()

    def check(self) -> None:
        """A safe point."""
        if self.requested:
            raise StopRequestedError

    def sleep(self, seconds: float) -> None:
        """Wait, but not past a request to stop."""
        end = time.monotonic() + seconds
        self.check()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(_STEP, left))
            self.check()

    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended."""
        return 128 + self.signal if self.signal else 0

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.signal:
            # The second Ctrl-C: no patience left. os._exit because nothing below may hold it up.
            for victim in list(self.victims):
                victim.kill()
            os._exit(128 + number)
        self.signal = self.signal or number
