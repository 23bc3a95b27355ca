"""Counts tests from the JUnit files that pytest writes."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Counts:
    """Tests that passed, failed (errors included) and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def line(self) -> str:
        """The last line of `dev.py test`."""
        return f"{self.passed} passed, {self.failed} failed"


def read_counts(file: Path) -> Counts | None:
    """What one run of pytest says; None if it did not live to write it, or wrote half."""
    try:
        # Written by our own pytest a moment ago: no hostile XML here.
        root = ET.parse(file).getroot()  # noqa: S314
    except (OSError, ET.ParseError):
        return None
    return sum((_of_suite(suite) for suite in root.iter("testsuite")), Counts())


def total(runs: Iterable[Counts | None]) -> Counts:
    """All runs together; one without an account of itself counts as a failure."""
    return sum((run or Counts(failed=1) for run in runs), Counts())


def _of_suite(suite: ET.Element) -> Counts:
    tests, failures, errors, skipped = (
        int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    # A test that passed and whose teardown failed is reported once as a test and once as an error.
    return Counts(max(0, tests - failed - skipped), failed, skipped)
