"""Requests to the door as files, sealed with the keys that the servers of the bench use."""

from __future__ import annotations

from pathlib import Path

from shared.settings import Settings
from shared.wiring import Connector
from tests.bench import notes, servers


def bodies(folder: Path) -> tuple[Path, Path]:
    """A single notification and a batch of 50."""
    settings = Settings.model_validate({name.lower(): value for name, value in servers.values(folder).items()})
    connector = Connector(settings)
    single, batch = folder / "single.json", folder / "batch.json"
    single.write_bytes(notes.body(notes.item(connector, notes.new_visit())))
    batch.write_bytes(notes.body(*(notes.item(connector, notes.new_visit()) for _ in range(50))))
    return single, batch
