"""HTTP functions as the real host serves them, its oddities included; over real HTTP, on each backend."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.contract.host.conftest import Served, wait_for


def test_a_request_arrives_whole(served: Served) -> None:
    answer = served.http.post(
        "/api/Echo/Word?a=1&empty=&a=2&sp=x+y", content=b"\x00\xffbody", headers={"X-Mixed-Case": "Yes", "X-Empty": ""}
    )
    assert answer.headers["content-type"] == "application/json"
    got = answer.json()
    assert got["method"] == "POST"
    assert got["url"] == f"{served.process.url}/api/Echo/Word?a=1&empty=&a=2&sp=x+y"
    assert got["params"] == {"a": "1,2", "sp": "x y"}
    assert got["route"] == {"kind": "Word"}
    assert got["headers"]["x-mixed-case"] == "Yes"
    assert got["headers"]["x-empty"] == ""
    assert got["body"] == "\x00\xffbody"
    assert got["function"] == "echo"
    assert len(got["invocation"]) == 36


def test_headers_of_one_name_are_joined(served: Served) -> None:
    got = served.http.get("/api/echo", headers=[("X-Many", "1"), ("X-Many", "2")]).json()
    assert got["headers"]["x-many"] == "1,2"


def test_the_trace_goes_on(served: Served) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    got = served.http.get("/api/echo", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).json()
    assert got["trace"].split("-")[1] == trace
    assert served.http.get("/api/echo").json()["trace"].split("-")[1] != trace


def test_a_chunked_body_is_not_delivered(served: Served) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"never"
        yield b"seen"

    got = served.http.post("/api/echo", content=chunks())
    assert got.json()["headers"]["transfer-encoding"] == "chunked"
    assert got.json()["body"] == ""


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/only/get", 200),
        ("POST", "/api/only/get", 404),
        ("HEAD", "/api/only/get", 404),
        ("OPTIONS", "/api/only/get", 404),
        ("GET", "/API/ONLY/GET", 200),
        ("PATCH", "/api/echo", 200),
        ("GET", "/only/get", 404),
        ("GET", "/api/echo/word9", 404),
        ("GET", "/api/nothing", 404),
        ("GET", "/", 200),
    ],
)
def test_routes_and_methods(served: Served, method: str, path: str, status: int) -> None:
    assert served.http.request(method, path).status_code == status


def test_a_literal_goes_before_a_parameter(served: Served) -> None:
    answer = served.http.get("/api/echo/literal")
    assert answer.text == "literal"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert served.http.post("/api/echo/literal", content=b"x").json()["route"] == {"kind": "literal"}


@pytest.mark.parametrize("path", ["raise", "none", "bad-header"])
def test_what_goes_wrong_in_a_function_is_an_empty_500(served: Served, path: str) -> None:
    answer = served.http.get(f"/api/{path}")
    assert (answer.status_code, answer.content) == (500, b"")


def test_the_detail_of_an_exception_is_in_the_log(served: Served) -> None:
    served.http.get("/api/raise")
    assert served.wrote("ValueError: the detail is for the log alone")
    assert served.wrote("in raises")


def test_answers_go_out_as_the_host_makes_them(served: Served) -> None:
    answer = served.http.get("/api/headers")
    assert (answer.status_code, answer.content) == (201, b"\x00\xff")
    assert answer.headers.get_list("x-twice") == ["2"]
    assert answer.headers.get_list("set-cookie") == [
        "__Host-one=a%2Bb; max-age=60; domain=; path=/; secure; samesite=lax; httponly",
        "two=2; expires=Thu, 01 Jan 2099 00:00:00 GMT; domain=; path=/api",
    ]


def test_synchronous_functions_share_a_pool_and_leave_the_loop_free(served: Served) -> None:
    def call(_: int) -> str:
        return httpx.get(f"{served.process.url}/api/hold", timeout=40).text

    with ThreadPoolExecutor(5) as pool:
        calls = pool.map(call, range(5))
        try:
            # Four threads: four calls at once, while the loop answers whoever asks how many there are.
            wait_for(lambda: len(served.seen("hold")) >= 4, 20)
            time.sleep(0.3)  # a fifth would have begun by now
            assert len(served.seen("hold")) == 4
            assert served.http.get("/api/echo").status_code == 200
        finally:
            served.http.post("/api/release").raise_for_status()
        assert list(calls) == ["released"] * 5
    assert len(served.seen("hold")) == 5


def test_cors_as_core_tools_does_it(served: Served) -> None:
    origin = {"Origin": "https://portal.example"}
    asked = {**origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    preflight = served.http.options("/api/only/get", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://portal.example"
    assert preflight.headers["access-control-allow-credentials"] == "true"
    assert preflight.headers["access-control-allow-headers"] == "authorization"
    answer = served.http.get("/api/only/get", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "https://portal.example"
    other = served.http.get("/api/only/get", headers={"Origin": "https://other.example"})
    assert other.status_code == 200
    assert "access-control-allow-origin" not in other.headers


def test_host_status(served: Served) -> None:
    status = served.http.get("/admin/host/status").json()
    assert (status["state"], status["backend"]) == ("Running", served.backend)


def test_one_line_per_call_and_never_a_query_value(served: Served) -> None:
    before = served.output.count("host.invocations: echo (http)")
    served.http.get("/api/echo?patient=MARKER-4711")
    wait_for(lambda: served.output.count("host.invocations: echo (http)") > before)
    time.sleep(0.2)
    lines = [line for line in served.output.splitlines() if "host.invocations: echo (http)" in line]
    assert len(lines) == before + 1
    assert lines[-1].endswith(" ms 200")
    assert "MARKER-4711" not in served.output
    assert "MARKER-4711" not in served.log_file.read_text(encoding="utf-8")


def test_the_apps_own_lines_and_the_log_file(served: Served) -> None:
    assert served.wrote(" info  everything: a line of the app's own")
    assert "too fine to show" not in served.output
    kept = served.log_file.read_text(encoding="utf-8")
    assert "functions ready at" in kept
    assert "a line of the app's own" in kept


def test_both_loopback_addresses_answer(served: Served) -> None:
    port = served.process.url.rsplit(":", 1)[1]
    answers = [httpx.get(f"http://{address}:{port}/api/only/get").text for address in ("127.0.0.1", "[::1]")]
    assert answers == ["got", "got"]


def test_by_hand(served: Served) -> None:
    assert served.http.post("/admin/functions/only_get").status_code == 404
    assert served.http.post("/admin/functions/nobody").status_code == 404
    assert served.http.post("/admin/functions/work", content=b"{").status_code == 400
    answer = served.http.post("/admin/functions/WORK", content=json.dumps({"input": "by hand"}).encode())
    assert answer.status_code == 202
    assert served.http.get("/admin/functions/work").status_code == 404
