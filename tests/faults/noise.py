"""What the world may send: bytes, JSON of any shape, JSON that is nearly right, headers of every kind of wrongness.

Every piece carries a planted secret now and then: it must not be in any log line.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

import httpx
from hypothesis import strategies as st

SECRET = "PLANTED-Erika-Musterfrau-1970"
_TIMES = st.sampled_from(
    [
        "2026-03-02T09:00:00Z",
        "2026-03-02T09:00:00.1234567Z",
        "9999-12-31T23:59:59.9999999Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2026-02-30T00:00:00Z",
        "1",
        "now",
        "",
    ]
)
TEXTS = st.one_of(st.text(max_size=12), st.just(SECRET), _TIMES, st.just("\ud800"), st.just("x" * 3000), st.just("%00"))
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 2**63, 10**400]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)


def values(names: Sequence[str]) -> st.SearchStrategy[Any]:
    """Any JSON, whose member names are often those that somebody reads."""
    keys = st.one_of(st.sampled_from(names), st.sampled_from(names).map(str.upper), st.text(max_size=5))
    return st.recursive(
        SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5)),
        max_leaves=12,
    )


def objects(names: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """The same, an object at the outside, with most of the names."""
    return st.dictionaries(st.sampled_from(names), values(names), min_size=1, max_size=len(names))


def deep(opening: bytes = b"[") -> bytes:
    """Nested deeper than any parser that recurses."""
    return opening * 15_000


def bodies(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Bodies of answers and requests."""
    written = st.one_of(objects(names), values(names)).map(lambda value: json.dumps(value).encode())
    return st.one_of(
        written,
        written,
        st.binary(max_size=60),
        written.map(lambda body: body[: len(body) // 2]),
        written.map(lambda body: b"\xef\xbb\xbf" + body),
        written.map(lambda body: body.decode().encode("utf-16")),
        st.sampled_from([b"", b"null", b"{}", b"[]", b'"' + SECRET.encode() + b'"', deep(), deep(b'{"a":')]),
        st.just(b"<html>" + SECRET.encode() + b"</html>"),
    )


_CHARSETS = ("utf-8", "utf-16", "base64", "rot13", "idna", "zip", "unicode_escape", "undefined", "x", "\x00")
_RETRY = ("1", "0", "-1", "1.5", "99999999999999999999", "9" * 400, "\u0663", "\u00b2", "nan", "soon")
_DATES = ("Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 99 Foo 0000 99:99:99 +9999", SECRET)


def _content_type(charset: str) -> tuple[str, str]:
    return ("Content-Type", f"application/json; charset={charset}")


HEADERS = st.lists(
    st.one_of(
        st.sampled_from(_CHARSETS).map(_content_type),
        st.sampled_from([*_RETRY, *_DATES]).map(lambda value: ("Retry-After", value)),
        st.sampled_from(["gzip", "deflate", "br", "zstd", "x"]).map(lambda value: ("Content-Encoding", value)),
        st.sampled_from(['W/"1"', '"', "", "*", SECRET, '"\u00ff"']).map(lambda value: ("ETag", value)),
        st.sampled_from(["/", "http://127.0.0.1/", "file:///etc/passwd", SECRET]).map(
            lambda value: ("Location", value)
        ),
        st.just(("WWW-Authenticate", 'Bearer error="invalid_token"')),
    ),
    max_size=3,
)
STATUSES = st.one_of(
    st.sampled_from(
        [200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 412, 422, 423, 424, 425, 429, 500, 503]
    ),
    st.integers(200, 599),
)


def answers(names: Sequence[str]) -> st.SearchStrategy[httpx.Response | Exception]:
    """What somebody answers, if it answers."""
    failures = st.sampled_from(
        [
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.RemoteProtocolError(f"garbage {SECRET}"),
            httpx.DecodingError("no gzip"),
        ]
    )
    good = st.builds(_answer, STATUSES, HEADERS, bodies(names))
    huge = st.builds(_answer, st.just(200), st.just([]), st.just(b'{"a":"' + b"x" * 600_000 + b'"}'))
    bomb = st.builds(
        _answer, st.just(200), st.just([("Content-Encoding", "gzip")]), st.just(gzip.compress(b" " * 3_000_000))
    )
    return st.one_of(*[good] * 8, failures, huge, bomb)


class _Raw(httpx.SyncByteStream):
    """Bytes as they come over the wire: decoded only when they are read."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Any:
        yield self._body


def _answer(status: int, headers: list[tuple[str, str]], body: bytes) -> httpx.Response:
    raw = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in headers]
    return httpx.Response(status, headers=raw, stream=_Raw(body))


class World:
    """Everybody outside, behind one HTTP client: answers are given in turn, and the last one for ever."""

    def __init__(self, answers: Sequence[httpx.Response | Exception]) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.http = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        said = self._answers[min(len(self.asked), len(self._answers)) - 1]
        if isinstance(said, Exception):
            raise said
        stream = said.stream
        assert isinstance(stream, _Raw)
        return httpx.Response(said.status_code, headers=said.headers.raw, stream=_Raw(stream._body))
