"""The list of checks: which steps there are, for which Python, and how they are summed up."""

from pathlib import Path

import pytest

from sandbox.dev import checks, interpreters
from sandbox.dev.checks import CheckOptions, Result, Step
from sandbox.dev.interpreters import Interpreter
from sandbox.dev.stopping import Stop

NEW = Interpreter("/new/python", (3, 13, 0))
OLD = Interpreter("/old/python", (3, 11, 7))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("unit", "contract", "faults/real", "e2e"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    (tmp_path / "tests" / "e2e" / "test_one.py").touch()
    (tmp_path / "dev.py").touch()
    return tmp_path


def steps(options: CheckOptions, pythons: list[Interpreter], chromium: str | None) -> dict[str, Step]:
    groups = checks.all_steps(options, pythons, "node", chromium)
    return {step.name: step for lanes in groups for lane in lanes for step in lane}


def test_everything_is_checked_and_the_tests_on_both_pythons(tree: Path) -> None:
    found = steps(CheckOptions(tree, pytest=("-k", "x")), [NEW, OLD], "/chromium")
    assert list(found) == [
        "format (ruff)",
        "lint (ruff)",
        "types (mypy)",
        "types of the entry points (mypy)",
        "import contracts (import-linter)",
        "sandbox: format and lint (biome)",
        "sandbox: types (tsc)",
        "unit and contract tests, Python 3.13",
        "unit and contract tests, Python 3.11",
        "end-to-end tests",
        "faults with real processes",
    ]
    browser_tests = found["end-to-end tests"]
    assert browser_tests.env["CHROMIUM_PATH"] == "/chromium"
    assert browser_tests.env["TEST_OUTPUT"] == str(tree / "test-output")
    assert not browser_tests.pointless
    assert list(browser_tests.command[-2:]) == ["-k", "x"]
    old_tests = found["unit and contract tests, Python 3.11"]
    assert ".venv-3.11" in old_tests.command[0]
    files = {step.junit for step in found.values() if step.junit}
    assert len(files) == 4
    new_tests = found["unit and contract tests, Python 3.13"]
    assert "tests/faults" in new_tests.command
    assert "--ignore=tests/faults/real" in new_tests.command
    assert "tests/faults" not in old_tests.command


def test_fast_leaves_the_browser_out(tree: Path) -> None:
    assert "end-to-end tests" not in steps(CheckOptions(tree, fast=True), [NEW], None)


def test_without_a_browser_its_tests_are_pointless_but_not_forgotten(tree: Path) -> None:
    assert steps(CheckOptions(tree), [NEW], None)["end-to-end tests"].pointless == "no browser"


def test_the_summary_names_each_step_and_what_went_wrong() -> None:
    results = [Result("lint", 1.25, "ok"), Result("types", 30.0, "failed"), Result("e2e", 0, "not run: no browser")]
    assert checks.summary(results, 40).splitlines() == [
        "  lint             1.2 s  ok",
        "  types           30.0 s  failed",
        "  e2e              0.0 s  not run: no browser",
        "  all together    40.0 s  2 of 3 steps not ok",
    ]
    assert "every step ok" in checks.summary(results[:1], 1)


def test_all_steps_run_although_one_fails(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tree / "step.py"
    script.write_text("import sys; print('said'); sys.exit(int(sys.argv[1]))")
    python = interpreters.own_interpreter()

    def three(*_: object) -> list[list[list[Step]]]:
        run = [python.path, str(script)]
        junit = tree / "test-output" / "none.xml"
        return [[[Step("one", [*run, "3"])], [Step("two", [*run, "0"])]], [[Step("three", [*run, "0"], junit=junit)]]]

    monkeypatch.setattr(interpreters, "require_node", lambda: "node")
    monkeypatch.setattr(checks, "_prepare", lambda *_: None)
    monkeypatch.setattr(checks, "all_steps", three)
    assert checks.run_checks(CheckOptions(tree), Stop()) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith(("ok", "failed"))] in (
        [["failed", "one"], ["ok", "two"], ["ok", "three"]],
        [["ok", "two"], ["failed", "one"], ["ok", "three"]],
    )
    assert any("1 of 3 steps not ok" in line for line in lines)
    assert lines[-1] == "0 passed, 1 failed"
    assert (tree / "test-output" / "steps" / "one.log").read_text().strip() == "said"
