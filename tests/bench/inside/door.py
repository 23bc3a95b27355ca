"""One request at the door, called as the worker calls it: from the SDK's request to its response."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

import azure.functions as func

import function_app
from shared.wiring import connector
from tests.bench import notes

_ACCEPTED = 202
Case = Callable[[], object]


class _Out:
    """Where the host would take what goes to the queue."""

    def __init__(self) -> None:
        self.messages: Any = None

    def set(self, messages: Any) -> None:
        self.messages = messages


def one_notification() -> None:
    """One plain notification of a made-up visit."""
    door([notes.body(notes.item(connector(), notes.visits(1)[0]))])()


def door(bodies: list[bytes]) -> Case:
    """Everything that our code does for one request, for one body after the other."""
    function = _registered()["graph_notifications"]
    requests = itertools.cycle([_request(body) for body in bodies])

    def one() -> None:
        out = _Out()
        answer = _finished(function(next(requests), out))
        if answer.status_code != _ACCEPTED or not out.messages:
            raise RuntimeError(f"the door answered {answer.status_code}")

    return one


@cache
def _registered() -> dict[str, Callable[..., Any]]:
    """The functions as the worker calls them, by name. The SDK gives them out once."""
    return {str(one.get_function_name()): one.get_user_function() for one in function_app.app.get_functions()}


def _request(body: bytes) -> func.HttpRequest:
    headers = {
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(body)),
        "host": "connector.example",
        "user-agent": "Microsoft Graph Change Tracking",
    }
    return func.HttpRequest(
        method="POST",
        url="https://connector.example/api/graph/notifications",
        headers=headers,
        params={},
        route_params={},
        body=body,
    )


def _finished(started: Coroutine[Any, Any, func.HttpResponse]) -> func.HttpResponse:
    """What a coroutine that waits for nothing returns."""
    try:
        started.send(None)
    except StopIteration as over:
        answer: func.HttpResponse = over.value
        return answer
    raise RuntimeError("the door waits for something")
