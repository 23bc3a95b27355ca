"""Bare sends to a queue: `python -m tests.bench.inside.sends CONNECTION QUEUE CHARACTERS`; asked through stdin.

Case `library` sends with the client library, case `host` as the local host does.
"""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from azure.storage.queue import QueueClient

from sandbox.host.sends import Sender

_AT_ONCE = 16


def main() -> None:
    """For each line of a case and a count: so many sends, 16 at once, and the microseconds that one took."""
    connection, queue, characters = sys.argv[1:]
    client = QueueClient.from_connection_string(connection, queue)
    text = base64.b64encode(b"x" * int(characters)).decode()
    ways: dict[str, Callable[[str], object]] = {"library": client.send_message, "host": Sender(client, _AT_ONCE).send}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for line in sys.stdin:
            way, count = line.split()
            send = ways[way]
            began = time.perf_counter()
            for _ in pool.map(send, [text] * int(count)):
                continue
            sys.stdout.write(f"{(time.perf_counter() - began) / int(count) * 1e6}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
