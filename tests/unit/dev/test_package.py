"""What gets into the deployment package: only what is named, of kinds that are named, and the same bytes every time."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from sandbox.dev import package
from sandbox.dev.interpreters import PREFERRED, Interpreter
from sandbox.dev.package import PackageError
from sandbox.dev.stopping import Stop

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (*package.FILES, "functions/a.py", "shared/VERSION", "shared/__pycache__/x.pyc", "tests/test_a.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def test_only_what_is_named_is_deployed(tree: Path) -> None:
    (tree / "local.settings.json").write_text("{}")
    found = {name for name, _ in package.deployed_files(tree)}
    assert found == {*package.FILES, "functions/a.py", "shared/VERSION"}


@pytest.mark.parametrize("stray", ["shared/signing.pem", "functions/notes.md", "shared/.env", "functions/dump"])
def test_a_file_of_another_kind_stops_the_package(tree: Path, stray: str) -> None:
    (tree / stray).write_text("")
    with pytest.raises(PackageError, match=stray):
        list(package.deployed_files(tree))


def test_without_built_pages_there_is_no_package(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="not built"):
        package.stage(tree, tmp_path / "app", "a build", Interpreter("python", (3, 13, 0)), Stop())


def test_the_same_content_gives_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    first = package.zip_folder(tree / "functions", tmp_path / "one.zip").read_bytes()
    (tree / "functions" / "a.py").touch()
    assert package.zip_folder(tree / "functions", tmp_path / "two.zip").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "two.zip") as archive:
        assert archive.namelist() == ["a.py"]
    assert not list(tmp_path.glob("*.part"))


def test_a_build_is_named_after_the_commit(tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git
    assert package.commit(tmp_path) == "unknown"
    run = [git, "-c", "user.name=somebody", "-c", "user.email=somebody@example.com"]
    (tmp_path / "a").write_text("")
    for words in (["init", "-q"], ["add", "a"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*run, *words], cwd=tmp_path, check=True)
    named = package.commit(tmp_path)
    assert len(named) == 40
    (tmp_path / "a").write_text("changed")
    assert package.commit(tmp_path) == f"{named}-changed"


def test_the_list_for_core_tools_leaves_the_same_files() -> None:
    git = shutil.which("git")
    tracked = subprocess.run([git or "git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    ignored = GitIgnoreSpec.from_lines((ROOT / ".funcignore").read_text("utf-8").splitlines())
    left = {name for name in tracked.stdout.splitlines() if not ignored.match_file(name)}
    assert {"functions/pages/waiting.html", "shared/VERSION", "function_app.py"} <= left
    deployed = {name for name, _ in package.deployed_files(ROOT)}
    assert left == deployed & set(tracked.stdout.splitlines())
    for name in ("local.settings.json", ".local/keys/a.pem", ".venv-3.13/x.py", "shared/__pycache__/a.pyc"):
        assert ignored.match_file(name)
    assert not ignored.match_file(f"{package.PACKAGES}/httpx/__init__.py")


def test_the_python_of_the_package_is_the_one_that_is_preferred_here() -> None:
    assert "{}.{}".format(*PREFERRED) == package.PYTHON
