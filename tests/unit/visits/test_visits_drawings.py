"""The state machines drawn in docs/presence.md against the code: every edge drawn occurs, and none other does.

What occurs is found by letting very many small stories happen, the same ones in every run.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

from shared.presence.fold import fold
from shared.presence.model import PAGE_LEG, Kind, Legs, Signal, Source, State, Status, Writeback
from shared.visits.who import CallEvent, LegSignal
from tests.support.fakes import DELIVERED, LATER, NEVER, START
from tests.support.house import DEBOUNCE, GUEST, House, entra

PRESENCE = Path(__file__).parents[3] / "docs" / "presence.md"
BEGIN = "[*]"
DOC = entra("oid-1")
Edges = Mapping[tuple[str, str], frozenset[str]]
_EDGE = re.compile(r"^ *(\S+) --> (\S+?)(?:: (.+))?$", re.MULTILINE)
_NAME = re.compile(r"^ *(\w+): (.+)$", re.MULTILINE)
_DRAWING = re.compile(r"```mermaid\nstateDiagram-v2\n(.*?)```", re.DOTALL)


def drawn(number: int) -> Edges:
    """The edges of a drawing, each with the words on it."""
    text = _DRAWING.findall(PRESENCE.read_text(encoding="utf-8"))[number]
    names = dict(_NAME.findall(text))
    edges: dict[tuple[str, str], frozenset[str]] = {}
    for begin, end, words in _EDGE.findall(text):
        edge = (names.get(begin, begin), names.get(end, end))
        assert edge not in edges, f"drawn twice: {edge}"
        edges[edge] = frozenset(word.strip() for word in words.split(",") if word)
    return edges


@cache
def steps_that_occur() -> frozenset[tuple[str, str]]:
    """From which state to which the fold leads."""
    chance = Random(1)  # noqa: S311 - a seeded story, no secret
    found: set[tuple[str, str]] = set()
    for _ in range(800):
        legs: dict[str, set[Signal]] = defaultdict(set)
        for _ in range(chance.randint(0, 6)):
            leg = chance.choice(["a", "b", PAGE_LEG])
            kind = Kind.LOBBY if leg == PAGE_LEG else chance.choice(list(Kind))
            legs[leg].add(Signal(START + timedelta(seconds=chance.randint(0, 100)), kind))
        ends = [START + timedelta(seconds=50)] * chance.randint(0, 1)
        told: Legs = {leg: frozenset(signals) for leg, signals in legs.items()}
        states = [BEGIN, *(step.state.value for step in fold(told, ends, DEBOUNCE))]
        found |= set(pairwise(states))
    return frozenset(found)


def test_the_states_of_a_participant_are_drawn_as_they_are() -> None:
    assert set(drawn(0)) == steps_that_occur()


class Story:
    """One clinician, one patient, one EHR, a few things by chance; and what became of each writeback."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - a seeded story, no secret
        self.house = House(waiting_takes_time=False)
        self.house.teller.stamps_time = self.chance.random() < 0.7
        if self.chance.random() < 0.3:
            self.house.teller.vocabulary = frozenset({State.CONNECTED, State.DISCONNECTED})
        self.house.patient_launch()
        self.house.provider_launch()
        self.legs = 0
        acts = [self.signal, self.signal, self.signal, self.work, self.work, self.wait, self.replay, self.meanwhile]
        for _ in range(self.chance.randint(2, 14)):
            self.house.teller.otherwise = self.chance.choice([DELIVERED, DELIVERED, LATER, LATER, NEVER])
            self.chance.choice(acts)()

    def event(self) -> CallEvent:
        """Something happened a short while ago, or long ago."""
        ago = self.chance.choice([0, 0, 0, 5, 15, 30, 400, 3600, 50_000])
        at = max(self.house.clock() - timedelta(seconds=ago), START)
        source = self.chance.choice([Source.CALL_EVENTS, Source.CALL_EVENTS, Source.ATTENDANCE_REPORT])
        who, leg = self.chance.choice([(GUEST, "a"), (GUEST, "b"), (DOC, "p"), (DOC, "q")])
        signal = Signal(at, self.chance.choice(list(Kind)), source)
        return CallEvent(at, (LegSignal(leg, signal, who),))

    def signal(self) -> None:
        """An event arrives."""
        self.house.attendance.note(self.house.key(), [self.event()])

    def work(self) -> None:
        """What is due is delivered; sometimes only after the debounce."""
        self.house.clock.forward(self.chance.choice([0, 1, 25]))
        self.house.work()

    def wait(self) -> None:
        """Time passes, and the sweep runs."""
        self.house.clock.forward(self.chance.choice([1, 10, 30, 400, 3 * 3600, 50_000]))
        self.house.upkeep.sweep()

    def replay(self) -> None:
        """An administrator sends again what was given up."""
        for key, one in self.house.visit().participants.items():
            for writeback in one.writebacks:
                if writeback.status is Status.GIVEN_UP:
                    self.house.outbox.replay((self.house.key(), key, writeback.sequence))

    def meanwhile(self) -> None:
        """An event arrives while the EHR is being called."""
        event = self.event()

        def arrives(_: object) -> None:
            self.house.teller.while_telling = lambda message: None
            self.house.attendance.note(self.house.key(), [event])

        self.house.teller.while_telling = arrives
        self.work()
        self.house.teller.while_telling = lambda message: None

    def changes(self) -> list[tuple[str, str, str]]:
        """From which status to which, and with what reason, for every write of every writeback."""
        found: list[tuple[str, str, str]] = []
        for before, after in self.house.visits.history:
            for key, one in after.participants.items():
                old = before.participants.get(key) if before else None
                known = {writeback.sequence: writeback for writeback in old.writebacks} if old else {}
                found += [_change(known.get(writeback.sequence), writeback) for writeback in one.writebacks]
        return [change for change in found if change[0] != change[1] or change[2] == "tried"]


def _change(old: Writeback | None, new: Writeback) -> tuple[str, str, str]:
    again = old is not None and old.status is new.status and old.attempts != new.attempts
    return (old.status.value if old else BEGIN, new.status.value, "tried" if again else new.reason)


@cache
def statuses_that_occur() -> Edges:
    """From which status to which writebacks go, with the reasons of those that are not needed."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for seed in range(700):
        for begin, end, reason in Story(seed).changes():
            found[begin, end].add(reason)
    return {edge: frozenset(reasons) for edge, reasons in found.items()}


def test_the_statuses_of_a_writeback_are_drawn_as_they_are() -> None:
    assert set(drawn(1)) == set(statuses_that_occur())


def test_why_a_writeback_is_not_needed_is_drawn_as_it_is() -> None:
    pictured = {edge: words for edge, words in drawn(1).items() if edge[1] == Status.NOT_NEEDED.value != edge[0]}
    occur = {edge: words for edge, words in statuses_that_occur().items() if edge in pictured}
    assert {edge: sorted(words - pictured[edge]) for edge, words in occur.items()} == {edge: [] for edge in pictured}
    assert frozenset().union(*pictured.values()) == frozenset().union(*occur.values())
