"""Pages and their words: every page in every language, no word missing, none unused, none that a script cannot find."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.pages import asset, render, words
from shared.errors import LANGUAGES, Language

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "functions" / "pages"
WORDS: dict[str, dict[str, str]] = json.loads((ROOT / "shared" / "messages" / "pages.json").read_text("utf-8"))
CLINIC = dict.fromkeys(("clinic_name", "clinic_sentence", "clinic_number", "clinic_logo"), "")
VALUES: dict[str, dict[str, str]] = {
    "waiting": {"visit": "abc", **CLINIC},
    "device_test": {"visit": "", **CLINIC},
    "board": {"visit": "abc"},
}
# What each page hands to its script, by the beginning of the word's name.
SCRIPTS = {"visit": ("say_", "help_", "check_"), "board": ("board_say_", "check_")}
PRODUCTS = ("Microsoft Teams", "Windows", "Android", "Safari", "Chrome", "Firefox", "Citrix", "EHR", "JavaScript")


def templates() -> str:
    return "\n".join(file.read_text("utf-8") for file in PAGES.glob("*.html"))


def in_scripts(folder: str) -> set[str]:
    code = "\n".join(file.read_text("utf-8") for file in (ROOT / "portal" / folder).glob("*.ts"))
    return {name for name in re.findall(r'"([a-z_]+)"', code) if name in WORDS}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", VALUES)
def test_every_page_in_every_language(template: str, language: Language) -> None:
    html = render(template, language, VALUES[template])
    assert f'<html lang="{language}" dir="ltr">' in html
    assert html.count("<h1>") == 1
    assert "{" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL), "a placeholder is left"


def test_no_page_has_a_script_or_style_in_it() -> None:
    """The content security policy would refuse them."""
    html = templates()
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", html) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", html) == []


def test_what_comes_from_settings_is_escaped() -> None:
    nasty = '"><script>alert(1)</script>'
    html = render("waiting", "en", {"visit": nasty, **dict.fromkeys(CLINIC, nasty)})
    assert "<script>alert" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_for_scripts_are_json_in_the_page(language: Language) -> None:
    html = render("waiting", language, VALUES["waiting"])
    found: dict[str, Any] = json.loads(html.partition('id="words">')[2].partition("</script>")[0])
    expected = {name: text for name, text in words(language).items() if name.startswith(SCRIPTS["visit"])}
    assert found == expected


def test_no_word_is_unused() -> None:
    used = set(re.findall(r"words\.([a-z_]+)", templates())) | in_scripts("visit") | in_scripts("board")
    assert set(WORDS) - used == set()


@pytest.mark.parametrize("folder", SCRIPTS)
def test_scripts_get_the_words_that_they_say(folder: str) -> None:
    assert {name for name in in_scripts(folder) if not name.startswith(SCRIPTS[folder])} == set()


@pytest.mark.parametrize("name", WORDS)
def test_both_languages_say_the_same(name: str) -> None:
    assert set(WORDS[name]) == set(LANGUAGES)
    texts = list(WORDS[name].values())
    assert all(text.strip() for text in texts)
    placeholders = [sorted(re.findall(r"\{\w+\}", text)) for text in texts]
    assert placeholders[0] == placeholders[1]
    products = [[product for product in PRODUCTS if product in text] for text in texts]
    assert products[0] == products[1], "names of products stay as they are"


@pytest.mark.parametrize(
    "name", ["../__init__.py", "__init__.py", "nothing.css", "base.html", "page.css/../page.css", ""]
)
def test_only_our_assets_are_served(name: str) -> None:
    assert asset(name) is None


def test_the_style_is_there_without_a_build() -> None:
    """Error pages must look right whatever else is missing."""
    found = asset("page.css")
    assert found is not None
    assert found[1].startswith("text/css")
