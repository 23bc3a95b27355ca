"""What really happened, told anew: a diary of one person, kept moment by moment, to hold the connector's fold against.

It shares no line with `shared/presence`: that works on a set of signals, this walks through the day.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.presence.model import PAGE_LEG, Kind, Participant, State

What = Literal["page", "lobby", "in", "gone", "end"]
_ORDER: tuple[What, ...] = ("page", "lobby", "in", "gone", "end")
Story = list[tuple[State, datetime]]


@dataclass(frozen=True)
class Fact:
    """One thing that happened: to one leg, on our page, or to the whole call."""

    at: datetime
    what: What
    leg: str = ""


def story(facts: Iterable[Fact], debounce: timedelta) -> Story:
    """The states that a person went through, each with its moment."""
    where: dict[str, What] = {}
    since: dict[str, datetime] = {}
    page: datetime | None = None
    raw: Story = []
    in_order = sorted(set(facts), key=lambda fact: (fact.at, _ORDER.index(fact.what), fact.leg))
    for moment, together in itertools.groupby(in_order, key=lambda fact: fact.at):
        for fact in together:
            if fact.what == "page":
                page = moment
            elif fact.what == "end":
                for leg in [leg for leg, place in where.items() if place != "gone"]:
                    where[leg], since[leg] = "gone", moment
            else:
                where[fact.leg], since[fact.leg] = fact.what, moment
        state = _state(where, since, page)
        if state and (raw[-1][0] if raw else State.DISCONNECTED) is not state:
            raw.append((state, moment))
    return _steady(raw, debounce)


def _state(where: dict[str, What], since: dict[str, datetime], page: datetime | None) -> State | None:
    if "in" in where.values():
        return State.CONNECTED
    if "lobby" in where.values():
        return State.WAITING
    if not where:
        return State.WAITING if page else None
    return State.WAITING if page and page > max(since.values()) else State.DISCONNECTED


def _steady(raw: Story, debounce: timedelta) -> Story:
    """Without the absences that were too short to be any."""
    steady: Story = []
    ends = [at for _, at in raw[1:]]
    for (state, at), until in itertools.zip_longest(raw, ends):
        if state is State.DISCONNECTED and until is not None and until - at < debounce:
            continue
        if not steady or steady[-1][0] is not state:
            steady.append((state, at))
    return steady


def facts_known_of(person: Participant, ends: Iterable[datetime]) -> set[Fact]:
    """The facts that a stored participant's legs hold."""
    places: dict[Kind, What] = {Kind.LOBBY: "lobby", Kind.JOINED: "in", Kind.LEFT: "gone"}
    found = {
        Fact(signal.at, "page") if leg == PAGE_LEG else Fact(signal.at, places[signal.kind], leg)
        for leg, signals in person.legs.items()
        for signal in signals
    }
    return found | {Fact(end, "end") for end in ends}
