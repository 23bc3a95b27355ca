"""Work that is timed inside a process of its own: one line asks for a case and a count, one line answers.

Two such processes on one core, asked in turn, are measured side by side: whatever else the machine does
strikes both.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.bench.setting import PEERS, ROOT, Setting, pinned, server_core


class Timed:
    """A process that times what it is asked for."""

    def __init__(self, command: Sequence[str], **env: str) -> None:
        self._process = subprocess.Popen(
            pinned(command, server_core()),
            cwd=ROOT,
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def microseconds(self, case: str, count: int) -> float:
        """How long one of `count` repetitions took."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write(f"{case} {count}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args!r} ended by itself at '{case}'")
        return float(answer)

    def __enter__(self) -> Self:
        """The process, ready or about to be."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It ends when its input does."""
        with self._process:
            if self._process.stdin is not None:
                self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()


def ours() -> Timed:
    """The connector's own code."""
    return Timed([sys.executable, "-m", "tests.bench.inside"])


def webhooks(setting: Setting, size: int) -> Timed:
    """The npm package that checks webhooks, with a body of so many bytes."""
    return Timed([setting.node, str(PEERS / "webhooks.mjs")], BODY_BYTES=str(size))


def in_turn(cases: Sequence[tuple[Timed, str, int]], runs: int) -> list[list[float]]:
    """The microseconds of every case, run by run; each case has warmed up before."""
    for process, case, count in cases:
        process.microseconds(case, count)
    found: list[list[float]] = [[] for _ in cases]
    for _ in range(runs):
        for place, (process, case, count) in enumerate(cases):
            found[place].append(process.microseconds(case, count))
    return found
