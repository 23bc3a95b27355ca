"""The app run by azure-functions-runtime, the library that Azure itself runs from Python 3.13 on.

Its state is global to the process: one app per process.
"""

import importlib
import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sandbox.host.adapters import open_app, protos
from sandbox.host.cookies import set_cookie
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

SAME_SITE = {
    protos.RpcHttpCookie.SameSite.Lax: "lax",
    protos.RpcHttpCookie.SameSite.Strict: "strict",
    protos.RpcHttpCookie.SameSite.ExplicitNone: "none",
}
TEXT = {"content-type": "text/plain; charset=utf-8"}


class RuntimeAdapter:
    """Speaks the worker protocol with the library, in process."""

    name = "runtime"

    def __init__(self) -> None:
        self._worker: Any = importlib.import_module("azure_functions_runtime")

    async def load(self, app_root: Path) -> list[Function]:
        """Let the library index the app, and read its metadata."""
        open_app(app_root)
        self._worker.start_threadpool_executor()
        start = protos.Message(capabilities={}, function_app_directory=str(app_root))
        answer = await self._worker.worker_init_request(_request(worker_init_request=start))
        if answer.result.status != protos.StatusResult.Success:
            problem = answer.result.exception
            raise HostError(f"{problem.message}\n{problem.stack_trace}".rstrip())
        if "HttpUri" in answer.capabilities:
            raise HostError("This host does not stream HTTP: remove azurefunctions-extensions-http-fastapi.")
        metadata = await self._worker.functions_metadata_request(_request(functions_metadata_request=None))
        return [
            function_from_bindings(entry.name, entry.function_id, entry.raw_bindings)
            for entry in metadata.function_metadata_results or ()
        ]

    async def invoke(self, call: Invocation) -> Outcome:
        """Send one invocation request, and turn its answer into ours."""
        answer = await self._worker.invocation_request(_request(invocation_request=_invocation(call)))
        if answer.result.status != protos.StatusResult.Success:
            problem = answer.result.exception
            raise FunctionFailedError(problem.message, problem.stack_trace)
        outputs = {binding.name: _datum(binding.data) for binding in answer.output_data}
        returned = answer.return_value
        if returned is None:
            return Outcome(outputs=outputs)
        if any(output.param == RETURN for output in call.function.outputs):
            return Outcome(outputs={**outputs, RETURN: _datum(returned)})
        return Outcome(_response(returned), outputs)

    def stop(self) -> None:
        """Let go of the library's thread pool without waiting for a function that does not end."""
        pool = self._worker.get_threadpool_executor()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _request(**content: Any) -> SimpleNamespace:
    return SimpleNamespace(request=SimpleNamespace(**content), properties={"host": "127.0.0.1", "protos": protos})


def _invocation(call: Invocation) -> protos.Message:
    metadata: dict[str, protos.TypedData] = {}
    if isinstance(call.value, HttpRequest):
        data = _http(call.value)
    elif isinstance(call.value, QueueMessage):
        body = call.value.body
        data = protos.TypedData(string=body) if isinstance(body, str) else protos.TypedData(bytes=body)
        metadata = {name: _metadata(value) for name, value in call.value.metadata.items()}
    else:
        data = protos.TypedData(json=call.value.payload)
    return protos.Message(
        invocation_id=call.id,
        function_id=call.function.id,
        input_data=[protos.ParameterBinding(name=call.function.trigger.param, data=data)],
        trigger_metadata=metadata,
        trace_context=protos.Message(trace_parent=call.trace_parent, trace_state=call.trace_state, attributes={}),
        retry_context=protos.Message(retry_count=0, max_retry_count=0, exception=None),
    )


def _http(request: HttpRequest) -> protos.TypedData:
    body = protos.TypedData(bytes=request.body) if request.body else protos.TypedData()
    return protos.TypedData(
        http=protos.RpcHttp(
            method=request.method,
            url=request.url,
            headers=request.headers,
            query=request.query,
            params=request.params,
            body=body,
        )
    )


def _metadata(value: Any) -> protos.TypedData:
    return protos.TypedData(string=value) if isinstance(value, str) else protos.TypedData(json=json.dumps(value))


def _datum(data: Any) -> Datum:
    kind = data.WhichOneof("data")
    if kind == "string":
        return Datum("string", data.string)
    if kind == "bytes":
        return Datum("bytes", data.bytes)
    if kind == "json":
        return Datum("json", data.json)
    return Datum("json", json.dumps(getattr(data, kind)))


def _response(data: Any) -> HttpResponse:
    if data.WhichOneof("data") != "http":
        value = _datum(data).value
        return HttpResponse(200, TEXT, (), value.encode() if isinstance(value, str) else value)
    answer = data.http
    body = getattr(answer.body, "bytes", b"")
    cookies = tuple(_cookie(cookie) for cookie in answer.cookies or ())
    return HttpResponse(int(answer.status_code), answer.headers, cookies, body)


def _cookie(cookie: Any) -> str:
    # The library reads `expires` as local time; reading it back the same way undoes that.
    expires = cookie.expires and datetime.fromtimestamp(cookie.expires.value.seconds)  # noqa: DTZ006
    return set_cookie(
        cookie.name,
        cookie.value,
        domain=cookie.domain and cookie.domain.value,
        path=cookie.path and cookie.path.value,
        expires=expires,
        max_age=cookie.max_age and cookie.max_age.value,
        secure=cookie.secure.value,
        http_only=cookie.http_only.value,
        same_site=SAME_SITE.get(cookie.same_site, ""),
    )
