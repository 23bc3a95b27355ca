"""Finds the Python that the functions shall run on, and checks Node.js."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PREFERRED = (3, 13)
OLDEST = (3, 11)
OLDEST_NODE = 20
# ensurepip, because Debian ships interpreters that cannot make a virtual environment.
_QUESTION = "import ensurepip, sys, venv; print(sys.executable); print('.'.join(map(str, sys.version_info[:3])))"


class MissingToolError(Exception):
    """Something a person has to install or to name; the message says what."""


@dataclass(frozen=True)
class Interpreter:
    """A Python that answered when it was asked for its version."""

    path: str
    version: tuple[int, ...]

    @property
    def minor(self) -> str:
        """As in `3.13`."""
        return f"{self.version[0]}.{self.version[1]}"


Probe = Callable[[Sequence[str]], Interpreter | None]


def probe(command: Sequence[str]) -> Interpreter | None:
    """Ask a Python who it is. A name on PATH proves nothing: version managers leave stand-ins that fail."""
    try:
        answer = subprocess.run([*command, "-c", _QUESTION], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = [*answer.stdout.splitlines(), "", ""]
    if answer.returncode or not re.fullmatch(r"\d+\.\d+\.\d+", lines[1].strip()):
        return None
    return Interpreter(lines[0].strip(), tuple(int(part) for part in lines[1].strip().split(".")))


def candidates() -> Iterator[list[str]]:
    """Where a Python of the preferred version may be, the likeliest first."""
    name = "python{}.{}".format(*PREFERRED)
    for place in os.environ.get("PATH", "").split(os.pathsep):
        if place and (found := shutil.which(name, path=place)):
            yield [found]
    if sys.platform == "win32" and (launcher := shutil.which("py")):
        yield [launcher, "-{}.{}".format(*PREFERRED)]
    for versions in _version_folders():
        for folder in sorted(versions, key=_version_key, reverse=True):
            for inside in ("bin/python", "python.exe"):
                if (folder / inside).exists():
                    yield [str(folder / inside)]


def choose(named: str | None, own: Interpreter, options: Iterator[list[str]], ask: Probe = probe) -> Interpreter:
    """The Python that was named; else one of the preferred version; else our own."""
    if named:
        found = ask([shutil.which(named) or named])
        if found is None:
            raise MissingToolError(f"--python {named}: that is no Python that can make a virtual environment.")
        if found.version[:2] < OLDEST:
            raise MissingToolError(f"--python {named} is Python {found.minor}; 3.11 or later is needed.")
        return found
    if own.version[:2] == PREFERRED:
        return own
    for option in options:
        found = ask(option)
        if found and found.version[:2] == PREFERRED:
            return found
    return own


def own_interpreter() -> Interpreter:
    """The one that runs dev.py; of a virtual environment the one it was made from."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    found = probe([base]) or probe([sys.executable])
    if found is None:
        raise MissingToolError(
            f"{sys.executable} cannot make virtual environments (module venv or ensurepip is missing).\n"
            f"On Debian and Ubuntu: apt-get install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )
    return found


def node_version(text: str) -> tuple[int, ...] | None:
    """`v20.11.1` as numbers."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)\S*", text.strip())
    return tuple(int(part) for part in match.groups()) if match else None


def require_node() -> str:
    """The path of a Node.js that is new enough."""
    advice = f"Node.js {OLDEST_NODE} or later is needed for the sandbox: see https://nodejs.org/en/download"
    node = shutil.which("node")
    if not node:
        raise MissingToolError(f"No `node` on PATH. {advice}")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    version = node_version(answer.stdout)
    if version is None or version[0] < OLDEST_NODE:
        raise MissingToolError(f"{node} is {answer.stdout.strip() or 'not working'}. {advice}")
    return node


def require_npm() -> str:
    """The path of npm, which comes with Node.js (npm.cmd on Windows)."""
    npm = shutil.which("npm")
    if not npm:
        raise MissingToolError("No `npm` on PATH. It comes with Node.js: see https://nodejs.org/en/download")
    return npm


def _version_folders() -> Iterator[list[Path]]:
    pattern = "*{}.{}*".format(*PREFERRED)
    home = Path.home()
    for place in (
        Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        home / ".pyenv" / "pyenv-win" / "versions",
        home / ".local" / "share" / "uv" / "python",
    ):
        yield [folder for folder in place.glob(pattern) if folder.is_dir()] if place.is_dir() else []


def _version_key(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]
