"""What dev.py says to the person who runs it, and which lines of a log deserve their attention."""

import contextlib
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_IMPORTANT = re.compile(r"\b(CRITICAL|ERROR|FATAL|WARNING)\b|^[\w.]*(Error|Exception)\b|^\s*(error|warning):")
# Node's and oidc-provider's wishes for a newer Node: nothing that a person here could act upon.
_NOISE = re.compile(r"ExperimentalWarning|DeprecationWarning|Use `node --trace-|Unsupported runtime")
_WIDEST = 240
_OFTEN_ENOUGH = 3


def say(text: str = "") -> None:
    """Print; a terminal that has gone away is no reason to stop stopping."""
    with contextlib.suppress(OSError):
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        sys.stdout.flush()


def is_important(line: str) -> bool:
    """Tell whether a line of a part's log belongs on the screen too."""
    return bool(_IMPORTANT.search(line)) and not _NOISE.search(line)


class Notices:
    """Shows what is important, but the same thing only a few times: a part that retries would flood the screen."""

    def __init__(self) -> None:
        self._shown: Counter[str] = Counter()

    def show(self, name: str, line: str) -> None:
        """Print a line of a part's log, unless the like of it has been printed often enough."""
        kind = f"{name} {re.sub(r'[0-9a-f-]*[0-9][0-9a-f-]*', '#', line)}"
        self._shown[kind] += 1
        if self._shown[kind] <= _OFTEN_ENOUGH:
            say(f"[{name}] {shortened(line)}")
        if self._shown[kind] == _OFTEN_ENOUGH:
            say(f"[{name}] (more of this kind is only written to the log)")


def shortened(line: str) -> str:
    """Cut a line that would flood the screen; the log keeps all of it."""
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"


def table(rows: Sequence[tuple[str, str]], indent: str = "  ") -> str:
    """Two aligned columns."""
    width = max((len(left) for left, _ in rows), default=0)
    return "\n".join(f"{indent}{left.ljust(width)}  {right}" for left, right in rows)


def last_lines(log: Path, count: int) -> list[str]:
    """The end of a log file, or nothing if there is none."""
    try:
        return log.read_text("utf-8", "replace").splitlines()[-count:]
    except OSError:
        return []


def show_end(log: Path, count: int = 20) -> None:
    """Print the end of a log, set apart from our own words."""
    for line in last_lines(log, count):
        say(f"    | {shortened(line)}")
    say(f"    (all of it: {log})")
