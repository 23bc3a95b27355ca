"""Makes the virtual environment, node_modules and the built pages, each only when its sources have changed."""

import contextlib
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sandbox.dev.child import run_tool
from sandbox.dev.interpreters import Interpreter, require_npm
from sandbox.dev.screen import last_lines, say, show_end
from sandbox.dev.stopping import Stop, StopRequestedError

_PROGRESS_EVERY = 10.0
_REQUIREMENTS = ("requirements-dev.txt",)


class SetupError(Exception):
    """An installation failed; what it printed has been shown already."""


@dataclass(frozen=True)
class Job:
    """One thing to install."""

    title: str
    log: Path
    run: Callable[[], None]


def child_environment() -> dict[str, str]:
    """Our environment, without what would lead a child astray."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    # Everything the parts call is on this machine: a company's proxy must not be asked for it.
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, [env.get(name, ""), "localhost,127.0.0.1,::1"]))
    return env | {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def fingerprint(files: Sequence[Path], *extra: str) -> str:
    """A hash over names and contents; line ends do not count."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    for text in extra:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    """Whether the stamp left by the last complete installation says the same."""
    try:
        return stamp.read_text("ascii").strip() == wanted
    except (OSError, UnicodeDecodeError):
        return False


def venv_folder(root: Path, interpreter: Interpreter, name: str = "") -> Path:
    """One environment for each Python version, so that they can stand side by side; more of them by name."""
    return root / "-".join(filter(None, [".venv", name, interpreter.minor]))


def venv_python(root: Path, interpreter: Interpreter, name: str = "") -> Path:
    """The interpreter inside."""
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    return venv_folder(root, interpreter, name) / inside


def venv_job(
    root: Path,
    interpreter: Interpreter,
    logs: Path,
    stop: Stop,
    requirements: Sequence[Path] = (),
    name: str = "",
) -> Job | None:
    """What is to be done for a virtual environment, if anything: the connector's own, or one by name."""
    files = list(requirements) or [root / one for one in _REQUIREMENTS]
    folder, python = venv_folder(root, interpreter, name), venv_python(root, interpreter, name)
    stamp = folder / ".requirements.sha256"
    wanted = fingerprint(files, interpreter.minor)
    if python.exists() and is_current(stamp, wanted):
        return None
    title = " ".join(filter(None, [f"Python {interpreter.minor} packages", f"({name})" if name else ""]))
    log = logs / f"install-python-{'-'.join(filter(None, [name, interpreter.minor]))}.log"

    def run() -> None:
        if not python.exists():
            _tool("venv", [interpreter.path, "-m", "venv", "--clear", str(folder)], root, log, stop)
        stamp.unlink(missing_ok=True)
        pip = [str(python), "-m", "pip", "install", "--no-input", "--require-hashes", "-r", str(files[0])]
        _tool("pip", pip, root, log, stop)
        stamp.write_text(wanted + "\n", "ascii")

    return Job(title, log, run)


@dataclass(frozen=True)
class NodeProject:
    """A folder with a package-lock.json; `made_from` are the folders that its build reads, `makes` where it writes."""

    folder: str
    title: str
    made_from: tuple[str, ...] = ()
    makes: str = ""


NODE_PROJECTS = (
    NodeProject("sandbox", "Node packages of the sandbox"),
    NodeProject("portal/visit", "visit pages", ("portal/visit", "portal/board"), makes="functions/pages/assets"),
    NodeProject("portal/admin", "portal", ("portal/admin",), makes="portal/admin/dist"),
)
_NOT_SOURCES = frozenset({"node_modules", "dist", "test-output"})


def npm_job(root: Path, project: NodeProject, logs: Path, stop: Stop) -> Job | None:
    """What is to be done for a project's node_modules, if anything."""
    folder = root / project.folder
    # npm ci removes the whole folder first, and the stamp with it: no stamp can survive half an installation.
    stamp = folder / "node_modules" / ".package-lock.sha256"
    wanted = fingerprint([folder / "package-lock.json"])
    if is_current(stamp, wanted):
        return None
    log = logs / f"install-node-{project.folder.replace('/', '-')}.log"
    npm = require_npm()

    def run() -> None:
        _tool("npm", [npm, "ci", "--no-audit", "--no-fund"], folder, log, stop)
        stamp.write_text(wanted + "\n", "ascii")

    return Job(f"{project.title}: packages", log, run)


