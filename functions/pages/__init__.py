"""Pages for people, from the templates beside this file; words from `shared/messages/pages.json`."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.errors import Language

if TYPE_CHECKING:
    from jinja2 import Environment

    from functions.answers import Failure

_HERE = Path(__file__).parent
_WORDS = _HERE.parents[1] / "shared" / "messages" / "pages.json"
ASSETS: Mapping[str, str] = {
    "page.css": "text/css; charset=utf-8",
    "waiting.js": "text/javascript; charset=utf-8",
}


def render(template: str, language: Language, values: Mapping[str, str], failure: "Failure | None" = None) -> str:
    """The page's HTML. Everything from outside is escaped by the template engine."""
    page = _environment().get_template(f"{template}.html")
    sentences = failure.error.sentences(language) if failure else None
    return page.render(language=language, words=words(language), failure=failure, sentences=sentences, **values)


def asset(name: str) -> tuple[bytes, str] | None:
    """A file that pages refer to, with its content type; None if there is none such."""
    content_type = ASSETS.get(name)
    return ((_HERE / name).read_bytes(), content_type) if content_type else None


def words(language: Language) -> Mapping[str, str]:
    """The words of all pages in a language."""
    return _all_words()[language]


@cache
def _all_words() -> Mapping[Language, Mapping[str, str]]:
    raw: dict[str, dict[Language, str]] = json.loads(_WORDS.read_text(encoding="utf-8"))
    languages: tuple[Language, ...] = ("en", "zh-CN")
    return {language: {name: texts[language] for name, texts in raw.items()} for language in languages}


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415

    options: dict[str, Any] = {"autoescape": select_autoescape(default=True), "undefined": StrictUndefined}
    return Environment(loader=FileSystemLoader(_HERE), **options)  # noqa: S701 - autoescape is on, see options
