"""What is counted: operations that are paid for or limited."""

from __future__ import annotations

from collections import Counter

TABLE_READS = "table reads"
"""One row, or one page of a query."""
TABLE_WRITES = "table writes"
"""One row, or one transaction of several."""
ROWS_WRITTEN = "rows written"
"""What a partition's limit is counted in."""
QUEUE = "queue operations"
"""Sending, taking, deleting: one each."""
MESSAGES = "queue messages"
GRAPH = "Graph calls"
EHR_TOKENS = "EHR token calls"
EHR_STATUS = "EHR status calls"
DOOR = "HTTP requests"
"""Launches, callbacks, page requests and notifications: executions of HTTP functions."""
WORKERS = "queue executions"

ALL = (
    DOOR,
    WORKERS,
    TABLE_READS,
    TABLE_WRITES,
    ROWS_WRITTEN,
    MESSAGES,
    QUEUE,
    GRAPH,
    EHR_TOKENS,
    EHR_STATUS,
)


class Tally:
    """Counts by what is counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, what: str, number: int = 1) -> None:
        """Count."""
        self.counts[what] += number

    def taken(self) -> Counter[str]:
        """What was counted since the last time."""
        found, self.counts = self.counts, Counter()
        return found
