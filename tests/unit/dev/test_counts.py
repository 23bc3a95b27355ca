"""Counting tests from JUnit files."""

from pathlib import Path

import pytest

from sandbox.dev.counts import Counts, read_counts, total

SUITES = """<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">
<testsuite name="pytest" errors="1" failures="2" skipped="3" tests="20" time="1.2"/></testsuites>"""


def test_reads_what_pytest_writes(tmp_path: Path) -> None:
    file = tmp_path / "run.xml"
    file.write_text(SUITES)
    assert read_counts(file) == Counts(passed=14, failed=3, skipped=3)


@pytest.mark.parametrize("text", ["", "<testsuites><testsuite tests='3'"])
def test_a_run_that_did_not_finish_is_no_account(tmp_path: Path, text: str) -> None:
    file = tmp_path / "run.xml"
    assert read_counts(file) is None
    file.write_text(text)
    assert read_counts(file) is None


def test_runs_are_added_and_a_missing_one_is_a_failure() -> None:
    runs = [Counts(passed=400, skipped=2), Counts(passed=11, failed=1)]
    assert total(runs).line() == "411 passed, 1 failed"
    assert total([*runs, None]).line() == "411 passed, 2 failed"
    assert total([]).line() == "0 passed, 0 failed"
