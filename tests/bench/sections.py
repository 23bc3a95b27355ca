"""All sections, in the order in which they are measured and shown."""

from tests.bench.rows import azurite, cold_start, door, host, launch, rich

ALL = (door.SECTION, host.SECTION, azurite.SECTION, rich.SECTION, launch.SECTION, cold_start.SECTION)
