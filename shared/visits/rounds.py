"""A timer's round over the visits that are not settled: in turns where there are too many, and each on its own."""

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.errors import name_of
from shared.identifiers import ConnectionKey, VisitKey
from shared.telemetry import Event, log
from shared.visits.model import Visit
from shared.visits.ports import VisitStore

MOST_IN_ONE_ROUND = 5_000
"""So many visits are read in one round: some seconds of work, well under the time that a timer has."""
_EPOCH = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Rounds:
    """What a round is made with; `workers` visits are looked at side by side."""

    visits: VisitStore
    now: Clock
    workers: int = 8

    def go(
        self,
        function: str,
        every: timedelta,
        act: Callable[[Visit], None],
        first: Collection[ConnectionKey] = (),
    ) -> None:
        """Do it with every visit that is not settled, or with those whose turn it is.

        Args:
            function: the timer's name, for the log.
            every: the time from one round to the next.
            act: what to do. Trouble with one visit must not keep the others from it.
            first: connections whose visits have no turn to wait for.
        """
        number = (self.now() - _EPOCH) // every
        keys = whose_turn(self.visits.live(), number, first)

        def look(key: VisitKey) -> None:
            try:
                visit = self.visits.read(key)
                if visit:
                    act(visit)
            except Exception as failed:  # noqa: BLE001 - the next round tries again
                log(
                    Event.REQUEST_FAILED,
                    level=logging.ERROR,
                    function=function,
                    visit=key.session,
                    error_type=name_of(failed),
                )

        if self.workers == 1 or len(keys) < self.workers:
            for key in keys:
                look(key)
            return
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(look, keys))


def whose_turn(keys: Sequence[VisitKey], number: int, first: Collection[ConnectionKey] = ()) -> Sequence[VisitKey]:
    """The visits of one round: all, or of many each only every so many rounds. Pure.

    Which turn is whose follows from the visit's key alone, so that nothing has to be remembered.
    """
    turns = -(-len(keys) // MOST_IN_ONE_ROUND)
    if turns <= 1:
        return keys
    return [key for key in keys if key.connection in first or int(key.session[:12], 16) % turns == number % turns]
