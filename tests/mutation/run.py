"""One group through mutmut: in a copy of the tree, with its progress, until it is done or its time is over."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from sandbox.dev.screen import say
from tests.mutation.groups import Group

_COPIED = ("shared", "functions", "sandbox", "tests")
_NOT_COPIED = shutil.ignore_patterns("node_modules", "__pycache__", "assets", "peers", "*.ts", "*.tsx", "*.png")
_PROGRESS = re.compile(rb"(\d+)/(\d+) ")
_EVERY_SECONDS = 10.0
_CONFIGURATION = """
[tool.mutmut]
source_paths = ["shared"]
also_copy = ["functions", "sandbox"]
only_mutate = {files}
pytest_add_cli_args_test_selection = {tests}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
use_git_change_detection = false
timeout_multiplier = 5
timeout_constant = 2
"""


class NotMeasuredError(Exception):
    """mutmut could not do its work: the tests do not pass as they are, for example."""


class Mutation:
    """mutmut at work on one group."""

    def __init__(self, root: Path, group: Group, folder: Path) -> None:
        self._group = group
        self._folder = folder
        self._environment = os.environ | {"HYPOTHESIS_PROFILE": "mutation", "PYTHONDONTWRITEBYTECODE": "1"}
        _copy(root, folder)
        with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(_CONFIGURATION.format(files=_list(group.files), tests=_list(group.tests)))

    def run(self) -> None:
        """Test every mutant. Raises NotMeasuredError."""
        began = time.monotonic()
        log = self._folder / "mutmut.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._words("run"), cwd=self._folder, env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )
            late = threading.Timer(self._group.minutes * 60, process.terminate)
            late.start()
            try:
                _watch(process, log, began)
            finally:
                late.cancel()
                process.terminate()
        if process.returncode and not self.results():
            raise NotMeasuredError(_end(log))

    def results(self) -> str:
        """What became of each mutant, a line each."""
        return self._asked("results", "--all", "true")

    def shown(self, mutant: str) -> str:
        """What the mutant changes."""
        return self._asked("show", mutant)

    def _asked(self, *words: str) -> str:
        asked = subprocess.run(
            self._words(*words), cwd=self._folder, env=self._environment, capture_output=True, check=False
        )
        return asked.stdout.decode("utf-8", "replace")

    def _words(self, *words: str) -> list[str]:
        return [str(Path(sys.executable).with_name("mutmut")), *words]


def _copy(root: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _COPIED:
        shutil.copytree(root / name, folder / name, ignore=_NOT_COPIED)
    shutil.copy(root / "pyproject.toml", folder)


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _watch(process: "subprocess.Popen[bytes]", log: Path, began: float) -> None:
    spoken = began
    while process.poll() is None:
        time.sleep(0.2)
        if time.monotonic() - spoken >= _EVERY_SECONDS:
            spoken = time.monotonic()
            found = _PROGRESS.findall(log.read_bytes()[-2000:])
            doing = " of ".join(part.decode() for part in found[-1]) if found else "finding out which tests reach what"
            say(f"  [{spoken - began:4.0f} s] {doing}")


def _end(log: Path) -> str:
    return log.read_text("utf-8", "replace").replace("\r", "\n")[-3000:]
