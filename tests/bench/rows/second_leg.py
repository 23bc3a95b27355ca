"""The second leg of a launch, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shared.identifiers import Role
from tests.bench.cost.story import Story
from tests.bench.cost.tally import EHR_STATUS, EHR_TOKENS, GRAPH, MESSAGES, TABLE_READS, TABLE_WRITES
from tests.bench.model import Row, Section, at_most
from tests.bench.setting import Setting

_CALLS, _OPERATIONS = 1, 2
_OUT = (EHR_TOKENS, EHR_STATUS, GRAPH)
_STORAGE = (TABLE_READS, TABLE_WRITES, MESSAGES)


def measure(setting: Setting) -> Iterator[Row]:
    """The meeting is there: the clinician again, and patients before and after call events came."""
    story = Story(setting.folder / "keys")
    story.open(1)
    yield from _rows("a patient who is there already", story.launch(Role.PATIENT, "CSN1", "PAT1", "2"))
    yield from _rows("the clinician again", story.launch(Role.PROVIDER, "CSN1", "PROV1", "1"))
    story.clock.forward(minutes=1)
    yield from _rows("a patient who is new", story.launch(Role.PATIENT, "CSN1", "PAT2", "2"))
    story.begin(2)
    yield from _rows("the clinician again, after call events", story.launch(Role.PROVIDER, "CSN2", "PROV1", "1"))


def _rows(who: str, cost: Counter[str]) -> Iterator[Row]:
    parts = ", ".join(f"{count} {what}" for what, count in sorted(cost.items()) if what in (*_OUT, *_STORAGE))
    yield at_most(f"{who}: calls out", "", (sum(cost[what] for what in _OUT),), _CALLS)
    yield at_most(f"{who}: storage operations", "", (sum(cost[what] for what in _STORAGE),), _OPERATIONS, parts)


SECTION = Section(
    "second-leg",
    "Launch, second leg",
    "The EHR has sent the browser back, and the visit's meeting is there already: what is asked of others until the "
    "browser is sent on. Counted through the real parts and stores, as under cost; a transaction is one operation.",
    measure,
)
