"""Which Python the functions run on: named, preferred, or our own; and whether Node.js is new enough."""

import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sandbox.dev import interpreters
from sandbox.dev.interpreters import Interpreter, MissingToolError

OWN = Interpreter("/own/python", (3, 11, 7))
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="makes shell scripts")


def script(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def answers(known: dict[str, tuple[int, ...]]) -> interpreters.Probe:
    def ask(command: Sequence[str]) -> Interpreter | None:
        version = known.get(command[0])
        return Interpreter(command[0], version) if version else None

    return ask


def test_takes_the_first_preferred_one_that_answers() -> None:
    ask = answers({"/wrong": (3, 12, 1), "/right": (3, 13, 0), "/later": (3, 13, 9)})
    options = iter([["/broken-shim"], ["/wrong"], ["/right"], ["/later"]])
    assert interpreters.choose(None, OWN, options, ask).path == "/right"


def test_falls_back_to_its_own() -> None:
    assert interpreters.choose(None, OWN, iter([["/broken-shim"]]), answers({})) is OWN


def test_asks_nobody_when_its_own_is_the_preferred_one() -> None:
    own = Interpreter("/own/python", (3, 13, 2))

    def ask(command: Sequence[str]) -> Interpreter | None:
        raise AssertionError(f"{command} was asked")

    assert interpreters.choose(None, own, iter([["/other"]]), ask) is own


def test_a_named_one_wins() -> None:
    ask = answers({"/named": (3, 12, 1), "/right": (3, 13, 0)})
    assert interpreters.choose("/named", OWN, iter([["/right"]]), ask).minor == "3.12"


@pytest.mark.parametrize(
    ("known", "words"), [({}, "that is no Python"), ({"/named": (3, 10, 4)}, "3.11 or later is needed")]
)
def test_a_named_one_that_will_not_do_is_refused(known: dict[str, tuple[int, ...]], words: str) -> None:
    with pytest.raises(MissingToolError, match=words):
        interpreters.choose("/named", OWN, iter([]), answers(known))


@posix_only
def test_a_version_manager_s_stand_in_is_passed_over(tmp_path: Path) -> None:
    shim = script(tmp_path, "python3.13", "echo 'command not found in any version' >&2; exit 127")
    assert interpreters.probe([str(shim)]) is None


@posix_only
def test_a_talkative_impostor_is_passed_over(tmp_path: Path) -> None:
    assert interpreters.probe([str(script(tmp_path, "python3.13", "echo one; echo two"))]) is None
    assert interpreters.probe([str(script(tmp_path, "silent", "exit 0"))]) is None


def test_this_python_answers_with_its_version() -> None:
    found = interpreters.probe([sys.executable])
    assert found is not None
    assert found.version == sys.version_info[:3]


@posix_only
def test_looks_on_path_and_then_among_pyenv_s_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = [script(tmp_path / name, "python3.13", "exit 1") for name in ("one", "two")]
    versions = tmp_path / "pyenv" / "versions"
    by_pyenv = [script(versions / version / "bin", "python", "exit 1") for version in ("3.13.11", "3.13.2", "3.13.0")]
    script(versions / "3.12.1" / "bin", "python", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'one'}:{tmp_path / 'two'}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    assert list(interpreters.candidates()) == [[str(path)] for path in on_path + by_pyenv]


@pytest.mark.parametrize(
    ("text", "version"),
    [("v20.11.1\n", (20, 11, 1)), ("v23.0.0-nightly", (23, 0, 0)), ("20.1.1", None), ("", None)],
)
def test_reads_node_s_version(text: str, version: tuple[int, ...] | None) -> None:
    assert interpreters.node_version(text) == version


@posix_only
@pytest.mark.parametrize(("text", "words"), [("echo v18.19.0", "v18.19.0"), ("exit 1", "not working")])
def test_an_old_or_broken_node_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    node = script(tmp_path, "node", text)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=words) as problem:
        interpreters.require_node()
    assert str(node) in str(problem.value)
    assert "Node.js 20 or later" in str(problem.value)


@posix_only
def test_a_new_node_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = script(tmp_path, "node", "echo v20.0.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreters.require_node() == str(node)


def test_without_node_and_npm_it_says_where_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"nodejs\.org"):
        interpreters.require_node()
    with pytest.raises(MissingToolError, match=r"nodejs\.org"):
        interpreters.require_npm()
