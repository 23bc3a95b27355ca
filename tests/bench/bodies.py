"""Requests to the door as files, sealed with the keys that the servers of the bench use."""

from __future__ import annotations

from pathlib import Path

from tests.bench import connections, notes, servers


def bodies(folder: Path) -> tuple[Path, Path]:
    """A single notification and a batch of 50."""
    connector = connections.connector(servers.values(folder))
    single, batch = folder / "single.json", folder / "batch.json"
    items = [notes.item(connector, visit) for visit in notes.visits(50)]
    single.write_bytes(notes.body(items[0]))
    batch.write_bytes(notes.body(*items))
    return single, batch
