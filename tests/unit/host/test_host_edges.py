"""What becomes of queries, headers, cookies and origins on their way through the host."""

from http.cookies import SimpleCookie

import pytest

from sandbox.host.cookies import from_simple_cookie
from sandbox.host.cors import Cors
from sandbox.host.http import join_headers, join_query
from sandbox.host.model import HostError, HttpTrigger, function_from_bindings


def test_queries() -> None:
    assert join_query("a=1&b=&c&d=x%20y+z&a=2&A=3&e=%C3%A4") == {"a": "1,2,3", "d": "x y z", "e": "ä"}


def test_headers() -> None:
    pairs = [(b"X-One", b"1"), (b"x-one", b"2"), (b"X-Empty", b"")]
    assert join_headers(pairs) == {"x-one": "1,2", "x-empty": ""}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (
            "__Host-l=a.b-c_d; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600",
            "__Host-l=a.b-c_d; max-age=600; domain=; path=/; secure; samesite=lax; httponly",
        ),
        ("a=b+/=; Domain=example.org", "a=b%2B%2F%3D; domain=example.org; path="),
        ("a=; Max-Age=0; SameSite=None", "a=; max-age=0; domain=; path=; samesite=none"),
        (
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Strict",
            "a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=; path=; samesite=strict",
        ),
    ],
)
def test_cookies(given: str, sent: str) -> None:
    assert from_simple_cookie(SimpleCookie(given)) == [sent]


def test_a_cookie_date_that_the_worker_cannot_read() -> None:
    with pytest.raises(ValueError, match="does not match format"):
        from_simple_cookie(SimpleCookie("a=1; expires=Thu, 01-Jan-1970 00:00:00 GMT"))


PREFLIGHT = {
    "origin": "https://portal.example",
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization",
}


def test_cors_of_a_listed_origin() -> None:
    cors = Cors(["https://portal.example"], credentials=True)
    assert cors.is_preflight("OPTIONS", PREFLIGHT)
    assert dict(cors.preflight(PREFLIGHT)) == {
        b"access-control-allow-origin": b"https://portal.example",
        b"vary": b"Origin",
        b"access-control-allow-credentials": b"true",
        b"access-control-allow-methods": b"PUT",
        b"access-control-allow-headers": b"authorization",
    }


def test_cors_of_another_origin() -> None:
    cors = Cors(["https://portal.example"], credentials=True)
    assert cors.preflight({**PREFLIGHT, "origin": "https://other.example"}) == [(b"vary", b"Origin")]
    assert cors.headers({}) == []


def test_cors_of_anyone_and_of_no_one() -> None:
    assert dict(Cors(["*"], credentials=False).headers(PREFLIGHT)) == {b"access-control-allow-origin": b"*"}
    nobody = Cors([], credentials=False)
    assert not nobody.is_preflight("OPTIONS", PREFLIGHT)
    assert nobody.headers(PREFLIGHT) == []


def test_bindings_of_a_function() -> None:
    function = function_from_bindings("f", "id", ['{"type": "httpTrigger", "name": "req", "methods": ["get"]}'])
    assert function.trigger == HttpTrigger("req", "f", frozenset({"GET"}))


@pytest.mark.parametrize(
    ("bindings", "complaint"),
    [
        (['{"type": "blobTrigger", "name": "b"}'], "blobTrigger"),
        (['{"type": "queue", "name": "q", "queueName": "x"}'], "no trigger"),
    ],
)
def test_bindings_that_the_host_does_not_know(bindings: list[str], complaint: str) -> None:
    with pytest.raises(HostError, match=complaint):
        function_from_bindings("f", "id", bindings)
