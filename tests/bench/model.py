"""What the bench says: rows with a target and a verdict, and the sections that make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from tests.bench.setting import Setting

NO_TARGET = "no target"


@dataclass(frozen=True)
class Row:
    """One figure of several runs, as the table shows it. `ok` is None where nothing was promised."""

    what: str
    unit: str
    runs: tuple[float, ...]
    target: str = NO_TARGET
    ok: bool | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return median(self.runs)

    @property
    def measured(self) -> str:
        """The median with its unit, and the spread where there was more than one run."""
        spread = f" ({_short(min(self.runs))} to {_short(max(self.runs))})" if len(set(self.runs)) > 1 else ""
        return f"{_short(self.median)} {self.unit}{spread}".strip()

    @property
    def verdict(self) -> str:
        """What became of the target."""
        return {True: "ok", False: "missed", None: ""}[self.ok]


def at_most(what: str, unit: str, runs: tuple[float, ...], most: float, note: str = "") -> Row:
    """A figure whose median may be that high."""
    return Row(what, unit, runs, f"at most {_short(most)} {unit}".strip(), median(runs) <= most, note)


def at_least(what: str, unit: str, runs: tuple[float, ...], least: float, note: str = "") -> Row:
    """A figure whose median must be that high."""
    return Row(what, unit, runs, f"at least {_short(least)} {unit}".strip(), median(runs) >= least, note)


@dataclass(frozen=True)
class Section:
    """One subject: its name on the command line, its title, how it was measured, and the measuring."""

    name: str
    title: str
    how: str
    measure: Callable[[Setting], Iterator[Row]]


def ratios(ours: list[float], theirs: list[float]) -> tuple[float, ...]:
    """What each run of ours is to the run of theirs that was made right beside it."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))


def _short(value: float) -> str:
    if value == int(value) and abs(value) < 1_000_000:
        return f"{int(value):,}"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4
    return f"{value:,.{digits}f}"
