"""A container of blobs and a queue of texts in memory; the container is held to the same tests as the real one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from azure.core.exceptions import ServiceRequestError

from shared.clock import Clock, utc_now
from shared.store.blobs import Blobs, Listed


class FakeBlobs(Blobs):
    """Texts under names; `down` makes it a storage that does not answer."""

    def __init__(self, now: Clock = utc_now) -> None:
        self.down = False
        self._now = now
        self.kept: dict[str, tuple[str, datetime, dict[str, str]]] = {}

    def write(self, name: str, text: str, facts: Mapping[str, str] | None = None) -> None:
        """Keep it."""
        self._answer()
        self.kept[name] = (text, self._now(), dict(facts or {}))

    def note(self, name: str, facts: Mapping[str, str]) -> None:
        """Other facts."""
        self._answer()
        if name in self.kept:
            self.kept[name] = (*self.kept[name][:2], dict(facts))

    def read(self, name: str) -> str | None:
        """The text."""
        self._answer()
        return self.kept[name][0] if name in self.kept else None

    def delete(self, name: str) -> None:
        """Gone."""
        self._answer()
        self.kept.pop(name, None)

    def all(self, *, hurried: bool = False) -> Iterator[Listed]:
        """Everything."""
        self._answer()
        for name, (_, written, facts) in sorted(self.kept.items()):
            yield Listed(name, written, facts)

    def _answer(self) -> None:
        if self.down:
            raise ServiceRequestError("storage is away")


class FakeTexts:
    """A queue: what was sent, and with which delay."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, timedelta]] = []

    def send(self, text: str, delay: timedelta) -> None:
        """Put it there."""
        self.sent.append((text, delay))
