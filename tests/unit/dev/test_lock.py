"""What is installed is what people wrote down: lists and locks agree, and every file of a package has its hash."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sandbox.dev.lock import LISTS, is_current, lock_file, source_hash

ROOT = Path(__file__).parents[3]
every_list = pytest.mark.parametrize("name", LISTS)
_ENTRY = re.compile(r"^([a-z0-9][^\\\n#]*?) *\\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def wanted(source: Path) -> list[Requirement]:
    lines = [line.partition("#")[0].strip() for line in source.read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def locked(name: str) -> list[Requirement]:
    return [Requirement(entry) for entry, _ in _ENTRY.findall(lock_file(ROOT / name).read_text("utf-8"))]


def here(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


@every_list
def test_the_lock_was_made_from_the_list_as_it_is(name: str) -> None:
    assert is_current(ROOT / name), "run `python dev.py lock`"


@every_list
def test_every_line_of_the_lock_is_an_entry_with_hashes_and_none_names_an_index(name: str) -> None:
    text = lock_file(ROOT / name).read_text("utf-8")
    rest = [line for line in _ENTRY.sub("", text).splitlines() if line and not line.lstrip().startswith("#")]
    assert rest == []
    assert "://" not in text


@every_list
def test_what_the_list_names_is_locked_at_that_version(name: str) -> None:
    found = {(canonicalize_name(one.name), str(one.specifier)) for one in locked(name)}
    named = {(canonicalize_name(one.name), str(one.specifier)) for one in wanted(ROOT / name)}
    assert named
    assert named <= found
    assert all(str(one.specifier).startswith("==") for one in locked(name))


def test_both_sides_of_the_two_sdk_lines_are_locked() -> None:
    sdk = {str(one.specifier): one.marker for one in locked("requirements.in") if one.name == "azure-functions"}
    assert len(sdk) == 2
    for python, line in (("3.11.9", "==1."), ("3.13.1", "==2.")):
        chosen = [
            version
            for version, marker in sdk.items()
            if marker is not None and marker.evaluate({"python_version": python[:4], "python_full_version": python})
        ]
        assert len(chosen) == 1
        assert chosen[0].startswith(line)


def test_a_package_that_is_deployed_is_tested_at_the_same_version() -> None:
    developers = {str(one) for one in locked("requirements-dev.in")}
    assert {str(one) for one in locked("requirements.in")} <= developers


def test_mutants_are_tested_with_what_the_tests_are_run_with() -> None:
    developers = {one.name: str(one.specifier) for one in locked("requirements-dev.in") if here(one)}
    others = {one.name: str(one.specifier) for one in locked("tests/mutation/requirements.in") if here(one)}
    common = developers.keys() & others.keys()
    assert "pytest" in common
    assert {name: others[name] for name in common} == {name: developers[name] for name in common}


def test_what_is_installed_here_is_what_is_locked() -> None:
    versions = {one.name: f"=={metadata.version(one.name)}" for one in locked("requirements-dev.in") if here(one)}
    assert versions == {one.name: str(one.specifier) for one in locked("requirements-dev.in") if here(one)}


def test_the_lock_holds_what_its_packages_need_and_nothing_else() -> None:
    needed: set[str] = set()
    waiting = [(one.name, one.extras) for one in wanted(ROOT / "requirements.in") if here(one)]
    while waiting:
        name, extras = waiting.pop()
        if canonicalize_name(name) in needed:
            continue
        needed.add(canonicalize_name(name))
        for line in metadata.requires(name) or ():
            one = Requirement(line)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in (extras or {""})):
                waiting.append((one.name, one.extras))
    assert needed == {canonicalize_name(one.name) for one in locked("requirements.in") if here(one)}


def test_an_edited_list_is_noticed(tmp_path: Path) -> None:
    source, included = tmp_path / "requirements-dev.in", tmp_path / "requirements.in"
    included.write_bytes(b"one==1\n")
    source.write_bytes(b"-r requirements.in\ntwo==2\n")
    assert not is_current(source)
    lock_file(source).write_text(f"# Made from requirements-dev.in sha256:{source_hash(source)}\n")
    assert is_current(source)
    included.write_bytes(b"one==1\r\n")
    assert is_current(source)
    included.write_bytes(b"one==9\n")
    assert not is_current(source)
