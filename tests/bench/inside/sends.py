"""Bare sends to a queue: `python -m tests.bench.inside.sends CONNECTION QUEUE CHARACTERS`; asked through stdin."""

from __future__ import annotations

import base64
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from azure.storage.queue import QueueClient

_AT_ONCE = 16


def main() -> None:
    """For each line of a case and a count: so many sends, 16 at once, and the microseconds that one took."""
    connection, queue, characters = sys.argv[1:]
    client = QueueClient.from_connection_string(connection, queue)
    text = base64.b64encode(b"x" * int(characters)).decode()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for line in sys.stdin:
            count = int(line.split()[1])
            began = time.perf_counter()
            for _ in pool.map(lambda _: client.send_message(text), range(count)):
                continue
            sys.stdout.write(f"{(time.perf_counter() - began) / count * 1e6}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
