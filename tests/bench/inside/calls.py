"""Bare status calls to an EHR: `python -m tests.bench.inside.calls URL AT_ONCE`; asked through stdin."""

from __future__ import annotations

import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx


def main() -> None:
    """For each line of a case and a count: so many calls, some at once, and the microseconds that one took."""
    url, at_once = sys.argv[1], int(sys.argv[2])
    numbers = itertools.count()
    with httpx.Client() as http, ThreadPoolExecutor(at_once) as pool:
        for line in sys.stdin:
            count = int(line.split()[1])
            began = time.perf_counter()
            for answer in pool.map(
                lambda number: http.get(url, params={"ConferenceID": f"bare-{number}"}),
                itertools.islice(numbers, count),
            ):
                answer.raise_for_status()
            sys.stdout.write(f"{(time.perf_counter() - began) / count * 1e6}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
