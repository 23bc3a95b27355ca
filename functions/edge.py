"""The one decorator for HTTP functions: who calls, what they bring, how failures are told, which headers go out.

A function under it takes a Call and returns an Answer; everything else is done here, the same for all.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, partial
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

import azure.functions as func
from pydantic import BaseModel, ValidationError

from functions.answers import Answer, Failure, Page, Problem, Queued, accepted, to_response
from functions.beside import beside, beside_launches
from shared.errors import LANGUAGES, ConnectorError, Language, language_of, name_of
from shared.identifiers import TenantKey
from shared.telemetry import Event, log
from shared.wiring import Connector, connector

MAX_JSON_BYTES = 64 * 1024
MAX_NOTIFICATION_BYTES = 1024 * 1024
_MAX_HEADER = 16 * 1024
STORAGE = "STORAGE_CONNECTION"
ADMIN_ROLE, AUDITOR_ROLE = "Connector.Admin", "Connector.Auditor"


class Access(StrEnum):
    """Who may use a door."""

    ANYONE = "anyone"
    TENANT = "anyone of a tenant"
    READER = "administrator, auditor, or the approver of what is read"
    ADMIN = "administrator"


class Kind(StrEnum):
    """What a door answers with when it fails."""

    PROBLEM = "problem"
    PAGE = "page"


@dataclass(frozen=True)
class Person:
    """Who calls, from a checked access token."""

    tenant: TenantKey
    object_id: str
    roles: frozenset[str]

    @property
    def reads_all(self) -> bool:
        """Whether this person may read everything of the tenant."""
        return bool(self.roles & {ADMIN_ROLE, AUDITOR_ROLE})


Body = TypeVar("Body", bound=BaseModel)


@dataclass
class Call(Generic[Body]):
    """One request, checked. What not every door looks at is only read when it is asked for.

    Nobody changes it, though it is not frozen: that would make it three times as dear, for each request.
    """

    connector: Connector
    req: func.HttpRequest
    correlation: str
    query: Mapping[str, Sequence[str]]
    body_bytes: bytes
    json: Body | None = None
    person: Person | None = None

    @cached_property
    def language(self) -> Language:
        """The language to answer in."""
        return _language(self.req)

    @property
    def path(self) -> Mapping[str, str]:
        """The parameters of the route."""
        return dict(self.req.route_params)

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies that came along."""
        return _cookies(str(self.req.headers.get("cookie", "")))

    @property
    def from_elsewhere(self) -> bool:
        """Whether a page of another site asks, as far as the browser says (Fetch Metadata, Sec-Fetch-Site)."""
        return str(self.req.headers.get("sec-fetch-site", "")) in ("cross-site", "same-site")

    @property
    def caller(self) -> Person:
        """Who calls. Raises token_missing, which a door with access control has done before."""
        if self.person is None:
            raise ConnectorError("token_missing")
        return self.person

    @property
    def input(self) -> Body:
        """The body. Raises body_not_json, which a door with a body model has done before."""
        if self.json is None:
            raise ConnectorError("body_not_json")
        return self.json

    def one(self, name: str) -> str:
        """The single value of a query parameter, or empty."""
        values = self.query.get(name, ())
        return values[0] if len(values) == 1 else ""


Handler = Callable[[Call[Any]], Answer]


@dataclass(frozen=True)
class Door:
    """One HTTP function, as the structure tests and the OpenAPI document see it."""

    name: str
    route: str
    method: str
    access: Access
    kind: Kind
    body: type[BaseModel] | None
    answer: type[BaseModel] | None
    summary: str


@dataclass
class _Doors:
    all: list[Door] = field(default_factory=list)


doors = _Doors()


def door(
    blueprint: func.Blueprint,
    method: str,
    route: str,
    *,
    access: Access = Access.ANYONE,
    kind: Kind = Kind.PROBLEM,
    body: type[BaseModel] | None = None,
    answer: type[BaseModel] | None = None,
    limit: int = MAX_JSON_BYTES,
    queue: str = "",
    at_hand: Callable[[func.HttpRequest], bool] | None = None,
) -> Callable[[Handler], Handler]:
    """Register a handler as an HTTP function.

    Args:
        blueprint: whose function it becomes.
        method: its one HTTP method.
        route: without the `api/` prefix.
        access: who may use it.
        kind: what a failure looks like.
        body: the model of a JSON body, if it takes one.
        answer: the model of its JSON answer, for the OpenAPI document.
        limit: the longest body in bytes.
        queue: the queue on which what the handler answers with `Queued` is put. Such a handler does no I/O itself.
        at_hand: whether all that the handler needs for this request is in memory. Then it is called on the event
            loop, where nothing may wait; else beside it.
    """

    def decorate(handler: Handler) -> Handler:
        def function(req: func.HttpRequest) -> func.HttpResponse:
            return _served(_Request(req, handler.__name__, kind), handler, access, body, limit)[1]

        # On the worker's event loop, not in its thread pool: these doors wait for nothing, and must answer even
        # while every thread waits for Graph, whose own handshake comes in here.
        async def queueing(req: func.HttpRequest, message: func.Out[str]) -> func.HttpResponse:
            request = _Request(req, handler.__name__, kind)
            answer, response = _served(request, handler, access, body, limit)
            if not isinstance(answer, Queued):
                return response
            try:
                if answer.keep:
                    await beside(answer.keep)
            except Exception as error:  # noqa: BLE001 - without what it points to, no message may go out
                return request.failed(error)
            message.set(answer.message)
            return response

        async def at_once(req: func.HttpRequest) -> func.HttpResponse:
            served = partial(_served, _Request(req, handler.__name__, kind), handler, access, body, limit)
            return (served() if at_hand and at_hand(req) else await beside_launches(served))[1]

        made: Callable[..., Any] = queueing if queue else at_once if at_hand else function
        made.__name__ = handler.__name__
        if queue:
            made = blueprint.queue_output(arg_name="message", queue_name=queue, connection=STORAGE)(made)
        routed = blueprint.route(route=route, methods=[method], auth_level=func.AuthLevel.ANONYMOUS)(made)
        blueprint.function_name(handler.__name__)(routed)
        summary = (handler.__doc__ or "").strip().split("\n")[0]
        doors.all.append(Door(handler.__name__, route, method, access, kind, body, answer, summary))
        return handler

    return decorate


