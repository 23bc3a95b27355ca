"""docs/reliability.md: each promise has tests, and they are there."""

from tests.unit.docs.evidence import EVIDENCE, ROOT, missing, named, unclear

TEXT = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_every_file_and_test_is_there_and_meant_clearly() -> None:
    names = named(TEXT)
    assert unclear(names) == []
    assert missing(names) == []


def test_every_promise_has_a_test() -> None:
    promises = TEXT.partition("## What is promised, and what shows it")[2].partition("\n## ")[0]
    rows = [line for line in promises.splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) == 8
    assert all(any(test for _, test in EVIDENCE.findall(row)) for row in rows)
