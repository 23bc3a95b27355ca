"""From mutmut's verdicts to a table, on the screen and in docs/reliability.md."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TARGET = 85
"""Percent of a group's mutants that a test must notice."""
_CAUGHT = ("killed", "suspicious", "segfault")
_HEAD = (
    "| File | Mutants | Caught | Never ended | Survived | Reached by no test | Score |\n|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True)
class Score:
    """What became of the mutants of a file, or of several."""

    killed: int = 0
    timed_out: int = 0
    survived: int = 0
    untested: int = 0

    @property
    def mutants(self) -> int:
        """All of them."""
        return self.killed + self.timed_out + self.survived + self.untested

    @property
    def percent(self) -> float:
        """How many were noticed; nothing to notice is no success."""
        return 100 * (self.killed + self.timed_out) / self.mutants if self.mutants else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether the target is reached."""
        return self.percent >= TARGET

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.killed + other.killed,
            self.timed_out + other.timed_out,
            self.survived + other.survived,
            self.untested + other.untested,
        )


def verdicts(results: str) -> dict[str, str]:
    """Name of each mutant and what became of it, from the lines of `mutmut results --all true`."""
    split = (line.strip().rpartition(": ") for line in results.splitlines() if "__mutmut_" in line)
    return {name: verdict for name, _, verdict in split}


def scores(found: Mapping[str, str], files: Iterable[str]) -> dict[str, Score]:
    """The score of each file. A verdict that is not known here counts as a mutant that was not tested."""
    return {file: _score(verdict for name, verdict in found.items() if _file(name) == file) for file in files}


def _file(mutant: str) -> str:
    module, _, _ = mutant.partition(".x_") if ".x_" in mutant else mutant.partition(".xǁ")
    return module.replace(".", "/") + ".py"


def _score(of_file: Iterable[str]) -> Score:
    counts = Counter(of_file)
    killed = sum(counts[one] for one in _CAUGHT)
    timed_out, survived = counts["timeout"], counts["survived"]
    return Score(killed, timed_out, survived, counts.total() - killed - timed_out - survived)


def total(of_files: Iterable[Score]) -> Score:
    """Several files as one."""
    return sum(of_files, Score())


def markdown(title: str, files: Mapping[str, Score]) -> str:
    """A group's table: a line for each file, and one for all of them."""
    rows = [_row(f"`{file}`", score) for file, score in files.items()]
    return _HEAD + "".join([*rows, _row(f"**{title}**", total(files.values()))])


def _row(name: str, score: Score) -> str:
    counts = (score.mutants, score.killed, score.timed_out, score.survived, score.untested)
    return f"| {name} | {' | '.join(map(str, counts))} | {score.percent:.1f} % |\n"