class _Request:
    """One request on its way through a door: how it is answered, whatever comes of it."""

    def __init__(self, req: func.HttpRequest, function: str, kind: Kind) -> None:
        self.req = req
        self.correlation = secrets.token_hex(8)
        self._function = function
        self._kind = kind
        self._started = time.monotonic()

    def response(self, answer: Answer) -> func.HttpResponse:
        """The answer as it leaves."""
        if isinstance(answer, Queued):
            # Nobody reads it: no language has to be found out.
            return accepted()
        return to_response(answer, _language(self.req), frame_ancestors=connector().settings.frame_ancestors)

    def refused(self, error: ConnectorError) -> func.HttpResponse:
        """A failure with a code of the catalogue."""
        log(
            Event.REQUEST_REFUSED,
            level=logging.WARNING,
            function=self._function,
            correlation=self.correlation,
            code=error.code,
            status=error.status,
            milliseconds=self._milliseconds(),
        )
        return self._told(error)

    def failed(self, error: Exception) -> func.HttpResponse:
        """The last resort: no stack trace and no message leaves the house."""
        log(
            Event.REQUEST_FAILED,
            level=logging.ERROR,
            function=self._function,
            correlation=self.correlation,
            error_type=name_of(error),
            milliseconds=self._milliseconds(),
        )
        return self._told(ConnectorError("unavailable", retry_after=10))

    def _told(self, error: ConnectorError) -> func.HttpResponse:
        failure = Failure(error, self.correlation)
        page = self._kind is Kind.PAGE
        return self.response(Page("error", error.status, failure=failure) if page else Problem(failure))

    def _milliseconds(self) -> int:
        return int((time.monotonic() - self._started) * 1000)


def _served(
    request: _Request, handler: Handler, access: Access, body: type[BaseModel] | None, limit: int
) -> tuple[Answer | None, func.HttpResponse]:
    """What the handler answered, if it did, and the response."""
    try:
        answer = handler(_call(request, access, body, limit))
        return answer, request.response(answer)
    except ConnectorError as error:
        return None, request.refused(error)
    except Exception as error:  # noqa: BLE001 - nothing that goes wrong may leave the house as it is
        return None, request.failed(error)


def _language(req: func.HttpRequest) -> Language:
    """The language that a page's own link asks for, else the browser's."""
    asked = req.params.get("lang")
    for one in LANGUAGES if asked else ():
        if one == asked:
            return one
    return language_of(str(req.headers.get("accept-language", ""))[:1000])


def _call(request: _Request, access: Access, body: type[BaseModel] | None, limit: int) -> Call[Any]:
    req = request.req
    raw = req.get_body() or b""
    if len(raw) > limit:
        raise ConnectorError("body_too_large")
    parts = connector()
    person = None if access is Access.ANYONE else _person(req, parts, access)
    return Call(
        connector=parts,
        req=req,
        correlation=request.correlation,
        query=_query(req.url),
        body_bytes=raw,
        json=parsed(raw, body) if body else None,
        person=person,
    )


def _query(url: str) -> Mapping[str, Sequence[str]]:
    """Every value of every parameter, from the URL itself: the host's own dictionary joins doubled ones."""
    if "?" not in url:
        return {}
    try:
        return parse_qs(urlsplit(url).query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise ConnectorError("body_invalid", detail="query") from None


def _cookies(header: str) -> Mapping[str, str]:
    """RFC 6265 section 5.4, leniently: what another application of the domain left there must not hide ours."""
    if not header:
        return {}
    pairs = (part.partition("=") for part in header[:_MAX_HEADER].split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _person(req: func.HttpRequest, parts: Connector, access: Access) -> Person:
    from shared.jose import KeysUnavailableError, TokenRefusedError  # noqa: PLC0415 - not at the notification door

    scheme, _, token = str(req.headers.get("authorization", "")).partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ConnectorError("token_missing")
    try:
        caller = parts.entra.caller(token.strip())
    except TokenRefusedError as refused:
        raise ConnectorError("token_invalid", claim=refused.claim) from refused
    except KeysUnavailableError as unavailable:
        raise ConnectorError("microsoft_unavailable") from unavailable
    if access is Access.ADMIN and ADMIN_ROLE not in caller.roles:
        raise ConnectorError("role_missing", role=ADMIN_ROLE)
    return Person(TenantKey(parts.settings.geography, caller.tenant), caller.object_id, caller.roles)


def parsed(raw: bytes, model: type[Body]) -> Body:
    """A JSON body as its model. A name given twice is refused: parsers disagree on which one counts.

    Raises:
        ConnectorError: body_not_json, body_invalid with the place of the first fault.
    """
    try:
        value = json.loads(raw, object_pairs_hook=_without_doubles)
        # Half of a surrogate pair is JSON to Python, but no text that can be stored or answered with.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ConnectorError("body_not_json") from None
    try:
        return model.model_validate(value)
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConnectorError("body_invalid", detail=f"{place}: {first['type']}"[:200]) from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found
