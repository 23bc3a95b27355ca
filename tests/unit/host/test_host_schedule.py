"""NCRONTAB schedules."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.host.schedule import ScheduleError, parse

START = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", "2027-03-01T12:05:00"),
        ("*/10 * * * * *", "2027-03-01T12:00:10"),
        ("0 0 * * * *", "2027-03-01T13:00:00"),
        ("0 30 9 * * MON-FRI", "2027-03-02T09:30:00"),
        ("0 0 9 * * sat,0", "2027-03-06T09:00:00"),
        ("0 0 0 31 * *", "2027-03-31T00:00:00"),
        ("0 0 0 29 Feb *", "2028-02-29T00:00:00"),
        ("5/20 * * * * *", "2027-03-01T12:00:05"),
        ("10-12 * * * * *", "2027-03-01T12:00:10"),
        ("*/5 * * * *", "2027-03-01T12:05:00"),
        ("0 0 0 1 1 *", "2028-01-01T00:00:00"),
        # Both day fields must fit: the next 13th that is a Friday.
        ("0 0 0 13 * Fri", "2027-08-13T00:00:00"),
    ],
)
def test_next_run(expression: str, expected: str) -> None:
    after = parse(expression).after(START)
    assert after is not None
    assert after.isoformat() == f"{expected}+00:00"


def test_a_run_is_strictly_later_and_at_a_whole_second() -> None:
    every_second = parse("* * * * * *")
    assert every_second.after(START) == START + timedelta(seconds=1)
    assert every_second.after(START + timedelta(milliseconds=400)) == START + timedelta(seconds=1)


def test_times_are_utc_wherever_the_question_comes_from() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert parse("0 0 13 * * *").after(elsewhere) == START + timedelta(hours=1)


def test_a_day_that_never_comes() -> None:
    assert parse("0 0 0 30 2 *").after(START) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * * *",
        "* * 24 * * *",
        "* * * 0 * *",
        "* * * * 13 *",
        "* * * * * 7",
        "*/0 * * * * *",
        "*/x * * * * *",
        "5-2 * * * * *",
        "a * * * * *",
        "00:05:00",
        "-1 * * * * *",
    ],
)
def test_what_cannot_be_read(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse(expression)


@given(
    second=st.integers(0, 59),
    step=st.integers(1, 30),
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=3),
    weekday=st.integers(0, 6),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - strategies want naive bounds
)
def test_nothing_between_the_question_and_the_answer_fits(
    second: int, step: int, hours: list[int], weekday: int, start: datetime
) -> None:
    moment = start.replace(tzinfo=UTC)
    text = ",".join(str(hour) for hour in hours)
    found = parse(f"{second} */{step} {text} * * {weekday}").after(moment)
    assert found is not None
    assert (found.second, found.minute % step, found.isoweekday() % 7) == (second, 0, weekday)
    assert found.hour in hours
    minute = found - timedelta(minutes=1)
    while minute > moment and minute > found - timedelta(days=8):
        assert (minute.minute % step, minute.hour in hours, minute.isoweekday() % 7) != (0, True, weekday)
        minute -= timedelta(minutes=1)
