"""The figures as JSON, as Markdown, on the screen, and in docs/performance.md between its marks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.bench.model import Row, Section

_HEAD = "| What | Target | Measured | Verdict |\n|---|---|---|---|\n"


def line(row: Row) -> str:
    """A row as the screen shows it."""
    verdict = f"  {row.verdict.upper()}" if row.verdict else ""
    target = f"  (target: {row.target})" if row.ok is not None else ""
    return f"  {row.what}: {row.measured}{target}{verdict}" + (f"  [{row.note}]" if row.note else "")


def markdown(rows: Sequence[Row]) -> str:
    """A section's table."""
    return _HEAD + "".join(
        f"| {row.what} | {row.target if row.ok is not None else ''} "
        f"| {row.measured}{f', {row.note}' if row.note else ''} | {row.verdict} |\n"
        for row in rows
    )


def write(
    folder: Path, machine: Mapping[str, str], sections: Sequence[Section], found: Mapping[str, Sequence[Row]]
) -> None:
    """`bench.md` and `bench.json`, of what has been measured so far."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f"# Bench\n\n{shape(machine)}"]
    parts += [f"## {one.title}\n\n{one.how}\n\n{markdown(found[one.name])}" for one in sections if one.name in found]
    (folder / "bench.md").write_text("\n".join(parts), "utf-8")
    rows = {
        name: [{**asdict(row), "median": row.median, "verdict": row.verdict} for row in of_section]
        for name, of_section in found.items()
    }
    (folder / "bench.json").write_text(
        json.dumps({"machine": machine, "sections": rows}, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )


def shape(machine: Mapping[str, str]) -> str:
    """The machine as a list."""
    return "".join(f"- {name}: {value}\n" for name, value in machine.items())


def into_document(document: Path, parts: Mapping[str, str]) -> None:
    """Put each part between `<!-- bench: name -->` and `<!-- end -->`. Raises ValueError if a mark is missing."""
    text = document.read_text("utf-8")
    for name, content in parts.items():
        pattern = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, times = pattern.subn(partial(_between, content), text)
        if times != 1:
            raise ValueError(f"{document.name} has {times} places for '{name}'")
    document.write_text(text, "utf-8")


def _between(content: str, found: re.Match[str]) -> str:
    return f"{found[1]}{content}{found[2]}"
