"""The edge: what every door does with bodies, names, cookies, languages, callers and failures."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from functions import edge
from functions.answers import Answer, Cookie, Json, Page, Plain, Redirect
from functions.connection_models import CheckIn, ConnectionIn
from functions.edge import MAX_JSON_BYTES, MAX_NOTIFICATION_BYTES, Access, Call, Kind, door
from shared.errors import LANGUAGES, ConnectorError, catalogue
from shared.identifiers import Geography
from shared.jose import KeysUnavailableError, TokenRefusedError
from tests.support.connections import ADMIN, TENANT
from tests.support.tokens import settings

SECURITY = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Handler = Callable[[Call[Any]], Answer]


class Entra:
    """Takes tokens for what they say: `roles` by commas, or a way to fail."""

    def caller(self, token: str) -> Any:
        if token == "bad":
            raise TokenRefusedError("aud")
        if token == "later":
            raise KeysUnavailableError
        return SimpleNamespace(tenant=TENANT.tenant, object_id=ADMIN, roles=frozenset(token.split(",")))


class Body(BaseModel):
    """A body of some kind."""

    name: str
    inner: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connector that consists of settings and Entra; doors of this file are nobody else's."""
    made = SimpleNamespace(settings=settings(geography=Geography.EMEA), entra=Entra())
    monkeypatch.setattr(edge, "connector", lambda: made)
    monkeypatch.setattr(edge.doors, "all", [])


