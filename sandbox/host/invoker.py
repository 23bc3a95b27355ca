"""One call of a function from start to end: time limit, log line, output bindings."""

import asyncio
import logging
import re
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Protocol

from azure.core.exceptions import AzureError

from sandbox.host.model import (
    Adapter,
    Datum,
    Function,
    FunctionFailedError,
    HttpRequest,
    Invocation,
    Outcome,
    TriggerValue,
)

LOG = logging.getLogger("host.invocations")
TRACE_PARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")


class Sink(Protocol):
    """Where an output binding sends to."""

    async def send(self, datum: Datum) -> None:
        """Add what the binding was given."""
        ...


class Invoker:
    """Calls functions, and knows which calls are under way."""

    def __init__(self, adapter: Adapter, outputs: Mapping[str, Mapping[str, Sink]], timeout: float | None) -> None:
        self._adapter = adapter
        self._outputs = outputs
        self._timeout = timeout
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def call(self, function: Function, value: TriggerValue) -> Outcome | None:
        """Call a function; None if it failed, which is logged here and nowhere else."""
        call = _invocation(function, value)
        started = time.perf_counter()
        self._running += 1
        self._idle.clear()
        try:
            outcome = await asyncio.wait_for(self._adapter.invoke(call), self._timeout)
            await self._send(function, outcome)
        except TimeoutError:
            _log(
                call,
                started,
                f"failed: it ran longer than functionTimeout ({self._timeout:g} s)",
                failed=True,
            )
            return None
        except FunctionFailedError as error:
            _log(call, started, f"failed: {error}\n{error.stack}".rstrip(), failed=True)
            return None
        except (AzureError, ValueError) as error:
            _log(call, started, f"failed after it returned, in an output queue: {error}", failed=True)
            return None
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
        _log(call, started, str(outcome.response.status) if outcome.response else "succeeded")
        return outcome

    async def finish(self) -> None:
        """Wait until nothing runs."""
        await self._idle.wait()

    @property
    def running(self) -> int:
        """How many calls are under way."""
        return self._running

    async def _send(self, function: Function, outcome: Outcome) -> None:
        for param, datum in outcome.outputs.items():
            await self._outputs[function.name][param].send(datum)


def _invocation(function: Function, value: TriggerValue) -> Invocation:
    headers = value.headers if isinstance(value, HttpRequest) else {}
    found = TRACE_PARENT.fullmatch(headers.get("traceparent", ""))
    trace_id, flags = (found[1], found[2]) if found else (secrets.token_hex(16), "00")
    parent = f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"
    state = headers.get("tracestate", "") if found else ""
    return Invocation(str(uuid.uuid4()), function, value, parent, state)


def _log(call: Invocation, started: float, outcome: str, *, failed: bool = False) -> None:
    elapsed = (time.perf_counter() - started) * 1000
    level = logging.ERROR if failed else logging.INFO
    LOG.log(level, "%s (%s) %.0f ms %s", call.function.name, call.function.kind, elapsed, outcome)
