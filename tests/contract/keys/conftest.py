"""The stamp's keys, in files and in a vault: what each process sees of them, and the clock that all share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from shared.http import client
from shared.keys import Keys, LocalKeys
from shared.vault import Vault
from shared.vault_keys import VaultKeys
from tests.support.fakes import Clock
from tests.support.vault import RESOURCE, TOKEN, VaultServer


class FakeWrappedKey:
    """The blob that the wrapped data key lies in."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.lost_races = 0

    def read(self) -> str | None:
        """The text."""
        return self.text

    def add(self, text: str) -> str:
        """The first one stays."""
        if self.text is not None:
            self.lost_races += 1
        self.text = self.text or text
        return self.text


@dataclass
class Stamp:
    """A stamp: `process` makes the keys as one more process sees them."""

    process: Callable[[], Keys]
    clock: Clock = field(default_factory=Clock)
    slept: list[float] = field(default_factory=list)


@dataclass
class VaultStamp(Stamp):
    """A stamp with a vault."""

    server: VaultServer = field(kw_only=True)
    wrapped: FakeWrappedKey = field(default_factory=FakeWrappedKey)


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """A client for calls out."""
    with client() as made:
        yield made


@pytest.fixture
def vault(http: httpx.Client) -> Iterator[VaultStamp]:
    """A stamp whose vault is empty at first."""
    clock = Clock()
    server = VaultServer(clock)
    wrapped, slept = FakeWrappedKey(), list[float]()

    def process() -> VaultKeys:
        made = Vault(http, {RESOURCE: TOKEN}.__getitem__, server.url, slept.append)
        return VaultKeys(made, wrapped, clock, slept.append)

    yield VaultStamp(process, clock, slept, server=server, wrapped=wrapped)
    server.close()


@pytest.fixture(params=["files", "vault"])
def stamp(request: pytest.FixtureRequest, tmp_path: Path) -> Stamp:
    """Either kind."""
    if request.param == "vault":
        found: VaultStamp = request.getfixturevalue("vault")
        return found
    clock = Clock()
    return Stamp(lambda: LocalKeys(tmp_path / "made" / "on first use", clock), clock)
