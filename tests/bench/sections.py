"""All sections, in the order in which they are measured and shown."""

from tests.bench.rows import act, azurite, cold_start, cost, door, drain, host, launch, rich, second_leg

ALL = (
    door.SECTION,
    host.SECTION,
    azurite.SECTION,
    rich.SECTION,
    launch.SECTION,
    second_leg.SECTION,
    act.SECTION,
    drain.SECTION,
    cold_start.SECTION,
    cost.SECTION,
)
