"""Installing only what has changed: stamps, jobs, failures; and the environment that children get."""

from pathlib import Path

import pytest

from sandbox.dev import environment
from sandbox.dev.environment import Job, SetupError
from sandbox.dev.interpreters import Interpreter
from sandbox.dev.stopping import Stop, StopRequestedError

SANDBOX = environment.NODE_PROJECTS[0]
PYTHON = Interpreter("/some/python", (3, 13, 0))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "requirements-dev.txt").write_text("one==1\ntwo==2\n")
    (tmp_path / "sandbox" / "node_modules").mkdir(parents=True)
    (tmp_path / "sandbox" / "package-lock.json").write_text("{}")
    return tmp_path


def install_venv(tree: Path) -> None:
    python = environment.venv_python(tree, PYTHON)
    python.parent.mkdir(parents=True)
    python.write_text("")
    wanted = environment.fingerprint([tree / "requirements-dev.txt"], "3.13")
    (environment.venv_folder(tree, PYTHON) / ".requirements.sha256").write_text(wanted + "\n")


def test_fingerprint_sees_content_name_and_extras_but_not_line_ends(tmp_path: Path) -> None:
    one, same = tmp_path / "a.txt", tmp_path / "elsewhere" / "a.txt"
    same.parent.mkdir()
    one.write_bytes(b"x==1\ny==2\n")
    same.write_bytes(b"x==1\r\ny==2\r\n")
    other = tmp_path / "b.txt"
    other.write_bytes(one.read_bytes())
    first = environment.fingerprint([one], "3.13")
    assert first == environment.fingerprint([same], "3.13")
    assert first != environment.fingerprint([other], "3.13")
    assert first != environment.fingerprint([one], "3.12")
    one.write_bytes(b"x==1\ny==3\n")
    assert first != environment.fingerprint([one], "3.13")


def test_is_current_takes_only_the_same_stamp(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    assert not environment.is_current(stamp, "abc")
    stamp.write_text("abc\n")
    assert environment.is_current(stamp, "abc")
    assert not environment.is_current(stamp, "abd")
    stamp.write_bytes(b"\xff\xfe")
    assert not environment.is_current(stamp, "abc")


def test_a_current_virtual_environment_is_left_alone(tree: Path) -> None:
    assert environment.venv_job(tree, PYTHON, tree / "logs", Stop()) is not None
    install_venv(tree)
    assert environment.venv_job(tree, PYTHON, tree / "logs", Stop()) is None


def test_a_changed_pin_is_installed(tree: Path) -> None:
    install_venv(tree)
    (tree / "requirements-dev.txt").write_text("one==9\n")
    assert environment.venv_job(tree, PYTHON, tree / "logs", Stop()) is not None


def test_a_virtual_environment_whose_python_has_gone_is_made_again(tree: Path) -> None:
    install_venv(tree)
    environment.venv_python(tree, PYTHON).unlink()
    assert environment.venv_job(tree, PYTHON, tree / "logs", Stop()) is not None


def test_node_modules_follow_the_lock_file(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "require_npm", lambda: "npm")
    assert environment.npm_job(tree, SANDBOX, tree / "logs", Stop()) is not None
    wanted = environment.fingerprint([tree / "sandbox" / "package-lock.json"])
    (tree / "sandbox" / "node_modules" / ".package-lock.sha256").write_text(wanted)
    assert environment.npm_job(tree, SANDBOX, tree / "logs", Stop()) is None
    (tree / "sandbox" / "package-lock.json").write_text('{"changed": true}')
    assert environment.npm_job(tree, SANDBOX, tree / "logs", Stop()) is not None


def test_what_is_built_follows_its_sources(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "require_npm", lambda: "npm")
    project = environment.NodeProject("pages", "pages", ("pages",), makes="made")
    for folder in ("pages/src", "pages/node_modules", "made"):
        (tree / folder).mkdir(parents=True)
    source = tree / "pages" / "src" / "one.ts"
    source.write_text("1")

    def is_to_be_built() -> bool:
        return environment.build_job(tree, project, tree / "logs", Stop()) is not None

    assert is_to_be_built()
    (tree / "made" / ".sources.sha256").write_text(environment.fingerprint([source]))
    assert not is_to_be_built()
    (tree / "pages" / "node_modules" / "other.js").write_text("not a source")
    assert not is_to_be_built()
    source.write_text("2")
    assert is_to_be_built()


def test_all_jobs_run_and_a_failed_one_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "one.log"
    log.write_text("the reason\n")
    done: list[str] = []

    def fail() -> None:
        raise SetupError("pip ended with exit code 1")

    jobs = [Job("one", log, fail), Job("two", tmp_path / "two.log", lambda: done.append("two"))]
    with pytest.raises(SetupError, match="not complete"):
        environment.install(tmp_path, lambda: jobs, Stop())
    printed = capsys.readouterr().out
    assert done == ["two"]
    assert "one: FAILED (pip ended with exit code 1)" in printed
    assert "| the reason" in printed
    assert "two: installed" in printed


def test_what_another_run_has_installed_meanwhile_is_not_installed_again(tmp_path: Path) -> None:
    def run() -> None:
        raise AssertionError("ran")

    asked: list[list[Job | None]] = [[Job("one", tmp_path / "one.log", run)], [None]]
    environment.install(tmp_path, lambda: asked.pop(0), Stop())
    assert asked == []


def test_an_interrupted_set_up_is_no_failed_one(tmp_path: Path) -> None:
    stop = Stop()

    def run() -> None:
        stop.parent_gone = True
        stop.check()

    with pytest.raises(StopRequestedError):
        environment.install(tmp_path, lambda: [Job("one", tmp_path / "one.log", run)], stop)


def test_an_unforeseen_error_is_not_swallowed(tmp_path: Path) -> None:
    def run() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        environment.install(tmp_path, lambda: [Job("one", tmp_path / "one.log", run)], Stop())


def test_children_are_spared_our_python_path_and_proxies_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.setenv("KEPT", "yes")
    env = environment.child_environment()
    assert "PYTHONPATH" not in env
    assert env["KEPT"] == "yes"
    assert env["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,::1"
