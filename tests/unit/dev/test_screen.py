"""What reaches the screen."""

import io
import sys
from pathlib import Path

import pytest

from sandbox.dev import screen


@pytest.mark.parametrize(
    "line",
    [
        "WARNING shared.ehr: slow",
        "2026-01-01 ERROR something",
        "azure.core.exceptions.ServiceRequestError: refused",
        "TypeError: x is not a function",
        "error: no such thing",
    ],
)
def test_trouble_is_shown(line: str) -> None:
    assert screen.is_important(line)


@pytest.mark.parametrize(
    "line",
    [
        "hospital ready at http://localhost:7081",
        "GET /interconnect-test-oauth/error 200",
        "(node:17) ExperimentalWarning: WARNING of something",
        "oidc-provider WARNING: Unsupported runtime. Use Node.js v22.x LTS",
        "",
    ],
)
def test_the_ordinary_is_not(line: str) -> None:
    assert not screen.is_important(line)


def test_the_same_again_is_shown_three_times(capsys: pytest.CaptureFixture[str]) -> None:
    notices = screen.Notices()
    for number in range(5):
        notices.show("functions", f"12:00:0{number} ERROR try {number} of 3f-{number}")
    notices.show("hospital", "12:00:09 ERROR try 1 of 3f-1")
    assert capsys.readouterr().out.splitlines() == [
        "[functions] 12:00:00 ERROR try 0 of 3f-0",
        "[functions] 12:00:01 ERROR try 1 of 3f-1",
        "[functions] 12:00:02 ERROR try 2 of 3f-2",
        "[functions] (more of this kind is only written to the log)",
        "[hospital] 12:00:09 ERROR try 1 of 3f-1",
    ]


def test_columns_are_aligned() -> None:
    assert screen.table([("a", "1"), ("long", "2")]) == "  a     1\n  long  2"


def test_the_end_of_a_log_is_shown_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "x.log"
    log.write_text("\n".join(f"line {number}" for number in range(30)))
    screen.show_end(log, 2)
    assert capsys.readouterr().out == f"    | line 28\n    | line 29\n    (all of it: {log})\n"
    assert screen.last_lines(tmp_path / "none.log", 5) == []


def test_a_terminal_that_has_gone_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdout", Gone())
    screen.say("anybody there?")


def test_a_terminal_without_unicode_gets_what_it_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    screen.say("starting …")
    assert raw.getvalue() == b"starting ?\n"
