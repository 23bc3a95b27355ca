"""Every failure a person can meet: one code, and its sentences in `messages/errors.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-CN")

_CATALOGUE = Path(__file__).with_name("messages") / "errors.json"


@dataclass(frozen=True)
class Sentences:
    """What is said of one failure in one language."""

    person: str
    administrator: str
    next_step: str


@dataclass(frozen=True)
class Entry:
    """One failure of the catalogue: its HTTP status and its sentences by language."""

    code: str
    status: int
    sentences: Mapping[Language, Sentences]


class ConnectorError(Exception):
    """A failure with a code of the catalogue.

    Args:
        code: a key of `messages/errors.json`.
        retry_after: seconds after which trying again may help, where that is known.
        **facts: values for the placeholders in the sentences. Never anything that names a person.
    """

    def __init__(self, code: str, *, retry_after: int | None = None, **facts: str) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.facts = facts

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return catalogue()[self.code].status

    def sentences(self, language: Language) -> Sentences:
        """The three sentences in the language, with this failure's facts filled in."""
        plain = catalogue()[self.code].sentences[language]
        facts = _Facts(self.facts)
        return Sentences(
            person=plain.person.format_map(facts),
            administrator=plain.administrator.format_map(facts),
            next_step=plain.next_step.format_map(facts),
        )


def name_of(error: Exception) -> str:
    """What a log line says of an error: its code, or its type. Never its text, in which there could be anything."""
    return error.code if isinstance(error, ConnectorError) else f"{type(error).__module__}.{type(error).__qualname__}"


class _Facts(dict[str, str]):
    """An unknown placeholder shows as a dash: a sentence with a gap beats a crash while reporting one."""

    def __missing__(self, key: str) -> str:
        return "-"


@cache
def catalogue() -> Mapping[str, Entry]:
    """The whole catalogue, by code."""
    raw = json.loads(_CATALOGUE.read_text(encoding="utf-8"))
    return {
        code: Entry(
            code=code,
            status=entry["status"],
            sentences={
                language: Sentences(
                    person=entry[language]["person"],
                    administrator=entry[language]["administrator"],
                    next_step=entry[language]["next"],
                )
                for language in LANGUAGES
            },
        )
        for code, entry in raw.items()
    }


@lru_cache(maxsize=256)
def language_of(accept_language: str) -> Language:
    """The language to answer in, from an Accept-Language header (RFC 9110 section 12.5.4)."""
    choices: list[tuple[float, int, Language]] = []
    for position, part in enumerate(accept_language.lower().split(",")[:20]):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().partition("-")[0]
        weight = parameters.strip().removeprefix("q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if not 0 < quality <= 1:
            continue
        if language == "zh":
            choices.append((-quality, position, "zh-CN"))
        elif language == "en":
            choices.append((-quality, position, "en"))
    return min(choices)[2] if choices else "en"
