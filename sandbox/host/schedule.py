"""NCRONTAB schedules: six fields with seconds first, always in UTC (azure-functions timer trigger).

Unlike in cron, a day must fit both its day-of-month and its day-of-week field.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

# The longest gap between two runs of a schedule that has any: 29 February across a skipped leap year.
HORIZON_YEARS = 8


class ScheduleError(ValueError):
    """A schedule expression that cannot be read."""


@dataclass(frozen=True, slots=True)
class FieldKind:
    """The limits of one field, and its names if it has any."""

    name: str
    low: int
    high: int
    names: Sequence[str] = ()


FIELDS = (
    FieldKind("second", 0, 59),
    FieldKind("minute", 0, 59),
    FieldKind("hour", 0, 23),
    FieldKind("day", 1, 31),
    FieldKind("month", 1, 12, MONTHS),
    FieldKind("day of week", 0, 6, DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def after(self, moment: datetime) -> datetime | None:
        """The first run strictly after a moment, or None if there is none."""
        at = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        last_year = at.year + HORIZON_YEARS
        while at.year <= last_year:
            if at.month not in self.months:
                at = _midnight(at.replace(day=28) + timedelta(days=4)).replace(day=1)
            elif at.day not in self.days or at.isoweekday() % 7 not in self.weekdays:
                at = _midnight(at + timedelta(days=1))
            elif at.hour not in self.hours:
                at = at.replace(minute=0, second=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at = at.replace(second=0) + timedelta(minutes=1)
            elif at.second not in self.seconds:
                at += timedelta(seconds=1)
            else:
                return at
        return None


def parse(expression: str) -> Schedule:
    """Read six fields, or five, which then run at second 0."""
    fields = expression.split()
    if len(fields) == len(FIELDS) - 1:
        fields.insert(0, "0")
    if len(fields) != len(FIELDS):
        raise ScheduleError(f"'{expression}' is not a schedule of six fields: second minute hour day month day-of-week")
    return Schedule(*(_values(text, kind) for text, kind in zip(fields, FIELDS, strict=True)))


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0)


def _values(text: str, kind: FieldKind) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        values.update(_range(part, kind))
    return frozenset(values)


def _range(part: str, kind: FieldKind) -> range:
    span, slash, step_text = part.partition("/")
    step = 1
    if slash:
        if not step_text.isdecimal() or int(step_text) == 0:
            raise ScheduleError(f"'{part}' has no step that counts, in the field '{kind.name}'")
        step = int(step_text)
    if span == "*":
        return range(kind.low, kind.high + 1, step)
    first, dash, last = span.partition("-")
    low = _number(first, kind)
    # As NCRONTAB has it, "5/10" starts at 5 and goes on to the end of the field.
    high = _number(last, kind) if dash else kind.high if slash else low
    if high < low:
        raise ScheduleError(f"'{part}' runs backwards, in the field '{kind.name}'")
    return range(low, high + 1, step)


def _number(text: str, kind: FieldKind) -> int:
    if text.isdecimal() and kind.low <= int(text) <= kind.high:
        return int(text)
    short = text.lower()[:3]
    if short in kind.names:
        return kind.names.index(short) + kind.low
    raise ScheduleError(f"'{text}' is not a value from {kind.low} to {kind.high}, in the field '{kind.name}'")
