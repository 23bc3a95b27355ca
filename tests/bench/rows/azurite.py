"""The door behind the local host with Azurite, against bare sends to the same queue."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from azure.storage.queue import QueueClient

from tests.bench import connections, servers
from tests.bench.bodies import bodies
from tests.bench.model import Row, Section, at_least, ratios
from tests.bench.rounds import Timed
from tests.bench.setting import Setting
from tests.bench.wrk import Target

_LEAST = 0.9
_QUEUE = "notifications"
_SLEEPING = ("work_notifications", "park_notifications", "deliver_writebacks", "park_writebacks")


def measure(setting: Setting) -> Iterator[Row]:
    """Sixteen at once on either side, in turn; the queue is emptied in between."""
    single, _ = bodies(setting.folder)
    with servers.azurite(setting) as storage:
        more = {"STORAGE_CONNECTION": storage, "AzureWebJobsStorage": storage}
        asleep = {f"AzureWebJobs.{name}.Disabled": "1" for name in _SLEEPING}
        parts = connections.connector(servers.values(setting.folder, **more))
        size = len(parts.take_in(json.loads(single.read_bytes())).message)
        queue = QueueClient.from_connection_string(storage, _QUEUE)
        queue.create_queue()
        words = [sys.executable, "-m", "tests.bench.inside.sends", storage, _QUEUE, str(size)]
        with servers.functions(setting.folder, env=more | asleep) as ours, Timed(words) as sends:
            target = Target(f"{ours.url}/api/graph/notifications", single)
            target.once()
            door: list[float] = []
            bare: dict[str, list[float]] = {"library": [], "host": []}
            for run in range(setting.runs + 1):
                queue.clear_messages()
                rate = target.load(setting.choose(6, 3)).rate
                for way, found in bare.items():
                    queue.clear_messages()
                    microseconds = sends.microseconds(way, setting.choose(1_500, 1_000))
                    if run:
                        found.append(1e6 / microseconds)
                if run:
                    door.append(rate)
    library, host = bare.values()
    yield Row("bare sends with the client library", "messages/s", tuple(library), note=f"{size} characters each")
    yield Row("bare sends as the local host sends", "messages/s", tuple(host))
    yield Row("the door", "requests/s", tuple(door))
    name = "rate of the door, of that of the bare sends"
    yield at_least(f"{name} with the client library", "", ratios(door, library), _LEAST)
    yield Row(f"{name} as the local host sends", "", ratios(door, host))


SECTION = Section(
    "azurite",
    "The door behind the local host, with Azurite",
    "As before, but every notification goes to a queue of Azurite before it is answered, and nobody works it off. "
    "Beside it 16 threads that only send messages of the same size to the same queue: with `azure-storage-queue`, and "
    "with the bare POST by which the local host sends. The host and the bare sender each on one core, Azurite and the "
    "load on the other.",
    measure,
)
