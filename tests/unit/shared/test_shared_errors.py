"""The catalogues: complete in both languages, used to the last sentence, and nothing used that is not there."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from shared.errors import LANGUAGES, ConnectorError, catalogue, language_of

ROOT = Path(__file__).resolve().parents[3]
MESSAGES = ROOT / "shared" / "messages"
ERRORS: dict[str, Any] = json.loads((MESSAGES / "errors.json").read_text(encoding="utf-8"))
FINDINGS: dict[str, Any] = json.loads((MESSAGES / "findings.json").read_text(encoding="utf-8"))
PAGES: dict[str, Any] = json.loads((MESSAGES / "pages.json").read_text(encoding="utf-8"))
HAN = re.compile(r"[\u4e00-\u9fff]")


@cache
def sources() -> tuple[ast.Module, ...]:
    files = [file for folder in ("shared", "functions") for file in (ROOT / folder).rglob("*.py")]
    return tuple(ast.parse(file.read_text(encoding="utf-8")) for file in files)


@cache
def texts() -> frozenset[str]:
    """Every string of the source that stands by itself."""
    nodes = (node for module in sources() for node in ast.walk(module))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def raised() -> Iterator[tuple[str, frozenset[str]]]:
    """Every code that the source makes an error with, and the facts that it gives along."""
    for module in sources():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ConnectorError":
                facts = frozenset(keyword.arg or "" for keyword in node.keywords)
                yield from ((code, facts) for code in codes(node.args[0]))


def codes(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from codes(node.body)
        yield from codes(node.orelse)
    elif isinstance(node, ast.Call) and len(node.args) == 2:
        yield from codes(node.args[1])


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_is_complete_in_both_languages(code: str) -> None:
    entry = ERRORS[code]
    assert set(entry) == {"status", *LANGUAGES}
    assert 400 <= entry["status"] < 500 or entry["status"] == 503
    for language in LANGUAGES:
        assert set(entry[language]) == {"person", "administrator", "next"}
        for sentence in entry[language].values():
            assert sentence.strip() == sentence != ""
            assert bool(HAN.search(sentence)) == (language == "zh-CN")
            assert sentence.endswith("." if language == "en" else "。")
    for member in ("person", "administrator", "next"):
        assert placeholders(entry["en"][member]) == placeholders(entry["zh-CN"][member])
    assert placeholders(entry["en"]["person"]) == [] or code == "wrong_environment"


@pytest.mark.parametrize("code", FINDINGS)
def test_a_finding_is_complete_in_both_languages(code: str) -> None:
    entry = FINDINGS[code]
    assert set(entry) == {"severity", *LANGUAGES}
    for language in LANGUAGES:
        assert set(entry[language]) == {"said", "change"}
        assert entry[language]["said"]
        assert bool(HAN.search(entry[language]["said"])) == (language == "zh-CN")
    assert bool(entry["en"]["change"]) == bool(entry["zh-CN"]["change"])
    if entry["severity"] in {"problem", "warning"}:
        assert entry["en"]["change"]


@pytest.mark.parametrize("name", PAGES)
def test_words_of_pages_are_there_in_both_languages(name: str) -> None:
    assert set(PAGES[name]) == set(LANGUAGES)
    if name.startswith("other_language"):  # the way to the other language is written in the other language
        assert PAGES[name]["en"] != PAGES[name]["zh-CN"]
        return
    assert HAN.search(PAGES[name]["zh-CN"])
    assert not HAN.search(PAGES[name]["en"])


def test_every_code_in_the_source_is_in_the_catalogue() -> None:
    found = {code for code, _ in raised()}
    assert len(found) > 40
    assert found - ERRORS.keys() == set()


def test_every_code_of_the_catalogue_is_used() -> None:
    assert ERRORS.keys() - texts() == set()
    assert FINDINGS.keys() - texts() == set()


def test_whoever_raises_an_error_gives_the_facts_that_its_sentences_want() -> None:
    wanted = {
        code: {name for sentence in entry["en"].values() for name in placeholders(sentence)}
        for code, entry in ERRORS.items()
    }
    lacking = {(code, *(wanted[code] - facts)) for code, facts in raised() if wanted[code] - facts}
    assert lacking == set()


def test_pages_use_every_word_and_no_other() -> None:
    templates = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "functions" / "pages").glob("*.html"))
    not_words = {"items", "html"}
    assert set(re.findall(r"\bwords\.(\w+)", templates)) - not_words <= set(PAGES)
    scripts = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("visit", "board")
        for file in (ROOT / "portal" / folder).glob("*.ts")
    )
    named = re.findall(r"\w+", templates + scripts)
    # A script may put a name together from a prefix and a state: `device_` + "camera".
    prefixes = set(re.findall(r"[`\"](\w+_)(?:\$\{|\"|`)", scripts))
    unused = {name for name in PAGES.keys() - set(named) if not name.startswith(tuple(prefixes) or ("?",))}
    assert unused == set()


def test_every_code_is_reached_by_name_in_some_test() -> None:
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))
    assert {code for code in ERRORS if f'"{code}"' not in tests} == set()


def test_a_code_that_is_not_there_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        _ = ConnectorError("no_such_code").status


def test_facts_are_filled_in_and_a_missing_one_is_a_dash() -> None:
    error = ConnectorError("wrong_environment", launched="test", expected="production")
    for language in LANGUAGES:
        told = error.sentences(language)
        assert "{" not in told.person + told.administrator + told.next_step
        assert "production" in told.administrator + told.person
    assert "-" in ConnectorError("body_invalid").sentences("en").administrator


def test_facts_are_not_looked_into() -> None:
    error = ConnectorError("body_invalid", detail="{0.__class__} {detail} {")
    assert "{0.__class__} {detail} {" in error.sentences("en").administrator


def test_the_catalogue_is_the_file() -> None:
    assert set(catalogue()) == set(ERRORS)
    assert all(ConnectorError(code).status == entry["status"] for code, entry in ERRORS.items())


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("de", "en"),
        ("de,fr;q=0.9", "en"),
        ("en-GB", "en"),
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("ZH-cn", "zh-CN"),
        ("zh-Hant-TW", "zh-CN"),
        ("de, zh;q=0.3", "zh-CN"),
        ("en;q=0.5, zh;q=0.8", "zh-CN"),
        ("zh;q=0.5, en;q=0.8", "en"),
        ("zh;q=0.8, en;q=0.8", "zh-CN"),
        ("en, zh", "en"),
        ("zh;q=0", "en"),
        ("zh ; q=0.9, en;q=0.1", "zh-CN"),
        ("zh;q=nan", "en"),
        ("zh;q=inf", "en"),
        ("zh;q=-1", "en"),
        ("zh;q=x", "en"),
        ("zha", "en"),
        ("zh" + ",zh" * 10_000, "zh-CN"),
        (";;;,,,q=,=;", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_most(header: str, language: str) -> None:
    assert language_of(header) == language
