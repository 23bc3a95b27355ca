"""Pages for people, from the templates beside this file; words from `shared/messages/pages.json`."""

import hashlib
import json
import re
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
_BUILT = _HERE / "assets"
_ASSET = re.compile(r"[a-z0-9_\-]{1,60}\.(css|js|svg|png)")
_CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def render(template: str, language: Language, values: Mapping[str, str], failure: "Failure | None" = None) -> str:
    """The page's HTML. Everything from outside is escaped by the template engine."""
    page = _environment().get_template(f"{template}.html")
    sentences = failure.error.sentences(language) if failure else None
    return page.render(language=language, words=words(language), failure=failure, sentences=sentences, **values)


def asset(name: str) -> tuple[bytes, str] | None:
    """A file that pages refer to, with its content type; None if there is none such.

    Most are built from `portal/visit` and `portal/board` into `assets`; plain ones lie beside this module.
    """
    if not _ASSET.fullmatch(name):
        return None
    for folder in (_BUILT, _HERE):
        file = folder / name
        if file.is_file():
            return file.read_bytes(), _CONTENT_TYPES[file.suffix]
    return None


@cache
def asset_url(name: str) -> str:
    """The address of a file that a page refers to; it changes with the content, so that no old one is met."""
    found = asset(name)
    return f"/api/assets/{name}?v={hashlib.sha256(found[0]).hexdigest()[:12] if found else ''}"


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
    made = Environment(loader=FileSystemLoader(_HERE), **options)  # noqa: S701 - autoescape is on, see options
    # Pages are UTF-8: escapes would make Chinese twice as long as it is.
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    made.globals["asset"] = asset_url
    return made
