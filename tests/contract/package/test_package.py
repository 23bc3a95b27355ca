"""The deployment package, built as the pipeline builds it: what is in it, and that it answers with nothing else."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sandbox.dev import environment, interpreters, package
from sandbox.dev.settings import read_values
from sandbox.dev.stopping import Stop
from tests.support.bindings import functions

ROOT = Path(__file__).parents[3]
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
AZURE_IS_LIKE_THIS = sys.platform == "linux" and platform.machine() == "x86_64" and package.PYTHON == HERE
BUILD = "0123456789abcdef0123456789abcdef01234567"
_STRANGE = re.compile(
    r"(^|/)(tests?|sandbox|portal|docs|infra|scripts|node_modules)/|local\.settings|\.(ts|tsx|md|in|sha256|bicep|pem|key)$"
)
MOST_MEGABYTES, MOST_MEGABYTES_UNPACKED = 25, 80

pytestmark = pytest.mark.skipif(package.PYTHON != HERE, reason="Azure runs another Python")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip. Tests that run side by side share one."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "package"
    file, interpreter, stop = folder / "package.zip", interpreters.own_interpreter(), Stop()

    def build() -> None:
        package.zip_folder(package.stage(ROOT, folder / "app", BUILD, interpreter, stop), file)

    environment.install(ROOT, lambda: [package.packages_job(ROOT, interpreter, folder, stop)], stop)
    job = environment.Job("a package", folder / "build.log", build)
    environment.install(folder, lambda: [None if file.exists() else job], stop)
    return file


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, unpacked where nothing else is."""
    folder = tmp_path_factory.mktemp("wwwroot")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder)
    return folder


def names(built: Path) -> list[str]:
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def locked() -> Iterator[Requirement]:
    in_azure = {"python_version": package.PYTHON, "python_full_version": f"{package.PYTHON}.0", "sys_platform": "linux"}
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            one = Requirement(line.rstrip("\\ "))
            if one.marker is None or one.marker.evaluate(in_azure):
                yield one


def test_the_package_is_small(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        unpacked_size = sum(entry.file_size for entry in archive.infolist())
    assert built.stat().st_size < MOST_MEGABYTES * 1e6
    assert unpacked_size < MOST_MEGABYTES_UNPACKED * 1e6


def test_nothing_is_in_it_but_what_runs(built: Path) -> None:
    top = {name.partition("/")[0] for name in names(built)}
    assert top == {".python_packages", "__pycache__", *package.FILES, *package.FOLDERS}
    ours = [name for name in names(built) if not name.startswith(".python_packages/")]
    assert [name for name in ours if _STRANGE.search(name)] == []
    keys = [name for name in names(built) if name.endswith((".pem", ".key", ".pfx", ".p12", ".env"))]
    assert [Path(name).name for name in keys] == ["cacert.pem"]


def test_the_pages_are_in_it_built_and_with_their_templates(built: Path) -> None:
    here = {file.relative_to(ROOT).as_posix() for file in (ROOT / "functions" / "pages").rglob("*") if file.is_file()}
    here = {name for name in here if "__pycache__" not in name and not name.endswith(".sha256")}
    assert {"functions/pages/assets/waiting.js", "functions/pages/assets/board.js"} <= here
    assert here <= set(names(built))


def test_every_package_is_the_locked_one_for_the_python_and_system_of_azure(unpacked: Path) -> None:
    folder = unpacked / package.PACKAGES
    found = {one.name.removesuffix(".dist-info").rpartition("-")[::2] for one in folder.glob("*.dist-info")}
    wanted = {(canonicalize_name(one.name), str(one.specifier).removeprefix("==")) for one in locked()}
    assert {(canonicalize_name(name), version) for name, version in found} == wanted
    compiled = [file.name for file in folder.rglob("*.so")]
    assert compiled
    assert [name for name in compiled if not name.endswith((".cpython-313-x86_64-linux-gnu.so", ".abi3.so"))] == []


def test_every_module_has_bytecode_that_is_taken_as_it_is(unpacked: Path) -> None:
    for folder in package.FOLDERS:
        for source in (unpacked / folder).rglob("*.py"):
            made = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
            # PEP 552: hash-based, and not to be checked.
            assert made.read_bytes()[4:8] == b"\x01\0\0\0"
    assert str(ROOT).encode() not in (unpacked / "__pycache__" / "function_app.cpython-313.pyc").read_bytes()


@pytest.mark.skipif(not AZURE_IS_LIKE_THIS, reason="its packages are for Linux on x86-64")
def test_alone_with_the_worker_library_it_is_indexed_and_answers(unpacked: Path, azurite: str, tmp_path: Path) -> None:
    told = ask(unpacked, tmp_path, azurite, "/api/version", "/api/health", "/api/keys/test/jwks.json")
    assert told["functions"] == sorted(str(one.get_function_name()) for one in functions())
    answers = told["answers"]
    assert {path: answer["status"] for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    version = (ROOT / package.VERSION).read_text("utf-8").strip()
    assert answers["/api/version"]["json"] == {"version": version, "build": BUILD, "python": platform.python_version()}
    assert answers["/api/health"]["json"]["status"] == "ok"
    assert answers["/api/keys/test/jwks.json"]["json"]["keys"]
    library = sysconfig.get_path("stdlib")
    elsewhere = (library, str(tmp_path), str(Path(__file__).parent))
    strangers = [file for file in told["modules"] if not file.startswith((str(unpacked), *elsewhere))]
    assert strangers == []


def ask(unpacked: Path, folder: Path, storage: str, *paths: str) -> Any:
    """What the package says when only it, the standard library and the local host can be imported."""
    tools, answer = folder / "tools", folder / "answer.json"
    shutil.copytree(ROOT / "sandbox" / "host", tools / "sandbox" / "host")
    (tools / "sandbox" / "__init__.py").touch()
    sample = read_values(ROOT / "local.settings.sample.json")
    keys = str(folder / "keys")
    env = {**sample, "STORAGE_CONNECTION": storage, "AzureWebJobsStorage": storage, "LOCAL_KEY_DIRECTORY": keys}
    script = Path(__file__).with_name("first_requests.py")
    # -I and -S: no environment's packages, no folder of this repository.
    command = [interpreters.own_interpreter().path, "-I", "-S", str(script), str(unpacked), str(tools), str(answer)]
    command += paths
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(answer.read_text("utf-8"))
