"""What a function gets besides its trigger, shaped as the real worker shapes it; for the SDK backend."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Out:
    """An output parameter."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, value: Any) -> None:
        """Set what the binding sends once the function has returned."""
        self._value = value

    def get(self) -> Any:
        """What was set last."""
        return self._value


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The W3C trace context of an invocation."""

    trace_parent: str
    trace_state: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RetryContext:
    """How often the host has retried; this host never does."""

    retry_count: int
    max_retry_count: int
    rpc_exception: None


@dataclass(frozen=True, slots=True)
class Context:
    """What a function's `context` parameter holds."""

    invocation_id: str
    function_name: str
    function_directory: str
    thread_local_storage: threading.local
    trace_context: TraceContext
    retry_context: RetryContext
