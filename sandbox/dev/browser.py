"""Finds a Chromium for the browser tests, or installs one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.dev.child import run_tool
from sandbox.dev.environment import child_environment
from sandbox.dev.stopping import Stop

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as p\nwith p() as q: print(q.chromium.executable_path)"
)
ADVICE = (
    "No Chromium was found and none could be installed. Install Chromium or Google Chrome, and if it is\n"
    "not on PATH, set CHROMIUM_PATH to its executable; or run `python -m playwright install chromium` in\n"
    "the virtual environment. `dev.py test --fast` leaves the browser tests out."
)


def found() -> str | None:
    """A browser that is there already."""
    return next((path for path in _places() if _works(path)), None)


def install(root: Path, python: Path, log: Path, stop: Stop) -> str | None:
    """Install one, by the system's own means where that is possible, else by Playwright's."""
    env = child_environment() | {"DEBIAN_FRONTEND": "noninteractive"}
    if is_root_on_debian():
        for command in (
            ["apt-get", "update"],
            ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
        ):
            if run_tool("apt-get", command, cwd=root, env=env, log=log, stop=stop):
                break
        if path := found():
            return path
    command = [str(python), "-m", "playwright", "install", "chromium"]
    run_tool("playwright", command, cwd=root, env=env, log=log.with_suffix(".playwright.log"), stop=stop)
    return by_playwright(python)


def by_playwright(python: Path) -> str | None:
    """The browser that Playwright has downloaded for itself, now or earlier."""
    answer = subprocess.run(
        [str(python), "-c", _ASK_PLAYWRIGHT], capture_output=True, text=True, timeout=60, check=False
    )
    path = answer.stdout.strip()
    return path if path and _works(path) else None


def _places() -> Iterator[str]:
    if named := os.environ.get("CHROMIUM_PATH"):
        yield named
    for name in _NAMES:
        if path := shutil.which(name):
            yield path
    yield from _ELSEWHERE
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if folder := os.environ.get(variable):
            yield str(Path(folder) / "Google" / "Chrome" / "Application" / "chrome.exe")


def _works(path: str) -> bool:
    if not Path(path).is_file():
        return False
    if sys.platform == "win32":
        # There, asking for the version opens a window.
        return True
    try:
        # Ubuntu has a `chromium-browser` that only says how to install one.
        return subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def is_root_on_debian() -> bool:
    """Whether packages can be installed by apt-get without asking anybody."""
    if sys.platform != "linux" or os.geteuid() or not shutil.which("apt-get"):
        return False
    try:
        return "ID=debian" in Path("/etc/os-release").read_text("utf-8").splitlines()
    except OSError:
        return False
