"""What a month costs: counts per visit times prices that are examples, each in one list to be replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.visits.rounds import MOST_IN_ONE_ROUND
from tests.bench.cost.tally import DOOR, QUEUE, TABLE_READS, TABLE_WRITES, WORKERS

SIZES = (1_000, 100_000, 10_000_000)
_MONTH_HOURS = 730.0
_MONTH_SECONDS = _MONTH_HOURS * 3600
RUNS_PER_HOUR = {"sweep_writebacks": 60, "renew_subscriptions": 6, "settle_visits": 12, "reconcile_visits": 12}


@dataclass(frozen=True)
class Assumption:
    """One number that is nobody's measurement."""

    name: str
    value: float
    unit: str


EXECUTIONS = Assumption("function executions", 0.40, "USD per million")
COMPUTE = Assumption("compute on demand", 0.000026, "USD per GB and second")
ALWAYS_READY = Assumption("an always-ready instance", 0.000004, "USD per GB and second")
MEMORY = Assumption("memory of an instance", 2, "GB")
FLOOR = Assumption("shortest time billed for an execution that has its instance for itself", 1, "s")
TABLES = Assumption("table operations", 0.00036, "USD per 10,000")
QUEUES = Assumption("queue operations", 0.004, "USD per 10,000")
WRAPPED = Assumption("unwrapping and signing in Key Vault", 0.15, "USD per 10,000")
LOGS = Assumption("logs taken in", 2.5, "USD per GB")
LINE = Assumption("a log line with what the platform adds", 1.0, "KB")
WAITING = Assumption("minutes that a patient looks at the waiting page", 5, "minutes")
BOARD = Assumption("minutes that the arrival board is open for a visit", 2, "minutes")
OPEN = Assumption("time from a visit's first launch until it is settled", 1.2, "hours")
BUSY = Assumption("share of a month's visits that begins in its busiest hour", 1 / 150, "")
ASKED = Assumption("requests of an open page", 60, "per minute")
ALL = (
    EXECUTIONS,
    COMPUTE,
    ALWAYS_READY,
    MEMORY,
    FLOOR,
    TABLES,
    QUEUES,
    WRAPPED,
    LOGS,
    LINE,
    WAITING,
    BOARD,
    ASKED,
    OPEN,
    BUSY,
)
SHARING: Mapping[int, int] = {1_000: 1, 100_000: 4, 10_000_000: 16}
"""How many executions share an instance's time at each size: none when little happens, a full batch when much does."""
_CRYPTOGRAPHY, _LOG_LINES = 10, 30
_IDLE_QUEUES, _POLLS_PER_SECOND = 4, 2


@dataclass(frozen=True)
class Month:
    """What one month of so many visits costs, in USD, by part."""

    visits: int
    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.parts.values())


def month(visits: int, per_visit: Mapping[str, float], reads_per_live: Mapping[str, float]) -> Month:
    """The cost of a month.

    Args:
        visits: how many.
        per_visit: operations of one visit.
        reads_per_live: table reads of one run of each timer for each visit that is live.
    """
    asked = pages() * visits
    executions = (per_visit[DOOR] + per_visit[WORKERS]) * visits
    compute = COMPUTE.value * MEMORY.value * FLOOR.value / SHARING[visits]
    most = MOST_IN_ONE_ROUND * sum(RUNS_PER_HOUR.values()) * _MONTH_HOURS
    scans = min(timer_reads(reads_per_live) * visits, most)
    polls = _IDLE_QUEUES * _POLLS_PER_SECOND * _MONTH_SECONDS
    return Month(
        visits,
        {
            "executions of visits": executions * (EXECUTIONS.value / 1e6 + compute),
            "executions of open pages": asked * (EXECUTIONS.value / 1e6 + compute),
            "one always-ready instance": ALWAYS_READY.value * MEMORY.value * _MONTH_SECONDS,
            "tables, visits": (per_visit[TABLE_READS] + per_visit[TABLE_WRITES]) * visits * TABLES.value / 1e4,
            "tables, open pages": asked * TABLES.value / 1e4,
            "tables, timers": scans * TABLES.value / 1e4,
            "queues": (per_visit[QUEUE] * visits + polls) * QUEUES.value / 1e4,
            "Key Vault": _CRYPTOGRAPHY * visits * WRAPPED.value / 1e4,
            "logs": _LOG_LINES * LINE.value / 1e6 * visits * LOGS.value,
        },
    )


def pages() -> float:
    """Requests of the open pages of one visit."""
    return (WAITING.value + BOARD.value) * ASKED.value


def timer_reads(reads_per_live: Mapping[str, float]) -> float:
    """Table reads that timers spend on one visit while it is live."""
    return OPEN.value * sum(RUNS_PER_HOUR[name] * reads for name, reads in reads_per_live.items())


def live(visits: int) -> float:
    """How many visits are live at once in the busiest hour of a month."""
    return visits * BUSY.value * OPEN.value


def assumptions() -> str:
    """All of them, as a table."""
    rows = [f"| {one.name} | {one.value:.7g} {one.unit} |" for one in ALL]
    shared = ", ".join(f"{number} at {size:,} visits" for size, number in SHARING.items())
    rows += [
        f"| executions that share an instance's time | {shared} |",
        f"| keys used in Key Vault for a visit | {_CRYPTOGRAPHY} |",
        f"| log lines of a visit | {_LOG_LINES} |",
        f"| queues that are polled while nothing happens | {_IDLE_QUEUES}, {_POLLS_PER_SECOND} times a second |",
    ]
    return "| Assumption | Value |\n|---|---|\n" + "\n".join(rows) + "\n"
