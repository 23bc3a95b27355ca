"""The host's HTTP door as an ASGI app: routes to functions, admin endpoints, CORS."""

import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from sandbox.host.cors import Cors, Header
from sandbox.host.model import Function, HttpRequest, HttpResponse, Outcome
from sandbox.host.routes import RouteTable, decode_path

LOG = logging.getLogger("host.http")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# The server frames the body itself.
FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
BODILESS = frozenset({204, 205, 304})
ADMIN_FUNCTION = re.compile(r"/admin/functions/([^/]+)/?", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
HOME = b"The local Functions host is running.\n"


class Backstage(Protocol):
    """What the door needs from the host behind it."""

    adapter_name: str

    async def call_http(self, function: Function, request: HttpRequest) -> Outcome | None:
        """Call an HTTP function."""
        ...

    def run_by_hand(self, name: str, text: str) -> bool:
        """Start a queue or timer function; False if there is none of that name."""
        ...


class HttpDoor:
    """The ASGI app."""

    def __init__(self, backstage: Backstage, routes: RouteTable[Function], cors: Cors, limit: int) -> None:
        self._backstage = backstage
        self._routes = routes
        self._cors = cors
        self._limit = limit
        self._started = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise NotImplementedError(f"{scope['type']} is not served")
        headers = join_headers(scope["headers"])
        method = scope["method"].upper()
        if self._cors.is_preflight(method, headers):
            await _send(send, HttpResponse(204), self._cors.preflight(headers))
            return
        response = await self._answer(scope, method, headers, receive)
        await _send(send, response, self._cors.headers(headers))

    async def _answer(self, scope: Scope, method: str, headers: Mapping[str, str], receive: Receive) -> HttpResponse:
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        path = decode_path(raw_path.partition(b"?")[0])
        length = _content_length(headers)
        if length > self._limit:
            return HttpResponse(413)
        found = self._routes.find(method, path)
        if found is None:
            return await self._own_page(method, path, length, receive)
        function, params = found
        # Like the real host: a body without Content-Length (chunked) is never read.
        body = await _read(receive) if length else b""
        query = scope["query_string"].decode("ascii", "replace")
        request = HttpRequest(
            method=method,
            url=_url(scope, headers, raw_path.partition(b"?")[0].decode("ascii", "replace"), query),
            headers=headers,
            query=join_query(query),
            params=params,
            body=body,
        )
        outcome = await self._backstage.call_http(function, request)
        if outcome is None:
            return HttpResponse(500)
        return checked(function, outcome.response or HttpResponse(204))

    async def _own_page(self, method: str, path: str, length: int, receive: Receive) -> HttpResponse:
        lower = path.lower().rstrip("/")
        if method == "GET" and lower == "":
            return HttpResponse(200, {"content-type": "text/plain; charset=utf-8"}, (), HOME)
        if method == "GET" and lower == "/admin/host/status":
            return self._status()
        by_hand = ADMIN_FUNCTION.fullmatch(path)
        if method == "POST" and by_hand:
            return self._run_by_hand(by_hand[1], await _read(receive) if length else b"")
        return HttpResponse(404)

    def _status(self) -> HttpResponse:
        uptime = int((time.monotonic() - self._started) * 1000)
        status = {
            "id": "sandbox-host",
            "state": "Running",
            "processUptime": uptime,
            "backend": self._backstage.adapter_name,
        }
        return HttpResponse(200, {"content-type": "application/json"}, (), json.dumps(status).encode())

    def _run_by_hand(self, name: str, body: bytes) -> HttpResponse:
        try:
            document = json.loads(body) if body.strip() else {}
        except ValueError:
            return HttpResponse(400)
        given = document.get("input", "") if isinstance(document, dict) else ""
        text = given if isinstance(given, str) else json.dumps(given)
        return HttpResponse(202 if self._backstage.run_by_hand(name, text) else 404)


def join_headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header names in lower case; the same name again is joined with a comma."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def join_query(query: str) -> dict[str, str]:
    """Query values: names without regard to case, the same name joined with a comma, empty ones dropped."""
    values: dict[str, tuple[str, list[str]]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name.lower(), (name, []))[1].append(value)
    joined = ((name, ",".join(items)) for name, items in values.values())
    return {name: value for name, value in joined if value}


def checked(function: Function, response: HttpResponse) -> HttpResponse:
    """The answer, or 500 where the real server refuses a header that cannot be sent."""
    texts = "".join((*response.headers.keys(), *response.headers.values(), *response.cookies))
    if not texts.isascii() or CONTROL.search(texts):
        LOG.error("%s answered with a header that is not plain ASCII text: 500 instead", function.name)
        return HttpResponse(500)
    return response


def _content_length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "")
    return int(text) if text.isdecimal() else 0


def _url(scope: Scope, headers: Mapping[str, str], path: str, query: str) -> str:
    url = f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}{path}"
    return f"{url}?{query}" if query else url


async def _read(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _send(send: Send, response: HttpResponse, added: list[Header]) -> None:
    body = b"" if response.status in BODILESS else response.body
    headers = [
        (lower.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
        if (lower := name.lower()) not in FRAMING
    ]
    headers += [(b"set-cookie", cookie.encode("latin-1")) for cookie in response.cookies]
    headers += added
    if response.status not in BODILESS:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
