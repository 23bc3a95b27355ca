"""At which size each limit of the platform is met. Sources: the services' published limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.visits.rounds import MOST_IN_ONE_ROUND
from tests.bench.cost.prices import BUSY, OPEN, pages, timer_reads
from tests.bench.cost.tally import EHR_STATUS, EHR_TOKENS, GRAPH, ROWS_WRITTEN, TABLE_READS, TABLE_WRITES

_PARTITION_ROWS_PER_SECOND = 2_000
_ACCOUNT_REQUESTS_PER_SECOND = 20_000
_QUEUE_MESSAGES_PER_SECOND = 2_000
_NOTIFICATIONS = 8
_GRAPH_CALLS_PER_SECOND = 13_000
_MEETINGS_OF_A_USER = 2_000
_SUBSCRIPTIONS = 10_000
_CALL_RECORDS, _CALL_RECORDS_SECONDS, _CALL_RECORD_TRIES = 1_500, 20, 3
_CALLS_AT_ONCE, _EHR_SECONDS = 12, 0.2


@dataclass(frozen=True)
class Limit:
    """One limit, the size at which it is met, and what to do there."""

    what: str
    reached: float
    unit: str
    then: str


def all_of(per_visit: Mapping[str, float], reads_per_live: Mapping[str, float]) -> Iterator[Limit]:
    """Every limit, in visits a month unless it says otherwise."""

    def month(visits_per_second: float) -> float:
        return round(visits_per_second * 3600 / BUSY.value)

    storage = per_visit[TABLE_READS] + per_visit[TABLE_WRITES] + pages() + timer_reads(reads_per_live)
    yield Limit(
        f"table partition, {_PARTITION_ROWS_PER_SECOND:,} rows a second: rows that one visit writes in all",
        per_visit[ROWS_WRITTEN],
        "rows",
        "never met: every visit is a partition of its own, and a tenant's list of open visits gets two rows a visit",
    )
    yield Limit(
        f"storage account, {_ACCOUNT_REQUESTS_PER_SECOND:,} requests a second",
        month(_ACCOUNT_REQUESTS_PER_SECOND / storage),
        "visits a month",
        "then a second stamp in the geography; open pages and timers are the larger part",
    )
    yield Limit(
        f"queue `notifications`, {_QUEUE_MESSAGES_PER_SECOND:,} messages a second",
        month(_QUEUE_MESSAGES_PER_SECOND / _NOTIFICATIONS),
        "visits a month",
        "then a second stamp in the geography",
    )
    yield Limit(
        f"timers, {MOST_IN_ONE_ROUND:,} visits in one round",
        round(MOST_IN_ONE_ROUND / OPEN.value / BUSY.value),
        "visits a month",
        "then visits take turns: at twice that a timer looks at each of them at every other run",
    )
    yield Limit(
        f"Graph, {_GRAPH_CALLS_PER_SECOND:,} calls a second of one app",
        month(_GRAPH_CALLS_PER_SECOND / per_visit[GRAPH]),
        "visits a month",
        "then calls wait: `429` with `Retry-After` is respected, tenant by tenant; an app registration of its own for "
        "each geography has a limit of its own",
    )
    yield Limit(
        f"Graph, {_MEETINGS_OF_A_USER:,} meetings a month of one user",
        _MEETINGS_OF_A_USER,
        "visits a month",
        "only where one shared account organises: let clinicians organise, or give connections accounts of their own",
    )
    yield Limit(
        f"Graph, {_SUBSCRIPTIONS:,} subscriptions of one organisation at once",
        round(_SUBSCRIPTIONS / OPEN.value / BUSY.value),
        "visits a month of one tenant",
        "then visits go on without live events, and attendance reports tell of them afterwards",
    )
    yield Limit(
        f"Graph, {_CALL_RECORDS:,} call records in {_CALL_RECORDS_SECONDS} seconds of one app and tenant, each asked "
        f"for {_CALL_RECORD_TRIES} times at most",
        month(_CALL_RECORDS / _CALL_RECORDS_SECONDS / _CALL_RECORD_TRIES),
        "visits a month of one tenant",
        "only with `reconcile.callRecords`: then that tenant rests for as long as Graph asks, and the next rounds "
        "go on",
    )
    yield Limit(
        f"EHR that takes {_EHR_SECONDS * 1000:.0f} ms for a call, {_CALLS_AT_ONCE} at once from one instance",
        month(_CALLS_AT_ONCE / _EHR_SECONDS / (per_visit[EHR_STATUS] + per_visit[EHR_TOKENS])),
        "visits a month and instance",
        "more instances of `deliver_writebacks` come by themselves; ask the hospital what its EHR takes",
    )
