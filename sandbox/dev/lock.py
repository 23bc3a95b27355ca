"""`dev.py lock`: makes from each list that people edit the file that is installed, with the hashes of all packages."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.dev import environment, interpreters
from sandbox.dev.child import run_tool
from sandbox.dev.environment import SetupError
from sandbox.dev.screen import say, show_end
from sandbox.dev.stopping import Stop

# The developers' list contains the deployed one; what both contain has the same version in both, by the order here.
LISTS = (
    "requirements.in",
    "requirements-dev.in",
    "requirements-pipeline.in",
    "tests/bench/peers/requirements.in",
    "tests/mutation/requirements.in",
)
_INCLUDED = re.compile(r"^-r (\S+)$", re.MULTILINE)
_SOURCE = re.compile(r"^# Made from (\S+) sha256:([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class LockOptions:
    """What the command line said."""

    root: Path
    upgrade: bool = False


def lock_file(source: Path) -> Path:
    """`requirements.in` is locked in `requirements.txt`."""
    return source.with_suffix(".txt")


def source_hash(source: Path) -> str:
    """Names a list and what it includes; line ends do not count."""
    digest = hashlib.sha256()
    for file in (source, *(source.parent / name for name in _INCLUDED.findall(source.read_text("utf-8")))):
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def is_current(source: Path) -> bool:
    """Whether the lock was made from the list as it is."""
    try:
        made_from = _SOURCE.search(lock_file(source).read_text("utf-8"))
    except FileNotFoundError:
        return False
    return made_from is not None and made_from.groups() == (source.name, source_hash(source))


def write_locks(options: LockOptions, stop: Stop) -> int:
    """Lock every list whose lock is not current, or all of them with newer versions."""
    logs = options.root / ".local" / "logs"
    interpreter = interpreters.choose(None, interpreters.own_interpreter(), interpreters.candidates())
    python = environment.venv_python(options.root, interpreter)
    if not python.exists():
        environment.install(options.root, lambda: [environment.venv_job(options.root, interpreter, logs, stop)], stop)
    for name in LISTS:
        source = options.root / name
        if is_current(source) and not options.upgrade:
            say(f"{name}: locked already")
            continue
        _compile(options, python, source, logs / f"lock-{name.replace('/', '-')}.log", stop)
        say(f"{name}: locked in {lock_file(source).relative_to(options.root).as_posix()}")
    return 0


def _compile(options: LockOptions, python: Path, source: Path, log: Path, stop: Stop) -> None:
    target = lock_file(source)
    command = [str(python), "-m", "uv", "pip", "compile", *_how(options, source), "--output-file", str(target)]
    env = environment.child_environment()
    if run_tool("uv", [*command, source.name], cwd=source.parent, env=env, log=log, stop=stop):
        show_end(log)
        raise SetupError(f"{source.name} could not be locked; what is above says why.")
    made_from = f"# Made from {source.name} sha256:{source_hash(source)}"
    head = f"# Do not edit: `python dev.py lock` writes this file.\n{made_from}\n"
    target.write_text(head + target.read_text("utf-8"), "utf-8", newline="\n")


def _how(options: LockOptions, source: Path) -> Sequence[str]:
    oldest = ".".join(map(str, interpreters.OLDEST))
    # Universal: one file for every system and every Python from the oldest on, with markers where they differ.
    words = [
        "--universal",
        "--python-version",
        oldest,
        "--generate-hashes",
        "--no-header",
        "--annotation-style",
        "line",
    ]
    words += ["--no-config", "--quiet", *(["--upgrade"] if options.upgrade else [])]
    included = _INCLUDED.findall(source.read_text("utf-8"))
    return [*words, *(word for name in included for word in ("--constraint", str(lock_file(Path(name)))))]
