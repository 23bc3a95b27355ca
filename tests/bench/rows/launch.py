"""The first leg of a launch, against the launch endpoints of the two packages called fhirclient."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlencode

from tests.bench import connections, servers
from tests.bench.model import Row, Section, at_least, at_most, ratios
from tests.bench.rows.host import grown, rates, side_by_side, tails
from tests.bench.setting import Setting, load_core
from tests.bench.wrk import Target

_TIMES, _TAIL, _MEGABYTES = 4, 1, 5
_PACED = (16, 160)
"""Connections, and the milliseconds that each rests between two launches: 100 launches a second in all."""
_PACED_SECONDS = 20
"""Else the 99th percentile would be one of the worst eight launches, which is chance."""


def measure(setting: Setting) -> Iterator[Row]:
    """Rates with all connections busy, tails at the same modest rate, then memory."""
    with contextlib.ExitStack() as stack:
        storage = stack.enter_context(servers.azurite(setting))
        ehr = stack.enter_context(servers.node(setting, "ehr.mjs", load_core()))
        more = {"STORAGE_CONNECTION": storage, "AzureWebJobsStorage": storage}
        ours = stack.enter_context(servers.functions(setting.folder, "--memory-queues", env=more))
        npm = stack.enter_context(servers.node(setting, "launch.mjs"))
        python = stack.enter_context(servers.python_peer(setting, "launch_app.py"))
        base_url = f"{ehr.url}/api/FHIR/R4"
        parts = connections.connector(servers.values(setting.folder, **more))
        key = connections.approved(parts, base_url)
        query = urlencode({"iss": base_url, "launch": "opaque-launch-token"})
        targets = [
            Target(f"{ours.url}/api/launch/{key.connection}/provider?{query}"),
            Target(f"{npm.url}/launch?{query}"),
            Target(f"{python.url}/launch?{query}"),
        ]
        yield from _rates(setting, targets)
        yield from _tails(setting, targets)
        yield from _memory(setting, list(zip((ours, npm, python), targets, strict=True)))


def _rates(setting: Setting, targets: list[Target]) -> Iterator[Row]:
    ours, npm, python = (rates(loads) for loads in side_by_side(setting, targets))
    yield Row("our first leg", "launches/s", ours)
    yield Row("npm `fhirclient`", "launches/s", npm)
    yield Row("PyPI `fhirclient`", "launches/s", python)
    yield at_least("our rate, of that of PyPI `fhirclient`", "times", ratios([*ours], [*python]), _TIMES)
    yield Row("our rate, of that of npm `fhirclient`", "", ratios([*ours], [*npm]), note="as near as it goes")


def _tails(setting: Setting, targets: list[Target]) -> Iterator[Row]:
    connections_, pause = _PACED
    ours, npm = (tails(loads) for loads in side_by_side(setting, targets[:2], connections_, pause, _PACED_SECONDS))
    yield Row("our 99th percentile at 100 launches a second", "ms", ours)
    yield Row("that of npm `fhirclient`", "ms", npm)
    yield at_most("our 99th percentile, of that of npm `fhirclient`", "times", ratios([*ours], [*npm]), _TAIL)


def _memory(setting: Setting, servers_: list[tuple[servers.Server, Target]]) -> Iterator[Row]:
    wanted = setting.choose(20_000, 1_000)
    ours, npm, python = (grown(setting, process, target, wanted) for process, target in servers_)
    yield at_most("memory grown, our first leg", "MB", (ours[0],), _MEGABYTES, f"over {ours[1]:,} launches")
    yield Row("memory grown, npm `fhirclient`", "MB", (npm[0],), note=f"over {npm[1]:,} launches")
    yield Row("memory grown, PyPI `fhirclient`", "MB", (python[0],), note=f"over {python[1]:,} launches")


SECTION = Section(
    "launch",
    "Launch, first leg",
    "From the EHR's button to the redirect to the EHR's authorise endpoint. Ours in the local host with Azurite; npm "
    "`fhirclient` behind express with its session in memory, and PyPI `fhirclient` behind flask and waitress, both as "
    "their documents show. An EHR that only answers and the load share the other core. Rates with 16 connections that "
    "are always busy; 99th percentiles at 100 launches a second spread over 16 connections, because a tail says "
    "something only where the server is not overrun.",
    measure,
)
