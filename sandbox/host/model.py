"""The host's own words: functions as indexed, what goes into one and what comes out of it.

Both adapters speak these; nothing else in the host knows the Functions SDK.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

RETURN = "$return"


class HostError(Exception):
    """The app cannot be served; the text says what to do about it."""


class FunctionFailedError(Exception):
    """A function raised, or gave back what its bindings cannot take."""

    def __init__(self, message: str, stack: str = "") -> None:
        super().__init__(message)
        self.stack = stack


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """An HTTP function's route; no methods means any method."""

    param: str
    route: str
    methods: frozenset[str]


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """The queue a function listens to."""

    param: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """When a timer function runs."""

    param: str
    schedule: str
    run_on_startup: bool


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """A queue that a function's output parameter, or its return value, is sent to."""

    param: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, as its decorators describe it."""

    name: str
    id: str
    trigger: HttpTrigger | QueueTrigger | TimerTrigger
    outputs: tuple[QueueOutput, ...] = ()

    @property
    def kind(self) -> str:
        """The trigger in one word, for log lines."""
        names = {HttpTrigger: "http", QueueTrigger: "queue", TimerTrigger: "timer"}
        return names[type(self.trigger)]


@dataclass(frozen=True, slots=True)
class Datum:
    """A value on its way to an output binding; a `json` one carries JSON text."""

    type: Literal["string", "bytes", "json"]
    value: str | bytes


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request as the host hands it to the worker."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP function's answer; cookies are whole Set-Cookie values."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A queue message with the trigger metadata that the SDK reads."""

    body: str | bytes
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TimerInfo:
    """What a timer function is told about its schedule, as the JSON the SDK reads."""

    payload: str


TriggerValue = HttpRequest | QueueMessage | TimerInfo


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of one function."""

    id: str
    function: Function
    value: TriggerValue
    trace_parent: str
    trace_state: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a function that did not fail gave back."""

    response: HttpResponse | None = None
    outputs: Mapping[str, Datum] = field(default_factory=dict)


class Adapter(Protocol):
    """One way to index and call the app's functions."""

    name: str

    async def load(self, app_root: Path) -> list[Function]:
        """Import the app and describe its functions."""
        ...

    async def invoke(self, call: Invocation) -> Outcome:
        """Call one function, or raise FunctionFailedError."""
        ...

    def stop(self) -> None:
        """Let go of the threads, without waiting for them."""
        ...


def function_from_bindings(name: str, identity: str, raw_bindings: Iterable[str]) -> Function:
    """Read the raw binding JSON that the SDK makes for each function."""
    trigger: HttpTrigger | QueueTrigger | TimerTrigger | None = None
    outputs: list[QueueOutput] = []
    for raw in raw_bindings:
        binding: dict[str, Any] = json.loads(raw)
        kind = str(binding["type"]).lower()
        if kind == "queue":
            outputs.append(QueueOutput(binding["name"], binding["queueName"], binding.get("connection") or ""))
        elif kind != "http":
            trigger = _trigger(name, kind, binding)
    if trigger is None:
        raise HostError(f"Function '{name}' has no trigger. Give it @app.route, a queue or a timer trigger.")
    return Function(name, identity, trigger, tuple(outputs))


def _trigger(function: str, kind: str, binding: Mapping[str, Any]) -> HttpTrigger | QueueTrigger | TimerTrigger:
    param = str(binding["name"])
    if kind == "httptrigger":
        methods = frozenset(str(method).upper() for method in binding.get("methods") or ())
        route = binding.get("route")
        return HttpTrigger(param, function if route is None else str(route), methods)
    if kind == "queuetrigger":
        return QueueTrigger(param, str(binding["queueName"]), str(binding.get("connection") or ""))
    if kind == "timertrigger":
        return TimerTrigger(param, str(binding["schedule"]), bool(binding.get("runOnStartup")))
    raise HostError(
        f"Function '{function}' uses the binding '{binding['type']}'. "
        "This host knows HTTP, queue and timer triggers and queue outputs; run it with Core Tools instead."
    )