def serve(handler: Handler, **options: Any) -> Callable[..., func.HttpResponse]:
    """The handler behind the decorator, as the host calls it."""
    blueprint = func.Blueprint()
    door(blueprint, "POST", "x/{id}", **options)(handler)
    function = blueprint._function_builders[-1]._function.get_user_function()

    def call(body: bytes | str | object = b"", url: str = "https://connector.example/api/x/1", **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return function(
            func.HttpRequest(method="POST", url=url, headers=named, params={}, route_params={"id": "1"}, body=raw)
        )

    return call


def said(response: func.HttpResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.get_body())
    return found


def fine(call: Call[Any]) -> Answer:
    """Answers."""
    return Json({"ok": True})


def taken(call: Call[Body]) -> Answer:
    """Answers with what came in."""
    return Json(call.input)


def refusing(code: str, **facts: Any) -> Handler:
    def handler(call: Call[Any]) -> Answer:
        """Refuses."""
        raise ConnectorError(code, **facts)

    return handler


def test_a_body_may_be_as_long_as_the_door_says() -> None:
    shortest = len('{"name":""}')
    for limit in (MAX_JSON_BYTES, 100):
        ask = serve(taken, body=Body, limit=limit)
        assert ask({"name": ""}).status_code == 200
        fits = json.dumps({"name": "x" * (limit - shortest)}, separators=(",", ":"))
        assert len(fits) == limit
        assert ask(fits).status_code == 200
        refused = ask(fits + " ")
        assert (refused.status_code, said(refused)["code"]) == (413, "body_too_large")
    assert MAX_JSON_BYTES < MAX_NOTIFICATION_BYTES < 2 * 1024 * 1024


def test_a_body_that_nobody_reads_is_limited_too() -> None:
    assert serve(fine)(b"x" * (MAX_JSON_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"name=x",
        b"\xff\xfe{}",
        b'{"name":"x"} x',
        b'{"name":"x","name":"y"}',
        b'{"name":"x","inner":{"a":1,"a":1}}',
        b'{"name":"x","inner":{"a":[{"b":1,"\\u0062":2}]}}',
        b'{"name":"\\ud800"}',
        b'{"name":"x","inner":{"\\udfff":1}}',
        b'{"name":"x","inner":{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
        b'{"name":"x","inner":{"a":' + b"1" * 5000 + b"}}",
    ],
)
def test_what_is_no_json_or_doubles_a_name_is_refused(body: bytes) -> None:
    refused = serve(taken, body=Body)(body)
    assert (refused.status_code, said(refused)["code"]) == (400, "body_not_json")


@pytest.mark.parametrize("body", ["[]", "3", "null", '"x"', "{}", '{"name":3}', '{"name":null}', '{"name":["x"]}'])
def test_a_body_of_another_form_is_refused_without_its_values(body: str) -> None:
    refused = serve(taken, body=Body)(body)
    assert (refused.status_code, said(refused)["code"]) == (400, "body_invalid")


def test_a_refused_body_is_not_told_back() -> None:
    marker = "Markername"
    plain = {"fhirBaseUrl": "https://ehr.example", "environment": "test", "approver": "a@hospital.example"}
    for change in ({"environment": marker}, {"approver": {marker: 1}}, {"settings": {"meeting_subject": [marker]}}):
        refused = serve(fine, body=ConnectionIn)({**plain, **change})
        assert said(refused)["code"] == "body_invalid"
        assert marker not in refused.get_body().decode()
    told = said(serve(fine, body=CheckIn)({"fhirBaseUrl": "x" * 3000, "environment": "test"}))
    assert "fhirBaseUrl: string_too_long" in told["detail"]


def test_a_surrogate_pair_is_a_character() -> None:
    assert said(serve(taken, body=Body)(b'{"name":"\\ud83d\\ude00"}'))["name"] == "\U0001f600"


def query_of(url: str) -> tuple[dict[str, list[str]], Call[Any]]:
    seen: list[Call[Any]] = []

    def handler(call: Call[Any]) -> Answer:
        """Looks."""
        seen.append(call)
        return Json({})

    assert serve(handler)(url=url).status_code == 200
    return {name: list(values) for name, values in seen[0].query.items()}, seen[0]


def test_every_value_of_a_doubled_parameter_is_seen_and_neither_is_believed() -> None:
    query, call = query_of("https://connector.example/api/x?iss=a&launch=l&iss=b&empty=&%69ss=c#f")
    assert query == {"iss": ["a", "b", "c"], "launch": ["l"], "empty": [""]}
    assert (call.one("iss"), call.one("launch"), call.one("empty"), call.one("none")) == ("", "l", "", "")


def test_odd_queries_are_read_or_refused() -> None:
    assert query_of("https://connector.example/api/x?%ff=%00&=&&a")[0] == {"\ufffd": ["\x00"], "": [""], "a": [""]}
    many = "&".join(f"a{number}=1" for number in range(101))
    for url in (f"https://connector.example/api/x?{many}", "https://[connector/api/x?a=1"):
        refused = serve(fine)(url=url)
        assert (refused.status_code, said(refused)["code"]) == (400, "body_invalid")


def cookies_of(header: str) -> dict[str, str]:
    seen: list[dict[str, str]] = []

    def handler(call: Call[Any]) -> Answer:
        """Looks."""
        seen.append(dict(call.cookies))
        return Json({})

    assert serve(handler)(cookie=header).status_code == 200
    return seen[0]


@pytest.mark.parametrize(
    "others",
    [
        "",
        "theme=dark; ",
        'consent={"a":1,"b":[2]}; ',
        "broken; =; ;; a b=c; ",
        'quoted="x; y"; ',
        "caf\u00e9=\u00e9; ",
        "path=/; expires=Thu, 01 Jan 1970; ",
        "x=" + "y" * 8000 + "; ",
    ],
)
def test_our_cookie_is_found_among_those_of_others(others: str) -> None:
    assert cookies_of(f"{others}__Host-launch-1=sealed_-value; last=1")["__Host-launch-1"] == "sealed_-value"


@given(st.text(max_size=100))
def test_no_cookie_header_is_too_odd(header: str) -> None:
    assert isinstance(edge._cookies(header), dict)
    assert edge._cookies(f"{header.replace(';', '')};a=b")["a"] == "b"


def test_a_cookie_header_is_read_up_to_a_limit() -> None:
    assert "late" not in cookies_of("a=b; " * 10_000 + "late=1")


ANSWERS: dict[str, Answer] = {
    "json": Json({"a": "\u738b"}),
    "json of a model": Json(Body(name="x"), status=201),
    "page": Page("board", values={"visit": "abc"}),
    "redirect": Redirect("https://teams.example/l/meetup-join/x"),
    "bytes": Plain(b"token"),
}
TYPES = {
    "json": "application/json",
    "json of a model": "application/json",
    "page": "text/html",
    "redirect": "text/plain",
    "bytes": "text/plain",
    "refusal": "application/problem+json",
    "refusal as page": "text/html",
    "failure": "application/problem+json",
    "failure as page": "text/html",
    "no token": "application/problem+json",
    "too large": "application/problem+json",
}


def answered(name: str) -> func.HttpResponse:
    """One answer of each kind that a door can give."""
    kind = Kind.PAGE if name.endswith("as page") else Kind.PROBLEM
    if name in ANSWERS:
        return serve(giving(ANSWERS[name]))()
    if name.startswith("refusal"):
        return serve(refusing("connection_unknown"), kind=kind)()
    if name.startswith("failure"):
        return serve(breaking, kind=kind)()
    if name == "no token":
        return serve(fine, access=Access.ADMIN)()
    return serve(fine)(b"x" * 100_000)


def giving(answer: Answer) -> Handler:
    def handler(call: Call[Any]) -> Answer:
        """Answers as told."""
        return answer

    return handler


def breaking(call: Call[Any]) -> Answer:
    """Breaks, with a message that holds a person."""
    raise RuntimeError("Markername was born on 1931-02-03")


@pytest.mark.parametrize("name", TYPES)
def test_every_answer_carries_the_security_headers(name: str) -> None:
    response = answered(name)
    for header, value in SECURITY.items():
        assert response.headers[header] == value
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["Content-Type"] == f"{TYPES[name]}; charset=utf-8"
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("kind", Kind)
def test_an_unforeseen_failure_is_a_503_that_tells_nothing(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    response = serve(breaking, kind=kind)()
    body = response.get_body().decode()
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    for secret in ("Markername", "1931", "RuntimeError", "Traceback"):
        assert secret not in body
    assert "Markername" not in caplog.text
    (record,) = caplog.records
    logged = json.loads(record.getMessage().partition(" ")[2])
    assert (record.levelname, logged["error_type"], logged["function"]) == (
        "ERROR",
        "builtins.RuntimeError",
        "breaking",
    )
    assert logged["correlation"] in body
    if kind is Kind.PROBLEM:
        assert said(response)["code"] == "unavailable"


def test_an_answer_that_cannot_be_written_is_such_a_failure_too() -> None:
    response = serve(lambda _: Json({"a": "\ud800"}))()
    assert (response.status_code, said(response)["code"]) == (503, "unavailable")


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_refusal_is_a_problem_and_a_page_in_both_languages(code: str) -> None:
    for language in LANGUAGES:
        sentences = ConnectorError(code).sentences(language)
        problem = serve(refusing(code))(accept_language=language)
        told = said(problem)
        assert problem.status_code == told["status"] == catalogue()[code].status
        assert problem.headers["Content-Language"] == language
        assert told["type"] == f"urn:ehr-connector:error:{code}"
        assert (told["title"], told["detail"], told["nextStep"]) == (
            sentences.person,
            sentences.administrator,
            sentences.next_step,
        )
        assert told["instance"].startswith("urn:ehr-connector:request:")
        page = serve(refusing(code), kind=Kind.PAGE)(accept_language=language)
        html = page.get_body().decode()
        assert (page.status_code, page.headers["Content-Language"]) == (problem.status_code, language)
        assert f'<html lang="{language}"' in html
        assert code in html
        assert "Accept-Language" in page.headers["Vary"]


def test_what_comes_from_outside_is_escaped_in_pages() -> None:
    attack = "<script>alert(1)</script>"
    page = serve(refusing("body_invalid", detail=attack), kind=Kind.PAGE)().get_body().decode()
    assert attack not in page
    assert "&lt;script&gt;" in page


def test_a_refusal_is_logged_without_its_facts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    serve(refusing("body_invalid", detail="Markername"))()
    (record,) = caplog.records
    logged = json.loads(record.getMessage().partition(" ")[2])
    assert (logged["code"], logged["status"]) == ("body_invalid", 400)
    assert "Markername" not in caplog.text


def test_a_refusal_that_will_pass_says_when() -> None:
    for kind in Kind:
        assert serve(refusing("busy", retry_after=3), kind=kind)().headers["Retry-After"] == "3"
        assert "Retry-After" not in serve(refusing("busy"), kind=kind)().headers


def test_cookies_are_for_this_origin_alone() -> None:
    cookies = (Cookie("__Host-launch-1", "sealed", 600), Cookie("__Host-launch-2", "", 0))
    answers: list[Answer] = [
        Json({}, cookies=cookies),
        Redirect("/x", cookies),
        Page("board", 200, cookies, {"visit": "abc"}),
    ]
    for answer in answers:
        response = serve(giving(answer))()
        found = [value for name, value in response.headers.items() if name.lower() == "set-cookie"]
        assert found == [
            "__Host-launch-1=sealed; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax",
            "__Host-launch-2=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax",
        ]
        assert all("domain" not in value.lower() for value in found)


WHO: dict[str, tuple[str, ...]] = {
    "admin": ("Connector.Admin",),
    "auditor": ("Connector.Auditor",),
    "nobody": ("",),
}


@pytest.mark.parametrize("access", [Access.TENANT, Access.READER, Access.ADMIN])
def test_a_door_with_access_control_wants_a_right_token(access: Access) -> None:
    ask = serve(fine, access=access)
    for header in ("", "Bearer", "Bearer ", "Basic dXNlcg==", "bearer", "Connector.Admin"):
        refused = ask(authorization=header)
        assert (refused.status_code, said(refused)["code"]) == (401, "token_missing")
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    refused = ask(authorization="Bearer bad")
    assert (refused.status_code, said(refused)["code"]) == (401, "token_invalid")
    assert "aud" in said(refused)["detail"]
    later = ask(authorization="Bearer later")
    assert (later.status_code, said(later)["code"]) == (
        catalogue()["microsoft_unavailable"].status,
        "microsoft_unavailable",
    )
    assert ask(authorization="bearer Connector.Admin").status_code == 200


def test_only_an_administrator_passes_an_administrators_door() -> None:
    ask = serve(fine, access=Access.ADMIN)
    for roles in ("Connector.Auditor", "connector.admin", "Connector.Administrator", "x"):
        refused = ask(authorization=f"Bearer {roles}")
        assert (refused.status_code, said(refused)["code"]) == (403, "role_missing")
    assert ask(authorization="Bearer x,Connector.Admin").status_code == 200


def test_a_body_is_looked_at_only_after_its_sender() -> None:
    ask = serve(taken, access=Access.ADMIN, body=Body)
    assert said(ask(b"no json"))["code"] == "token_missing"
    assert said(ask(b"no json", authorization="Bearer x"))["code"] == "role_missing"
    assert said(ask(b"no json", authorization="Bearer Connector.Admin"))["code"] == "body_not_json"


def test_who_calls_is_known_in_this_stamps_geography() -> None:
    seen: list[Any] = []
    serve(lambda call: (seen.append(call.caller), Json({}))[1], access=Access.TENANT)(  # type: ignore[func-returns-value]
        authorization="Bearer Connector.Auditor"
    )
    (person,) = seen
    assert (person.tenant, person.object_id, person.reads_all) == (TENANT, ADMIN, True)


def test_a_door_without_access_control_looks_at_no_token() -> None:
    assert serve(fine)(authorization="Bearer bad").status_code == 200
    refused = serve(lambda call: Json({"who": call.caller.object_id}))()
    assert said(refused)["code"] == "token_missing"


def test_each_request_has_a_number_of_its_own() -> None:
    ask = serve(refusing("not_found"))
    assert len({said(ask())["instance"] for _ in range(20)}) == 20
