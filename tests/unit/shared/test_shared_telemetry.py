"""The log: events of one list with fields of one list, and libraries that keep quiet."""

import asyncio
import json
import logging
import sys
from typing import Any

import pytest

from shared.telemetry import Event, Fields, lighten_records, log, quieten_libraries


@pytest.mark.parametrize("field", ["name", "display_name", "url", "token", "message", "session_id", "user", "phone"])
def test_a_field_outside_the_list_is_refused(field: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    more: Any = {field: "Markername"}
    with pytest.raises(ValueError, match=f"not allowed in a log line: {field}"):
        log(Event.UPKEEP_DONE, function="f", **more)
    assert caplog.text == ""


def test_a_line_is_its_event_and_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log(Event.WRITEBACK_RETRYING, level=logging.WARNING, visit="v", attempt=2, reason="HTTP 503")
    (record,) = caplog.records
    event, _, fields = record.getMessage().partition(" ")
    assert (record.name, record.levelname, event) == ("connector", "WARNING", "writeback_retrying")
    assert json.loads(fields) == {"visit": "v", "attempt": 2, "reason": "HTTP 503"}


@pytest.mark.parametrize("nasty", ["\n", "\r", "\x1b[2J", "\x85", "\u2028", "\u202e", "é", "\ud800"])
def test_a_value_cannot_begin_a_line_of_its_own(nasty: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    value = f"x{nasty}connector upkeep_done {{}}"
    log(Event.UPKEEP_DONE, reason=value)
    line = caplog.records[0].getMessage()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line.partition(" ")[2]) == {"reason": value}


@pytest.mark.parametrize("left_out", ["thread", "threadName", "process", "processName", "taskName"])
def test_a_record_does_not_look_up_what_no_line_shows(left_out: str, caplog: pytest.LogCaptureFixture) -> None:
    async def in_a_task() -> None:
        log(Event.UPKEEP_DONE)

    caplog.set_level(logging.INFO)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks"):
            patch.setattr(logging, name, True, raising=False)
        asyncio.run(in_a_task())
        lighten_records()
        asyncio.run(in_a_task())
    before, after = caplog.records
    assert getattr(after, left_out, None) is None
    if sys.version_info >= (3, 12) or left_out != "taskName":
        assert getattr(before, left_out)


def test_no_field_is_meant_for_a_person_or_a_way_in() -> None:
    suspicious = ("name", "url", "token", "secret", "cookie", "phone", "birth", "patient", "session", "external", "upn")
    assert [field for field in Fields.__annotations__ if any(word in field for word in suspicious)] == []


def test_libraries_that_log_urls_are_quiet() -> None:
    quieten_libraries()
    for name in ("httpx", "httpcore.http11", "azure.core.pipeline.policies.http_logging_policy", "msal", "urllib3"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
