"""The day's joins as a funnel: how far visits came, by day and department. Counts only; small ones are hidden. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.identifiers import Role
from shared.presence.model import Source, State
from shared.visits.model import Phase, Visit

SMALLEST = 5
STAGES = ("launched", "page_opened", "devices_fine", "waiting", "admitted", "both_connected", "finished")


@dataclass(frozen=True)
class FunnelRow:
    """How many visits of a day and a department came to each stage; None where the number is too small to show."""

    day: date
    department: str
    counts: dict[str, int | None]

    @property
    def hidden(self) -> bool:
        """Whether any number is hidden."""
        return any(count is None for count in self.counts.values())


def funnel(visits: Iterable[Visit], first: date, last: date) -> tuple[FunnelRow, ...]:
    """The rows of all days from `first` to `last`, both included, in UTC."""
    counted: dict[tuple[date, str], Counter[str]] = {}
    for visit in visits:
        day = visit.created.date()
        if first <= day <= last:
            counted.setdefault((day, visit.department), Counter()).update(stages(visit))
    return tuple(
        FunnelRow(day, department, {stage: _shown(counts[stage]) for stage in STAGES})
        for (day, department), counts in sorted(counted.items())
    )


def stages(visit: Visit) -> frozenset[str]:
    """The stages that a visit came to."""
    reached = {"launched"}
    patients = [one for one in visit.participants.values() if one.role is Role.PATIENT]
    told = {(one.state, one.source) for patient in patients for one in patient.writebacks}
    states = {state for state, _ in told}
    clinicians = {
        one.state for person in visit.participants.values() if person.role is Role.PROVIDER for one in person.writebacks
    }
    if any(source is Source.PAGE for _, source in told):
        reached.add("page_opened")
    if any(patient.devices == "fine" for patient in patients):
        reached.add("devices_fine")
    if State.WAITING in states:
        reached.add("waiting")
    if State.CONNECTED in states:
        reached.add("admitted")
        if State.CONNECTED in clinicians:
            reached.add("both_connected")
    if visit.phase is Phase.SETTLED and State.CONNECTED in states:
        reached.add("finished")
    return frozenset(reached)


def _shown(count: int) -> int | None:
    return count if count == 0 or count >= SMALLEST else None
