"""The documents: links resolve, both READMEs say the same, and what they name exists in the code."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.connections.model import ConnectionSettings
from shared.errors import catalogue
from shared.telemetry import Event, Fields

ROOT = Path(__file__).parents[3]
DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE_WORD = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`")
_SOURCES = ("functions", "shared", "sandbox")
_SUFFIXES = (".py", ".ts", ".json")
_FORBIDDEN = (
    re.compile(r"(?<![\w.:/}…-])/(?:root|work|home|tmp|usr|mnt|Users)/"),
    re.compile(r"\b[A-Z]:\\"),
    re.compile(r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|yarnpkg|nuget)", re.IGNORECASE),
)


def _name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=_name)


def _text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _prose(document: Path) -> str:
    return _BLOCK.sub("", _text(document))


def _anchor(heading: str) -> str:
    """As repository hosts make it: lower case, punctuation left out, a dash for each space."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _headings(document: Path) -> list[tuple[int, str]]:
    return [(len(marks), text) for marks, text in re.findall(r"^(#+) (.+)$", _prose(document), re.MULTILINE)]


def _first_column(document: Path, header: str) -> list[str]:
    """The code words in the first column of every table whose first header is that."""
    found: list[str] = []
    inside = False
    for line in _prose(document).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == header:
            inside = True
        elif inside and cells[0].startswith("`"):
            found.append(cells[0].strip("`"))
    return found


def _source_words() -> Iterator[str]:
    for folder in _SOURCES:
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in _SUFFIXES and "node_modules" not in file.parts:
                yield from re.findall(r"[a-z0-9]+(?:_[a-z0-9]+)+", file.read_text(encoding="utf-8"))


def test_the_documents_that_the_code_refers_to_are_there() -> None:
    named = set()
    for folder in ("shared", "functions"):
        for file in (ROOT / folder).rglob("*.py"):
            named |= set(re.findall(r"docs/[\w./-]+\.md", file.read_text(encoding="utf-8")))
    assert "docs/settings.md" in named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@every_document
def test_links_resolve(document: Path) -> None:
    broken = []
    for target in _LINK.findall(_prose(document)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and anchor not in {_anchor(text) for _, text in _headings(file)}):
            broken.append(target)
    assert broken == []


@every_document
def test_nothing_forbidden(document: Path) -> None:
    text = _text(document)
    assert [pattern.pattern for pattern in _FORBIDDEN if pattern.search(text)] == []


@every_document
def test_one_title_and_no_level_left_out(document: Path) -> None:
    levels = [level for level, _ in _headings(document)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_both_readmes_say_the_same() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert [level for level, _ in _headings(english)] == [level for level, _ in _headings(chinese)]
    assert _BLOCK.findall(_text(english)) == _BLOCK.findall(_text(chinese))
    for pattern in (r"^\|", r"^\d+\. ", r"^- "):
        assert len(re.findall(pattern, _prose(english), re.MULTILINE)) == len(
            re.findall(pattern, _prose(chinese), re.MULTILINE)
        )


def test_both_readmes_link_to_the_same() -> None:
    def targets(document: Path) -> list[str]:
        found = [target.replace(".zh-CN.", ".") for target in _LINK.findall(_prose(document))]
        return [target.partition("#")[0] for target in found]

    assert targets(ROOT / "README.md") == targets(ROOT / "README.zh-CN.md")


def test_every_code_named_is_in_the_catalogue() -> None:
    named = [code for document in DOCUMENTS for code in _first_column(document, "Code")]
    assert len(named) > 10
    assert [code for code in named if code not in catalogue()] == []


def test_the_log_events_are_exactly_those_of_the_code() -> None:
    named = _first_column(ROOT / "docs" / "operations.md", "Event")
    assert named == [event.value for event in Event]


def test_the_log_fields_are_exactly_those_of_the_code() -> None:
    section = _prose(ROOT / "docs" / "privacy.md").partition("## Logs")[2].partition("Any other field")[0]
    assert re.findall(r"`(\w+)`", section) == list(Fields.__annotations__)


def test_every_name_in_code_letters_exists_in_the_code() -> None:
    known = set(_source_words())
    named = {(_name(document), word) for document in DOCUMENTS for word in _CODE_WORD.findall(_prose(document))}
    assert len(named) > 50
    assert sorted((name, word) for name, word in named if word not in known) == []


def test_the_connection_settings_are_exactly_those_of_the_code() -> None:
    section = _prose(ROOT / "docs" / "settings.md").partition("## A connection's own settings")[2]
    named = re.findall(r"^\| `([A-Za-z.]+)` \|", section, re.MULTILINE)
    assert sorted(named) == sorted(_leaves(ConnectionSettings().model_dump(mode="json", by_alias=True)))


def _leaves(value: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_the_functions_named_in_operations_exist() -> None:
    named = _first_column(ROOT / "docs" / "operations.md", "Function")
    source = "".join(_text(file) for file in (ROOT / "functions").glob("*.py"))
    assert named
    assert [name for name in named if f'function_name("{name}")' not in source] == []


def test_decisions_are_numbered_without_gaps() -> None:
    files = sorted(DECISIONS.glob("*.md"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))


@pytest.mark.parametrize("decision", sorted(DECISIONS.glob("*.md")), ids=_name)
def test_each_decision_has_its_parts(decision: Path) -> None:
    headings = _headings(decision)
    assert headings[0][1].startswith(f"{decision.name[:4]}. ")
    assert [text for _, text in headings[1:]] == ["Context", "Options", "Decision", "Consequences"]
    assert re.search(r"^Status: (accepted|replaced by \[)", _text(decision), re.MULTILINE)


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").glob("*.svg")), ids=_name)
def test_each_picture_has_words_for_those_who_do_not_see_it(picture: Path) -> None:
    text = _text(picture)
    assert re.search(r"<title[^>]*>[^<]+</title>", text)
    assert re.search(r"<desc[^>]*>[^<]+</desc>", text)
    assert "prefers-color-scheme: dark" in text