def build_job(root: Path, project: NodeProject, logs: Path, stop: Stop) -> Job | None:
    """What is to be built of a project, if its sources have changed."""
    if not project.makes:
        return None
    stamp = root / project.makes / ".sources.sha256"
    wanted = fingerprint(_sources(root, project))
    if is_current(stamp, wanted):
        return None
    log = logs / f"build-{project.folder.replace('/', '-')}.log"
    npm = require_npm()

    def run() -> None:
        _tool("npm", [npm, "run", "build"], root / project.folder, log, stop)
        stamp.write_text(wanted + "\n", "ascii")

    return Job(f"{project.title}: build", log, run)


def _sources(root: Path, project: NodeProject) -> list[Path]:
    files = (file for folder in project.made_from for file in (root / folder).rglob("*") if file.is_file())
    return sorted(file for file in files if not _NOT_SOURCES & set(file.relative_to(root).parts))


def install_all(
    root: Path, interpreters: Sequence[Interpreter], logs: Path, stop: Stop, projects: Sequence[NodeProject]
) -> None:
    """Everything that is pinned, then everything that is built from it."""

    def installations() -> list[Job | None]:
        pythons = [venv_job(root, interpreter, logs, stop) for interpreter in interpreters]
        return [*pythons, *(npm_job(root, project, logs, stop) for project in projects)]

    install(root, installations, stop)
    install(root, lambda: [build_job(root, project, logs, stop) for project in projects], stop)


def install(root: Path, make_jobs: Callable[[], Sequence[Job | None]], stop: Stop) -> None:
    """Run what is to be done, side by side. Asked again inside the lock: another run may have done it."""
    if not any(make_jobs()):
        return
    with _lock(root / ".local" / "setup.lock", stop):
        jobs = [job for job in make_jobs() if job]
        if jobs:
            _run_side_by_side(jobs, stop)


def _run_side_by_side(jobs: Sequence[Job], stop: Stop) -> None:
    started = time.monotonic()
    say("Setting up (only when something pinned has changed): " + ", ".join(job.title for job in jobs))
    with ThreadPoolExecutor(len(jobs)) as pool:
        waiting = {job.title: (job, pool.submit(job.run)) for job in jobs}
        spoken = started
        failed = False
        while waiting:
            time.sleep(0.1)
            now = time.monotonic()
            for title in [title for title, (_, future) in waiting.items() if future.done()]:
                failed |= not _report(*waiting.pop(title), now - started)
            if now - spoken >= _PROGRESS_EVERY:
                spoken = now
                for job, _ in waiting.values():
                    say(f"  [{now - started:3.0f} s] {job.title}: {_doing(job.log)}")
    stop.check()
    if failed:
        raise SetupError("The set-up is not complete; what is above says why. Run the command again when mended.")


def _doing(log: Path) -> str:
    telling = [line.strip() for line in last_lines(log, 40) if line.strip() and "warn" not in line.lower()]
    return telling[-1][:90] if telling else "working"


def _report(job: Job, future: "Future[None]", seconds: float) -> bool:
    problem = future.exception()
    if problem is None:
        say(f"  [{seconds:3.0f} s] {job.title}: installed")
        return True
    if isinstance(problem, SetupError):
        say(f"  [{seconds:3.0f} s] {job.title}: FAILED ({problem})")
        show_end(job.log)
    elif isinstance(problem, OSError):
        say(f"  [{seconds:3.0f} s] {job.title}: FAILED ({problem})")
    elif not isinstance(problem, StopRequestedError):
        raise problem
    return False


def _tool(name: str, command: Sequence[str], cwd: Path, log: Path, stop: Stop) -> None:
    code = run_tool(name, command, cwd=cwd, env=child_environment(), log=log, stop=stop)
    if code:
        raise SetupError(f"{name} ended with exit code {code}")


@contextlib.contextmanager
def _lock(path: Path, stop: Stop) -> Iterator[None]:
    """One set-up at a time in one tree. The system drops the lock of a process that was killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = False
    with path.open("a+b") as handle:
        while not _try_lock(handle.fileno()):
            if not told:
                told = True
                say("Another dev.py is setting up this tree; waiting for it.")
            stop.sleep(0.2)
        yield


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
