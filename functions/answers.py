"""What a function can answer with, and how each becomes an HTTP response with its security headers.

Problems are RFC 9457; cookies carry the `__Host-` prefix (RFC 6265bis section 4.1.3).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import azure.functions as func
from pydantic import BaseModel

from shared.errors import ConnectorError, Language

_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
_API_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_EVERYWHERE = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Cookie:
    """A cookie for this origin alone; `lifetime` in seconds, 0 to take it back.

    `framed` lets it go along when our page stands in a frame of another site (RFC 6265bis, SameSite=None).
    """

    name: str
    value: str
    lifetime: int
    framed: bool = False


@dataclass(frozen=True)
class Failure:
    """A failure with the number under which it stands in the log."""

    error: ConnectorError
    correlation: str


@dataclass(frozen=True)
class Json:
    """A JSON answer."""

    body: BaseModel | Mapping[str, Any]
    status: int = 200
    cookies: tuple[Cookie, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """A failure for machines."""

    failure: Failure


@dataclass(frozen=True)
class Page:
    """A page for people: a template of `functions/pages` with what it shows."""

    template: str
    status: int = 200
    cookies: tuple[Cookie, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(frozen=True)
class Redirect:
    """The browser goes elsewhere."""

    url: str
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True)
class Plain:
    """Bytes of one content type."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Queued(NamedTuple):
    """202: the work is on the queue, which the host does before the response leaves.

    `keep` must be done before the message may go out. It waits for storage, so it is never done on the loop.
    """

    message: str
    keep: Callable[[], None] | None = None


Answer = Queued | Json | Problem | Page | Redirect | Plain


def to_response(answer: Answer, language: Language, *, frame_ancestors: str = "") -> func.HttpResponse:
    """The HTTP response that an answer is.

    Args:
        answer: what the function answers with.
        language: of what people read in it.
        frame_ancestors: origins that may show our pages in a frame; nobody if empty.
    """
    if isinstance(answer, Queued):
        return accepted()
    if isinstance(answer, Json):
        body = answer.body.model_dump(mode="json", by_alias=True) if isinstance(answer.body, BaseModel) else answer.body
        return _json(body, answer.status, "application/json", answer.cookies, answer.headers)
    if isinstance(answer, Problem):
        return _problem(answer.failure, language)
    if isinstance(answer, Page):
        return _page(answer, language, frame_ancestors)
    if isinstance(answer, Redirect):
        return _response(b"", 302, "text/plain; charset=utf-8", {"Location": answer.url}, answer.cookies)
    return _response(answer.body, answer.status, answer.content_type, answer.headers)


@lru_cache(maxsize=1)
def accepted() -> func.HttpResponse:
    """202, the same to every notification: nothing in it depends on the request, and the host only reads it."""
    return _response(b"", 202, "text/plain; charset=utf-8", {})


def _problem(failure: Failure, language: Language) -> func.HttpResponse:
    error = failure.error
    sentences = error.sentences(language)
    body = {
        "type": f"urn:ehr-connector:error:{error.code}",
        "title": sentences.person,
        "detail": sentences.administrator,
        "status": error.status,
        "code": error.code,
        "nextStep": sentences.next_step,
        "instance": f"urn:ehr-connector:request:{failure.correlation}",
    }
    headers: dict[str, str] = {"Content-Language": language}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:  # noqa: PLR2004 - HTTP's own number
        headers["WWW-Authenticate"] = "Bearer"
    return _json(body, error.status, "application/problem+json", (), headers)


def _json(
    body: Mapping[str, Any], status: int, content_type: str, cookies: tuple[Cookie, ...], headers: Mapping[str, str]
) -> func.HttpResponse:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return _response(raw, status, f"{content_type}; charset=utf-8", headers, cookies)


def _page(page: Page, language: Language, frame_ancestors: str) -> func.HttpResponse:
    from functions.pages import render  # noqa: PLC0415 - the API and the notification door need no templates

    policy = _PAGE_POLICY + (frame_ancestors or "'none'")
    headers = {"Content-Language": language, "Content-Security-Policy": policy, "Vary": "Accept-Language"}
    if page.failure and page.failure.error.retry_after:
        headers["Retry-After"] = str(page.failure.error.retry_after)
    html = render(page.template, language, page.values, page.failure)
    return _response(html.encode(), page.status, "text/html; charset=utf-8", headers, page.cookies)


def _response(
    body: bytes,
    status: int,
    content_type: str,
    headers: Mapping[str, str],
    cookies: tuple[Cookie, ...] = (),
) -> func.HttpResponse:
    merged = {**_EVERYWHERE, "Content-Security-Policy": _API_POLICY, **headers}
    response = func.HttpResponse(body, status_code=status, mimetype=None, headers=merged)
    response.headers["Content-Type"] = content_type
    for cookie in cookies:
        response.headers.add(
            "Set-Cookie",
            f"{cookie.name}={cookie.value}; Path=/; Max-Age={cookie.lifetime}; Secure; HttpOnly; "
            f"SameSite={'None' if cookie.framed else 'Lax'}",
        )
    return response
