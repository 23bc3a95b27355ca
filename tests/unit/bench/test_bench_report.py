"""The bench's own words: what a verdict rests on, and how tables come into the document."""

import json
from pathlib import Path

import pytest

from tests.bench.model import Row, at_least, at_most, ratios
from tests.bench.report import into_document, markdown, write
from tests.bench.sections import ALL
from tests.bench.setting import ROOT


def test_the_median_decides_and_the_spread_is_shown() -> None:
    assert at_most("x", "ms", (1.0, 9.0, 2.0), 2).verdict == "ok"
    assert at_most("x", "ms", (1.0, 2.5, 9.0), 2).verdict == "missed"
    assert at_least("x", "", (0.6, 0.7, 0.9), 0.7).verdict == "ok"
    assert at_least("x", "", (0.6, 0.69, 0.9), 0.7).verdict == "missed"
    assert Row("x", "ms", (3.0, 1.0, 2.0)).measured == "2 ms (1 to 3)"
    assert Row("x", "ms", (3.0,)).measured == "3 ms"
    assert Row("x", "ms", (3.0,)).verdict == ""


def test_each_run_is_compared_with_its_neighbour() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == (2.0, 3.0)
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0], [1.0, 2.0])


def test_the_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# P\n<!-- bench: a -->\nold\n<!-- end -->\nkept\n<!-- bench: b -->\n<!-- end -->\n", "utf-8")
    into_document(document, {"a": markdown([at_most("w", "ms", (1.0,), 2, "note")])})
    text = document.read_text("utf-8")
    assert "old" not in text
    assert "| w | at most 2 ms | 1 ms, note | ok |\n<!-- end -->\nkept\n<!-- bench: b -->\n<!-- end -->\n" in text
    with pytest.raises(ValueError, match="0 places for 'c'"):
        into_document(document, {"c": ""})


def test_results_are_written_for_machines_too(tmp_path: Path) -> None:
    section = ALL[0]
    write(tmp_path, {"processor": "p"}, ALL, {section.name: [at_least("w", "", (1.0, 2.0, 4.0), 3)]})
    found = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    assert found["machine"] == {"processor": "p"}
    row = found["sections"][section.name][0]
    assert (row["median"], row["ok"], row["verdict"], row["runs"]) == (2.0, False, "missed", [1.0, 2.0, 4.0])
    assert section.title in (tmp_path / "bench.md").read_text("utf-8")


def test_the_document_has_a_place_for_every_section() -> None:
    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    for name in ("machine", "assumptions", *(one.name for one in ALL)):
        assert text.count(f"<!-- bench: {name} -->") == 1, name
