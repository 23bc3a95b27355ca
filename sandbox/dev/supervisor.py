"""Starts the parts together, waits until all are ready, and stays with them until the end of one or all."""

import time
from collections.abc import Callable, Sequence
from typing import Self

from sandbox.dev.child import stop_all
from sandbox.dev.parts import Part
from sandbox.dev.screen import Notices, is_important, say, show_end
from sandbox.dev.stopping import Stop

_TICK = 0.1
_BETWEEN_QUESTIONS = 0.4


class PartEndedError(Exception):
    """A part ended by itself; which one, and its last lines, have been shown."""


class NotReadyError(Exception):
    """Not everything was ready in time; what is missing has been shown."""


class Supervisor:
    """Owns the parts from their start to their end."""

    def __init__(self, parts: Sequence[Part], stop: Stop) -> None:
        self.parts = list(parts)
        self._stop = stop
        self._notices = Notices()

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever happened, nothing stays behind."""
        stop_all([part.child for part in self.parts])

    def start(self) -> None:
        """Start all that need not wait for another."""
        ready = {part.child.name for part in self.parts if part.ready}
        for part in self.parts:
            if not part.child.pid and (not part.after or part.after in ready):
                self._stop.check()
                part.child.start(self._stop)

    def wait_until_ready(self, silent: Callable[[], Sequence[str]], seconds: float) -> None:
        """Until each has said so and everything answers."""
        end = time.monotonic() + seconds
        missing: Sequence[str] = [part.child.name for part in self.parts]
        while missing:
            if time.monotonic() > end:
                self._show_missing(missing)
                raise NotReadyError
            self._stop.sleep(_TICK)
            self.look()
            self.start()
            missing = [part.child.name for part in self.parts if not part.ready]
            if not missing and (missing := silent()):
                self._stop.sleep(_BETWEEN_QUESTIONS)

    def stay(self, until: Callable[[], bool] = lambda: False) -> None:
        """Until one ends, a stop is asked for, or the caller has what it wanted."""
        while not until():
            self._stop.sleep(_TICK)
            self.look()

    def look(self) -> None:
        """Read what they wrote; complain if one has ended."""
        for part in self.parts:
            for line in part.child.new_lines():
                part.see(line)
                if is_important(line):
                    self._notices.show(part.child.name, line)
        for part in self.parts:
            code = part.child.ended()
            if code is not None and not self._stop.requested:
                say(f"\n{part.child.name} has ended by itself (exit code {code}). Its last lines:")
                show_end(part.child.log)
                raise PartEndedError(part.child.name)

    def processes(self) -> dict[str, int]:
        """Process id by part."""
        return {part.child.name: part.child.pid for part in self.parts}

    def _show_missing(self, missing: Sequence[str]) -> None:
        say("\nNot ready in time: " + ", ".join(missing))
        for part in self.parts:
            if any(name.split()[0] == part.child.name for name in missing):
                say(f"The last lines of {part.child.name}:")
                show_end(part.child.log)
