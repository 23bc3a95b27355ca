"""Cold start: importing the app, against importing the packages of others that its notification path uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

from tests.bench.model import Row, Section, at_most, ratios
from tests.bench.setting import ROOT, Setting, pinned, server_core

_MOST = 1.5
_TIMED = """
import time
began = time.perf_counter()
{work}
print((time.perf_counter() - began) * 1000)
"""
_MODULES = """
import json, os, sys, tempfile
before = set(sys.modules)
from tests.bench.inside.__main__ import settle
from pathlib import Path
with tempfile.TemporaryDirectory() as folder:
    settle(Path(folder))
    used = set(sys.modules)
    import function_app
    from tests.bench.inside.door import one_notification
    one_notification()
places = [place for place in sys.path if place.endswith("site-packages")]
own = [name for name, module in list(sys.modules.items()) if name not in before
       and any((getattr(module, "__file__", None) or "").startswith(place) for place in places)]
print(json.dumps(own))
"""


def measure(setting: Setting) -> Iterator[Row]:
    """Fresh processes, one after the other, the two kinds in turn."""
    modules = packages()
    app = _TIMED.format(work="import function_app")
    others = _TIMED.format(work="import " + ", ".join(modules))
    ours, theirs = [], []
    _milliseconds(app)
    for _ in range(setting.choose(15, 5)):
        ours.append(_milliseconds(app))
        theirs.append(_milliseconds(others))
    yield Row("importing `function_app`", "ms", tuple(ours))
    yield Row("importing the packages of its notification path", "ms", tuple(theirs), note=_named(modules))
    yield at_most("our import, as a multiple of the packages'", "times", ratios(ours, theirs), _MOST)


def packages() -> list[str]:
    """What of others is loaded once the app is imported and a notification has been taken in, in that order."""
    answer = subprocess.run(
        [sys.executable, "-c", _MODULES], cwd=ROOT, capture_output=True, text=True, check=False, env=_environment()
    )
    if answer.returncode:
        raise RuntimeError(answer.stderr)
    found: list[str] = json.loads(answer.stdout)
    return [name for name in found if all(part.isidentifier() for part in name.split("."))]


def _milliseconds(code: str) -> float:
    command = pinned([sys.executable, "-c", code], server_core())
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=_environment())
    return float(answer.stdout)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _named(modules: Sequence[str]) -> str:
    top = sorted({name.split(".")[0] for name in modules if not name.startswith("_")})
    return f"{len(modules)} modules of {', '.join(top)}"


SECTION = Section(
    "cold-start",
    "Cold start",
    "Fresh processes with compiled bytecode. The packages are those that are loaded once the app is imported and the "
    "door has taken in one notification, all of their modules, in the order in which they came. That `msal`, "
    "`azure.identity` and the like are not among them is held by a unit test.",
    measure,
)
