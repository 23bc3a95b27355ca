"""What one visit costs in operations, whether that stays the same, and what follows for a month and for each limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.bench.cost import limits, prices
from tests.bench.cost.story import Story
from tests.bench.cost.tally import ALL, TABLE_READS
from tests.bench.model import NO_TARGET, Row, Section, at_most
from tests.bench.setting import Setting

_SIZES = (10, 100, 1_000, 10_000)
_FLAT = 1.05


def measure(setting: Setting) -> Iterator[Row]:
    """Visits one after the other; then the timers over live ones; then the arithmetic."""
    sizes = _SIZES[: setting.choose(4, 2)]
    story = Story(setting.folder / "keys")
    means = _per_visit(story, sizes)
    for what in ALL:
        yield Row(f"{what} of one visit", "", tuple(means[size][what] for size in sizes), note=_named(sizes))
    totals = {size: sum(mean.values()) for size, mean in means.items()}
    grown = totals[sizes[-1]] / totals[sizes[0]]
    yield at_most(f"all of it at {sizes[-1]:,} visits, as a multiple of that at 10", "times", (grown,), _FLAT)
    reads = _per_live(setting, setting.choose(200, 40))
    for name, count in reads.items():
        yield Row(f"`{name}`: table reads of one run for each live visit", "", (count,))
    yield Row("an open page: table reads of one request", "", (_per_request(setting),))
    per_visit = means[sizes[-1]]
    for size in prices.SIZES:
        yield _month(prices.month(size, per_visit, reads))
    for limit in limits.all_of(per_visit, reads):
        yield Row(limit.what, limit.unit, (limit.reached,), NO_TARGET, note=limit.then)


def _per_visit(story: Story, sizes: tuple[int, ...]) -> Mapping[int, Counter[str]]:
    """The operations of one visit, as the mean of all visits between one size and the next."""
    means: dict[int, Counter[str]] = {}
    done = 0
    for size in sizes:
        whole: Counter[str] = Counter()
        for number in range(done, size):
            key = story.begin(number)
            story.finish()
            whole += story.tally.taken()
            if not story.settled(key):
                raise RuntimeError(f"visit {number} did not go as it should")
            story.tally.taken()
        means[size] = Counter({what: count / (size - done) for what, count in whole.items()})
        done = size
    return means


def _per_live(setting: Setting, visits: int) -> Mapping[str, float]:
    """What each timer reads for one more live visit."""
    story = Story(setting.folder / "keys")
    runs = []
    for count in (visits // 4, visits):
        while len(story.parts.visit_store.live()) < count:
            story.open(count * 1000 + len(story.parts.visit_store.live()))
        runs.append((count, story.timers()))
    (few, first), (many, second) = runs
    return {name: (second[name][TABLE_READS] - first[name][TABLE_READS]) / (many - few) for name in first}


def _per_request(setting: Setting) -> float:
    story = Story(setting.folder / "keys")
    key, participant = story.open(0)
    story.tally.taken()
    story.parts.reception.view(key, participant)
    return story.tally.taken()[TABLE_READS]


def _month(month: prices.Month) -> Row:
    parts = ", ".join(f"{name} {cost:,.2f}" for name, cost in month.parts.items())
    return Row(f"a month of {month.visits:,} visits", "USD", (round(month.total, 2),), note=parts)


def _named(sizes: tuple[int, ...]) -> str:
    return "means of " + ", ".join(f"{size:,}" for size in sizes) + " visits"


SECTION = Section(
    "cost",
    "Cost and limits",
    "One visit of two people with one rejoin, through the connector's real parts and stores; tables, queue, Graph and "
    "EHR are in memory and count. Money is counts times the assumptions below, which are examples: put your own in.",
    measure,
)
