"""The app run with the azure-functions SDK alone, for Pythons that the worker library does not support."""

import asyncio
import contextvars
import importlib
import importlib.util
import inspect
import json
import os
import sys
import threading
import traceback
import typing
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sandbox.host.adapters import SCRIPT, open_app
from sandbox.host.adapters.arguments import Context, Out, RetryContext, TraceContext
from sandbox.host.cookies import from_simple_cookie
from sandbox.host.model import (
    RETURN,
    Datum,
    Function,
    FunctionFailedError,
    HostError,
    HttpRequest,
    HttpResponse,
    Invocation,
    Outcome,
    QueueMessage,
    function_from_bindings,
)

TEXT = {"content-type": "text/plain; charset=utf-8"}
GENERIC_TYPES = (str, bytes)


@dataclass(frozen=True, slots=True)
class Entry:
    """A function with all that a call of it needs."""

    function: Callable[..., Any]
    is_async: bool
    wants_context: bool
    trigger_type: str
    outputs: Mapping[str, str]
    returns: str | None


class SdkAdapter:
    """Indexes the app and converts its bindings with the SDK's own converters."""

    name = "sdk"

    def __init__(self) -> None:
        meta = importlib.import_module("azure.functions.meta")
        self._converters: Any = meta.get_binding_registry()
        self._datum: Any = meta.Datum
        self._register: Any = importlib.import_module("azure.functions").FunctionRegister
        self._entries: dict[str, Entry] = {}
        self._local = threading.local()
        self._folder = ""
        self._pool: ThreadPoolExecutor | None = None

    async def load(self, app_root: Path) -> list[Function]:
        """Import the app afresh, and index its one FunctionApp."""
        script = open_app(app_root)
        self._folder = str(app_root)
        self._pool = ThreadPoolExecutor(_thread_count(), thread_name_prefix="function")
        try:
            return [self._index(entry) for entry in self._app(_import_script(script)).get_functions()]
        except HostError:
            raise
        except Exception as error:
            detail = "".join(traceback.format_exception(error)).rstrip()
            raise HostError(f"{type(error).__name__}: {error}\n{detail}") from error

    async def invoke(self, call: Invocation) -> Outcome:
        """Call one function on the loop or in the pool, as its kind demands."""
        entry = self._entries[call.function.id]
        try:
            return await self._invoke(entry, call)
        except Exception as error:
            stack = "".join(traceback.format_exception(error))
            raise FunctionFailedError(f"{type(error).__name__}: {error}", stack) from error

    def stop(self) -> None:
        """Let go of the thread pool without waiting for a function that does not end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _app(self, module: ModuleType) -> Any:
        apps = [value for value in vars(module).values() if isinstance(value, self._register)]
        if not apps:
            raise HostError(f"{SCRIPT} has no FunctionApp at its top level. Add: app = func.FunctionApp()")
        if len(apps) > 1:
            raise HostError(f"{SCRIPT} has {len(apps)} FunctionApps at its top level. Keep one.")
        return apps[0]

    def _index(self, source: Any) -> Function:
        name = source.get_function_name()
        function = function_from_bindings(name, name, source.get_raw_bindings())
        user = source.get_user_function()
        bindings = {binding.name: binding.type for binding in source.get_bindings()}
        params = set(inspect.signature(user).parameters)
        wants_context = "context" in params and "context" not in bindings
        expected = set(bindings) - {RETURN}
        found = params - {"context"} if wants_context else params
        if found != expected:
            raise HostError(
                f"Cannot load the function '{name}': its parameters are {sorted(found)}, "
                f"its bindings are {sorted(expected)}. They must be the same."
            )
        hints = typing.get_type_hints(user)
        self._entries[name] = Entry(
            function=user,
            is_async=inspect.iscoroutinefunction(user),
            wants_context=wants_context,
            trigger_type=bindings[function.trigger.param],
            outputs={
                output.param: "generic" if _is_generic(hints.get(output.param)) else "queue"
                for output in function.outputs
                if output.param != RETURN
            },
            returns=bindings.get(RETURN),
        )
        return function

    async def _invoke(self, entry: Entry, call: Invocation) -> Outcome:
        outs = {name: Out() for name in entry.outputs}
        arguments: dict[str, Any] = {call.function.trigger.param: self._decode(entry, call), **outs}
        if entry.wants_context:
            arguments["context"] = self._context(call)
        result = await self._call(entry, call.id, arguments)
        if result is not None and entry.returns is None:
            raise RuntimeError(f"function '{call.function.name}' without a $return binding returned a non-None value")
        outputs = {
            name: self._encode(entry.outputs[name], out.get()) for name, out in outs.items() if out.get() is not None
        }
        if entry.returns == "queue":
            if result is not None:
                outputs[RETURN] = self._encode("queue", result)
            return Outcome(outputs=outputs)
        return Outcome(self._response(result) if entry.returns else None, outputs)

    async def _call(self, entry: Entry, invocation_id: str, arguments: Mapping[str, Any]) -> Any:
        self._local.invocation_id = invocation_id
        if entry.is_async:
            return await entry.function(**arguments)

        def in_thread() -> Any:
            self._local.invocation_id = invocation_id
            return entry.function(**arguments)

        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._pool, context.run, in_thread)

    def _context(self, call: Invocation) -> Context:
        return Context(
            invocation_id=call.id,
            function_name=call.function.name,
            function_directory=self._folder,
            thread_local_storage=self._local,
            trace_context=TraceContext(call.trace_parent, call.trace_state, {}),
            retry_context=RetryContext(0, 0, None),
        )

    def _decode(self, entry: Entry, call: Invocation) -> Any:
        metadata: dict[str, Any] = {}
        if isinstance(call.value, HttpRequest):
            data = self._datum(_http_fields(call.value, self._datum), "http")
        elif isinstance(call.value, QueueMessage):
            body = call.value.body
            data = self._datum(body, "string" if isinstance(body, str) else "bytes")
            metadata = {name: self._metadata(value) for name, value in call.value.metadata.items()}
        else:
            data = self._datum(call.value.payload, "json")
        return self._converters.get(entry.trigger_type).decode(data, trigger_metadata=metadata)

    def _metadata(self, value: Any) -> Any:
        return self._datum(value, "string") if isinstance(value, str) else self._datum(json.dumps(value), "json")

    def _encode(self, binding: str, value: Any) -> Datum:
        if binding == "generic":
            return _generic(value)
        try:
            datum = self._converters.get(binding).encode(value, expected_type=None)
        except NotImplementedError:
            raise _cannot_encode(binding, value) from None
        return Datum(datum.type, datum.value)

    def _response(self, result: Any) -> HttpResponse:
        try:
            datum = self._converters.get("http").encode(result, expected_type=None)
        except NotImplementedError:
            raise _cannot_encode("http", result) from None
        if datum.type == "string":
            return HttpResponse(200, TEXT, (), datum.value.encode())
        fields = datum.value
        cookies = [text for cookie in fields["cookies"] or () for text in from_simple_cookie(cookie)]
        headers = {name: value.value for name, value in fields["headers"].items()}
        return HttpResponse(int(fields["status_code"].value), headers, tuple(cookies), fields["body"].value)


def _thread_count() -> int | None:
    """None means min(32, cores + 4), the pool's own rule and the real worker's."""
    text = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _import_script(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(script.stem, script)
    if spec is None or spec.loader is None:
        raise HostError(f"{script} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module
    spec.loader.exec_module(module)
    return module


def _http_fields(request: HttpRequest, datum: Any) -> dict[str, Any]:
    def strings(values: Mapping[str, str]) -> dict[str, Any]:
        return {name: datum(value, "string") for name, value in values.items()}

    return {
        "method": datum(request.method, "string"),
        "url": datum(request.url, "string"),
        "headers": strings(request.headers),
        "query": strings(request.query),
        "params": strings(request.params),
        "body": datum(request.body, "bytes"),
    }


def _is_generic(hint: Any) -> bool:
    """Out[str] and Out[bytes] bypass the queue converter in the real worker; Out[list[str]] does not."""
    arguments = typing.get_args(hint)
    return len(arguments) == 1 and arguments[0] in GENERIC_TYPES


def _generic(value: Any) -> Datum:
    if isinstance(value, str):
        return Datum("string", value)
    if isinstance(value, (bytes, bytearray)):
        return Datum("bytes", bytes(value))
    if isinstance(value, (dict, list, int, float)):
        return Datum("json", json.dumps(value))
    raise _cannot_encode("generic", value)


def _cannot_encode(binding: str, value: Any) -> TypeError:
    return TypeError(
        f'unable to encode outgoing TypedData: unsupported type "{binding}" for Python type "{type(value).__name__}"'
    )
