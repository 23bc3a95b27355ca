"""Times the connector's own code without any process around it; asked through stdin (`tests/bench/rounds.py`)."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.dev.settings import read_values
from tests.bench.setting import ROOT


def main() -> None:
    """Answer until the input ends."""
    with tempfile.TemporaryDirectory() as folder:
        settle(Path(folder))
        from tests.bench.inside.cases import all_cases  # noqa: PLC0415 - reads the settings that were just set

        cases = all_cases()
        for line in sys.stdin:
            name, count = line.split()
            sys.stdout.write(f"{_microseconds(cases[name], int(count))}\n")
            sys.stdout.flush()


def settle(folder: Path) -> None:
    """Settings and logging as in the host: every line is made, and what becomes of it is not ours."""
    os.environ.update(read_values(ROOT / "local.settings.sample.json"))
    os.environ["LOCAL_KEY_DIRECTORY"] = str(folder)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(logging.NullHandler())


def _microseconds(work: Callable[[], object], count: int) -> float:
    """Processor time, so that whatever else runs on this core does not count."""
    began = time.thread_time()
    for _ in range(count):
        work()
    return (time.thread_time() - began) / count * 1e6


if __name__ == "__main__":
    main()
