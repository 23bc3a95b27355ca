"""`dev.py package`: the zip that Azure runs: our modules, the built pages, and every package, made for Azure's Python.

It is built once and published as it is, see docs/decisions/0033: nothing is installed or compiled in Azure.
"""

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.dev import environment, interpreters
from sandbox.dev.child import run_tool
from sandbox.dev.environment import Job, SetupError
from sandbox.dev.interpreters import Interpreter
from sandbox.dev.screen import say, show_end
from sandbox.dev.stopping import Stop

# What Flex Consumption runs: Python 3.13 on Linux. infra/stamp/functions.bicep names the same version.
PYTHON, PLATFORM = "3.13", "x86_64-manylinux_2_28"
# Where the worker looks for packages, below the folder of the app; and that folder in Azure.
PACKAGES, IN_AZURE = ".python_packages/lib/site-packages", "/home/site/wwwroot"
# Only what is named here is deployed, so that nothing gets in by lying about.
FILES, FOLDERS = ("function_app.py", "host.json", "requirements.txt"), ("functions", "shared")
KINDS = frozenset({".py", ".json", ".html", ".css", ".js", ".svg"})
VERSION, BUILD = "shared/VERSION", "shared/BUILD"
_PAGES = "functions/pages/assets"
_STAMP = ".sources.sha256"
_NOT_NEEDED = frozenset({"bin", "share", "__pycache__", ".lock", ".requirements.sha256"})
# The first moment that a zip can name: the same tree gives the same bytes, whenever it is packed.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_OUTPUT = Path(".local") / "package"


class PackageError(SetupError):
    """Something is in the way of a package; the message says what."""


@dataclass(frozen=True)
class PackageOptions:
    """What the command line said."""

    root: Path
    build: str = ""
    output: Path | None = None


def write_package(options: PackageOptions, stop: Stop) -> int:
    """Install and build what it is made of, and write it."""
    root, logs = options.root, options.root / ".local" / "logs"
    interpreter = interpreters.choose(None, interpreters.own_interpreter(), interpreters.candidates())
    environment.install_all(root, [interpreter], logs, stop, environment.NODE_PROJECTS[1:])
    environment.install(root, lambda: [packages_job(root, interpreter, logs, stop)], stop)
    app = stage(root, root / _OUTPUT / "app", options.build or commit(root), interpreter, stop)
    file = zip_folder(app, options.output or root / _OUTPUT / "package.zip")
    say(f"{file}: {file.stat().st_size / 1e6:.1f} MB, build {(app / BUILD).read_text('ascii').strip()}")
    return 0


def commit(root: Path) -> str:
    """What is checked out, `-changed` if the tree is not exactly that; `unknown` outside a repository."""
    git = shutil.which("git")
    if not git:
        return "unknown"
    found = subprocess.run(
        [git, "describe", "--always", "--abbrev=40", "--match=", "--dirty=-changed"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return found.stdout.strip() or "unknown"


def packages_folder(root: Path) -> Path:
    """Where the packages for Azure are kept between runs."""
    return root / _OUTPUT / f"packages-{PYTHON}"


def packages_job(root: Path, interpreter: Interpreter, logs: Path, stop: Stop) -> Job | None:
    """Install what requirements.txt names for Azure, on whatever system this is, if that has changed."""
    folder, lock = packages_folder(root), root / "requirements.txt"
    stamp, wanted = folder / ".requirements.sha256", environment.fingerprint([lock], PYTHON, PLATFORM)
    if environment.is_current(stamp, wanted):
        return None
    log = logs / "install-packages.log"

    def run() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        python = environment.venv_python(root, interpreter)
        where = ["--python-version", PYTHON, "--python-platform", PLATFORM, "--target", str(folder)]
        # Wheels only: a package that had to be built would be built for this machine.
        how = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy", "--quiet"]
        install = [str(python), "-m", "uv", "pip", "install", *how, *where, "-r", str(lock)]
        if run_tool("uv", install, cwd=root, env=environment.child_environment(), log=log, stop=stop):
            raise PackageError("the packages could not be installed")
        stamp.write_text(wanted + "\n", "ascii")

    return Job("Packages of the deployment", log, run)


def deployed_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file of ours that is deployed: name in the package, and where it is."""
    yield from ((name, root / name) for name in FILES)
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            name = file.relative_to(root).as_posix()
            if file.is_dir() or "__pycache__" in file.parts or file.name == _STAMP:
                continue
            if file.suffix not in KINDS and name not in (VERSION, BUILD):
                raise PackageError(f"{name} is not of a kind that is deployed. Take it away, or name its kind.")
            yield name, file


def stage(root: Path, app: Path, build: str, interpreter: Interpreter, stop: Stop) -> Path:
    """The folder as Azure runs it. `build` is what GET /api/version will tell."""
    if not any((root / _PAGES).glob("*.js")):
        raise PackageError(f"{_PAGES} is empty: the pages are not built.")
    shutil.rmtree(app, ignore_errors=True)
    for name, file in deployed_files(root):
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, app / name)
    (app / BUILD).write_text(build + "\n", "ascii")
    shutil.copytree(packages_folder(root), app / PACKAGES, ignore=lambda _, names: _NOT_NEEDED.intersection(names))
    if interpreter.minor == PYTHON:
        _compile(root, app, interpreter, stop)
    else:
        say(f"No Python {PYTHON} was found: the package has no bytecode, and starts about three times slower.")
    return app


def _compile(root: Path, app: Path, interpreter: Interpreter, stop: Stop) -> None:
    # Azure's copy cannot be written to: without bytecode, every start would compile everything. Unchecked, because the
    # times of files do not survive the way there.
    log = root / ".local" / "logs" / "compile.log"
    how = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(app), "-p", IN_AZURE]
    command = [interpreter.path, "-m", "compileall", *how, str(app)]
    if run_tool("compileall", command, cwd=app, env=environment.child_environment(), log=log, stop=stop):
        show_end(log)
        raise PackageError("a module of the package does not compile")


def zip_folder(folder: Path, target: Path) -> Path:
    """One file with all of it; the same content gives the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(target.name + ".part")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _MOMENT)
                entry.external_attr, entry.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
                archive.writestr(entry, file.read_bytes())
    draft.replace(target)
    return target
