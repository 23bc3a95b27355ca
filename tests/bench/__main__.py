"""`dev.py bench` after its set-up: measures section by section, and says how each figure stands to its target."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

from sandbox.dev.screen import say
from tests.bench import report
from tests.bench.cost.prices import assumptions
from tests.bench.model import Row, Section
from tests.bench.sections import ALL
from tests.bench.setting import ROOT, Setting, load_core, machine

_OUTPUT = ROOT / "test-output" / "bench"
_NAMES = tuple(one.name for one in ALL)
_DOCUMENT = ROOT / "docs" / "performance.md"


def main() -> int:
    """0 if every target was met."""
    chosen = _arguments()
    names = chosen.sections or _NAMES
    sections = [one for one in ALL if one.name in names]
    if platform.system() == "Linux":
        # The bench itself is part of the load.
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {load_core()})
        os.environ["BENCH_CORES"] = ",".join(map(str, sorted(everywhere)))
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        setting = Setting(chosen.quick, Path(folder), chosen.node, chosen.peer_python)
        return _measure(sections, setting, write_document=chosen.write)


def _measure(sections: list[Section], setting: Setting, *, write_document: bool) -> int:
    shape = machine(setting)
    found: dict[str, list[Row]] = {}
    for one in sections:
        began = time.monotonic()
        say(f"\n{one.title}")
        found[one.name] = []
        try:
            for row in one.measure(setting):
                found[one.name].append(row)
                say(report.line(row))
        except Exception as failed:  # noqa: BLE001 - the other sections can be measured all the same
            say(traceback.format_exc())
            found[one.name].append(Row("not measured", "", (0,), "to be measured", ok=False, note=str(failed)[:200]))
        say(f"  ({time.monotonic() - began:.0f} s)")
        report.write(_OUTPUT, shape, ALL, found)
    missed = [row for rows in found.values() for row in rows if row.ok is False]
    met = [row for rows in found.values() for row in rows if row.ok]
    say(f"\n{len(met)} targets met, {len(missed)} missed. Written to {_OUTPUT.relative_to(ROOT)}.")
    for row in missed:
        say(f"  missed: {row.what}: {row.measured}, {row.target}")
    if write_document:
        parts = {one.name: f"\n{one.how}\n\n{report.markdown(found[one.name])}\n" for one in sections}
        report.into_document(
            _DOCUMENT, {**parts, "machine": f"\n{report.shape(shape)}\n", "assumptions": f"\n{assumptions()}\n"}
        )
        say(f"Taken over into {_DOCUMENT.relative_to(ROOT)}.")
    return 1 if missed else 0


def _section(name: str) -> str:
    if name not in _NAMES:
        raise argparse.ArgumentTypeError(f"there is no section '{name}': {', '.join(_NAMES)}")
    return name


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python dev.py bench --", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs: to see that it works")
    parser.add_argument("--write", action="store_true", help="take the tables over into docs/performance.md")
    parser.add_argument("--node", required=True)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("sections", nargs="*", metavar="SECTION", type=_section, help=", ".join(_NAMES))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
