"""Doors with a queue: nothing goes out before what it needs is kept, and the event loop waits for nothing."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest

from functions import beside, edge
from functions.answers import Answer, Plain, Queued
from functions.edge import Call, door
from shared.errors import ConnectorError
from tests.support.tokens import settings


class Out:
    """The host's output binding."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def set(self, value: str) -> None:
        """What the host puts on the queue."""
        self.sent.append(value)


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector of settings alone; doors of this file are nobody else's."""
    monkeypatch.setattr(edge, "connector", lambda: SimpleNamespace(settings=settings()))
    monkeypatch.setattr(edge.doors, "all", [])


def asked(answer: Answer | Callable[[], Answer]) -> Callable[[], Any]:
    """The function behind a door that answers so, as a coroutine to wait for: response, and what was queued."""

    def handler(call: Call[Any]) -> Answer:
        """Answers."""
        return answer() if callable(answer) else answer

    blueprint = func.Blueprint()
    door(blueprint, "POST", "x", queue="q")(handler)
    function = blueprint._function_builders[-1]._function.get_user_function()
    assert asyncio.iscoroutinefunction(function)

    async def ask() -> tuple[func.HttpResponse, list[str]]:
        out = Out()
        request = func.HttpRequest(method="POST", url="https://connector.example/api/x", body=b"")
        return await function(request, out), out.sent

    return ask


def refuse() -> Answer:
    raise ConnectorError("client_state_unknown")


def code(response: func.HttpResponse) -> str:
    return str(json.loads(response.get_body())["code"])


def test_what_needs_nothing_kept_goes_out_at_once() -> None:
    response, sent = asyncio.run(asked(Queued("message"))())
    assert (response.status_code, sent) == (202, ["message"])


def test_a_handshake_or_a_refusal_queues_nothing() -> None:
    response, sent = asyncio.run(asked(Plain(b"token"))())
    assert (response.status_code, response.get_body(), sent) == (200, b"token", [])
    response, sent = asyncio.run(asked(refuse)())
    assert (code(response), sent) == ("client_state_unknown", [])


def test_what_has_to_be_kept_is_kept_before_and_in_a_thread_of_the_doors_own() -> None:
    threads: list[str] = []

    def keep() -> None:
        time.sleep(0.01)
        threads.append(threading.current_thread().name)

    response, sent = asyncio.run(asked(Queued("message", keep))())
    assert (response.status_code, sent) == (202, ["message"])
    assert threads[0].startswith("beside-the-door")


def test_what_cannot_be_kept_is_a_503_and_not_queued(caplog: pytest.LogCaptureFixture) -> None:
    def keep() -> None:
        raise OSError("Markername")

    response, sent = asyncio.run(asked(Queued("message", keep))())
    assert (response.status_code, code(response), sent) == (503, "unavailable", [])
    assert response.headers["Retry-After"] == "10"
    assert "builtins.OSError" in caplog.text
    assert "Markername" not in caplog.text + response.get_body().decode()


def test_what_takes_too_long_to_keep_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "LONGEST_SECONDS", 0.01)
    free = threading.Event()
    response, sent = asyncio.run(asked(Queued("message", lambda: assert_soon(free)))())
    free.set()
    assert (response.status_code, sent) == (503, [])


def test_the_loop_goes_on_while_something_is_kept() -> None:
    free = threading.Event()
    slow, quick = asked(Queued("large", lambda: assert_soon(free))), asked(Queued("small"))

    async def both() -> list[str]:
        waiting = [asyncio.create_task(slow()) for _ in range(20)]
        await asyncio.sleep(0)
        _, sent = await quick()
        assert not any(one.done() for one in waiting)
        free.set()
        return [*sent, *(message for _, queued in await asyncio.gather(*waiting) for message in queued)]

    assert asyncio.run(both()) == ["small", *["large"] * 20]


def assert_soon(event: threading.Event) -> None:
    assert event.wait(10)
