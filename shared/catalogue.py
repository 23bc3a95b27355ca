"""Sentences of one kind of finding, from a file of `messages/`: what was found and what to change, by language."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.errors import Language

_MESSAGES = Path(__file__).with_name("messages")


@dataclass(frozen=True)
class Said:
    """What a finding means, and what to change; the second is empty where nothing need be."""

    said: str
    change: str


def said(kind: str, code: str, language: Language) -> Said:
    """The sentences of one code. Raises KeyError for a code that the file does not have."""
    found = entries(kind)[code][language]
    return Said(found["said"], found["change"])


@cache
def entries(kind: str) -> Mapping[str, Any]:
    """All entries of one file of `messages/`."""
    found: Mapping[str, Any] = json.loads((_MESSAGES / f"{kind}.json").read_text(encoding="utf-8"))
    return found
