"""Timer functions: each at its times in UTC, never twice at once, and missed times are not made up for."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from sandbox.host.model import Function, HostError, TimerInfo, TimerTrigger
from sandbox.host.schedule import Schedule, ScheduleError, parse
from sandbox.host.settings import resolve_names

LOG = logging.getLogger("host.timers")

# Sleep in slices, so that a changed clock or a sleeping laptop is noticed.
LONGEST_SLEEP = 30.0
LATE = timedelta(seconds=5)

Run = Callable[[Function, TimerInfo], Awaitable[bool]]


class Timer:
    """Runs one timer function."""

    def __init__(self, function: Function, trigger: TimerTrigger, environ: dict[str, str], run: Run) -> None:
        self._function = function
        self._run_on_startup = trigger.run_on_startup
        self._run = run
        self._last: datetime | None = None
        self._current: asyncio.Task[bool] | None = None
        self._schedule = _schedule(function.name, resolve_names(trigger.schedule, environ))

    async def keep_time(self) -> None:
        """Run the function at each of its times, until cancelled."""
        if self._run_on_startup:
            await self._fire_whole(past_due=False)
        while True:
            due = self._schedule.after(datetime.now(UTC))
            if due is None:
                LOG.warning("The schedule of '%s' has no time ahead", self._function.name)
                return
            await _sleep_until(due)
            await self._fire_whole(past_due=datetime.now(UTC) - due > LATE)

    async def _fire_whole(self, *, past_due: bool) -> None:
        """Run the function so that the end of the host's own loop does not cut it short."""
        self._current = asyncio.create_task(self.fire(past_due=past_due))
        await asyncio.shield(self._current)

    async def fire(self, *, past_due: bool) -> bool:
        """Run the function now."""
        now = datetime.now(UTC)
        following = self._schedule.after(now)
        info = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {
                "Last": (self._last or now).isoformat(),
                "LastUpdated": (self._last or now).isoformat(),
                "Next": following.isoformat() if following else "",
            },
            "IsPastDue": past_due,
        }
        self._last = now
        return await self._run(self._function, TimerInfo(json.dumps(info)))


def _schedule(function: str, expression: str) -> Schedule:
    try:
        return parse(expression)
    except ScheduleError as error:
        raise HostError(f"The timer of '{function}' cannot be set: {error}.") from error


async def _sleep_until(due: datetime) -> None:
    while True:
        left = (due - datetime.now(UTC)).total_seconds()
        if left <= 0:
            return
        await asyncio.sleep(min(left, LONGEST_SLEEP))
