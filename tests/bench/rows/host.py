"""The door behind the local host: with a queue in memory against an empty function; its memory; a batch of 50."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench import servers
from tests.bench.bodies import bodies
from tests.bench.model import Row, Section, at_least, at_most, ratios
from tests.bench.setting import Setting, resident
from tests.bench.wrk import Load, Target

_RATE, _TAIL, _BATCH, _MEGABYTES = 0.7, 3, 5, 5


def measure(setting: Setting) -> Iterator[Row]:
    """Rates and tails side by side, then memory over a long run."""
    single, batch = bodies(setting.folder)
    with servers.functions(setting.folder, "--memory-queues") as ours, servers.empty_functions() as empty:
        door = f"{ours.url}/api/graph/notifications"
        targets = [Target(f"{empty.url}/api/empty", single), Target(door, single), Target(door, batch)]
        nothing, one, fifty = side_by_side(setting, targets)
        yield Row("empty function", "requests/s", rates(nothing))
        yield Row("the door", "requests/s", rates(one))
        yield at_least("rate of the door, of the empty function's", "", ratios([*rates(one)], [*rates(nothing)]), _RATE)
        yield Row("99th percentile of the empty function", "ms", tails(nothing))
        yield Row("99th percentile of the door", "ms", tails(one))
        tail = ratios([*tails(one)], [*tails(nothing)])
        yield at_most("99th percentile of the door, as a multiple of the empty function's", "times", tail, _TAIL)
        cost = ratios([*rates(one)], [*rates(fifty)])
        yield at_most("a batch of 50, as a multiple of a single notification", "times", cost, _BATCH)
        yield _memory(setting, ours, targets[1])


def side_by_side(
    setting: Setting, targets: list[Target], connections: int = 16, pause_ms: int = 0, seconds: int = 8
) -> list[list[Load]]:
    """The loads of each target, run by run, each of so many seconds; one target after the other within each run."""
    for target in targets:
        target.once()
        target.load(setting.choose(3, 1), connections, pause_ms)
    found: list[list[Load]] = [[] for _ in targets]
    for _ in range(setting.runs):
        for place, target in enumerate(targets):
            found[place].append(target.load(setting.choose(seconds, 2), connections, pause_ms))
    return found


def rates(loads: list[Load]) -> tuple[float, ...]:
    """Requests per second."""
    return tuple(load.rate for load in loads)


def tails(loads: list[Load]) -> tuple[float, ...]:
    """99th percentiles, in milliseconds."""
    return tuple(load.p99 for load in loads)


def grown(setting: Setting, process: servers.Server, target: Target, wanted: int) -> tuple[float, int]:
    """By how many MB a warm server grows while it answers so many requests; and how many it answered."""
    target.load(setting.choose(10, 3))
    before, asked = resident(process.pid), 0
    while asked < wanted:
        asked += target.load(setting.choose(10, 2)).requests
    return resident(process.pid) - before, asked


def _memory(setting: Setting, ours: servers.Server, target: Target) -> Row:
    megabytes, asked = grown(setting, ours, target, setting.choose(200_000, 5_000))
    return at_most("memory grown, door", "MB", (megabytes,), _MEGABYTES, f"over {asked:,} requests")


SECTION = Section(
    "host",
    "The door behind the local host, queue in memory",
    "`wrk` with 16 connections on one core; on the other the local host with its output queues in memory "
    "(`--memory-queues`), and the same host with an asynchronous function that answers 202 and does nothing else; in "
    "turn, with the same body. Memory is the resident set of the host's process, after a warm-up.",
    measure,
)
