"""`dev.py mutate` after its set-up: mutates group by group, and says how many mutants the tests noticed."""

import argparse
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sandbox.dev.screen import say
from tests.mutation.groups import GROUPS, Group
from tests.mutation.run import Mutation, NotMeasuredError
from tests.mutation.score import TARGET, Score, markdown, scores, total, verdicts

_ROOT = Path(__file__).resolve().parents[2]
_OUTPUT = _ROOT / "test-output" / "mutation"
_DOCUMENT = _ROOT / "docs" / "reliability.md"


def main() -> int:
    """0 if every group reached the target."""
    chosen = _arguments()
    groups = [one for one in GROUPS if one.name in (chosen.groups or [one.name])]
    missed = []
    for group in groups:
        say(f"\n{group.title} ({group.name})")
        try:
            found = _measured(group)
        except NotMeasuredError as problem:
            say(str(problem))
            missed.append(group.name)
            continue
        table = markdown(group.title, found)
        say(table)
        if not total(found.values()).is_enough:
            missed.append(group.name)
        if chosen.write:
            _into_document(group, f"{_setting()}\n{table}")
    say(f"{len(groups) - len(missed)} of {len(groups)} groups reach {TARGET} %. Survivors, each as a diff: {_OUTPUT}")
    say(f"  missed: {', '.join(missed)}" if missed else "")
    return 1 if missed else 0


def _measured(group: Group) -> Mapping[str, Score]:
    mutation = Mutation(_ROOT, group, _OUTPUT / group.name)
    mutation.run()
    found = verdicts(mutation.results())
    survivors = [name for name, verdict in found.items() if verdict in ("survived", "no tests")]
    (_OUTPUT / f"{group.name}.diff").write_text("\n".join(map(mutation.shown, survivors)), "utf-8")
    return scores(found, group.files)


def _setting() -> str:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("mutmut", "pytest", "hypothesis"))
    cores = os.cpu_count()
    return f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {versions}, {cores} cores.\n"


def _into_document(group: Group, text: str) -> None:
    begin, end = f"<!-- mutation: {group.name} -->\n", "<!-- end -->"
    before, _, rest = _DOCUMENT.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    _DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def _group(name: str) -> str:
    names = [one.name for one in GROUPS]
    if name not in names:
        raise argparse.ArgumentTypeError(f"there is no group '{name}': {', '.join(names)}")
    return name


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python dev.py mutate --", description=__doc__)
    parser.add_argument("--write", action="store_true", help="take the tables over into docs/reliability.md")
    parser.add_argument("groups", nargs="*", metavar="GROUP", type=_group, help=", ".join(g.name for g in GROUPS))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
