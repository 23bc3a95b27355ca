"""What bad input gets: a plain page or a problem, in two languages, with its code and its next step; nothing stored.

Never a 5xx, never a stack trace, never a join URL or a token in the answer.
"""

import html
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
import pytest

from functions.edge import doors
from sandbox.demo.browser import Browser
from sandbox.demo.onboarding import Onboarding
from sandbox.demo.world import TENANT
from sandbox.dev.settings import read_values
from shared.errors import LANGUAGES, ConnectorError, Language
from tests.e2e.visit import Visit
from tests.e2e.world import SAMPLE, Sandbox, oid

ENGLISH, CHINESE = LANGUAGES
MEGABYTE = 1024 * 1024
UNKNOWN_ID = "vkvkvkqaabaabaaaaaaaaaaaaeaaaaaaaaaaaaaa"
TRACES = re.compile(r"Traceback|File \"|\.py\b|site-packages|Exception|azure\.|httpx")
SECRETS = re.compile(r"meetup-join|eyJ[A-Za-z0-9_-]{8}|access_token|id_token=")


@pytest.fixture(scope="module")
def setup(sandbox: Sandbox, kept_connection: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Both environments connected, and a clinician linked: what is stored from here on is stored by mistake."""
    production = Onboarding(sandbox, "production").all_at_once()
    return {"test": kept_connection, "production": production}


@pytest.fixture
def untouched(sandbox: Sandbox, setup: dict[str, dict[str, Any]]) -> Iterator[Sandbox]:
    """The sandbox, in which nothing may be stored and no meeting made."""
    sandbox.quiet()
    before, meetings = sandbox.tables(), sandbox.meetings()
    yield sandbox
    assert sandbox.tables() == before
    assert sandbox.meetings() == meetings
    assert all(messages == [] for messages in sandbox.queues().values())
    assert sandbox.waiting_messages() == 0


def launch(setup: dict[str, dict[str, Any]], environment: str = "test", role: str = "provider", **query: str) -> str:
    """The launch URL of a connection, as it would stand in the EHR."""
    wanted = {"iss": setup[environment]["fhirBaseUrl"], "launch": "abcdef", **query}
    return f"/launch/{setup[environment]['id']}/{role}?{urlencode({k: v for k, v in wanted.items() if v})}"


def expect_page(answer: httpx.Response, error: ConnectorError, language: Language = ENGLISH) -> None:
    """A plain page with the code, the sentence and the next step, and no more than that."""
    text = html.unescape(answer.text)
    assert (answer.status_code, _code(answer.text)) == (error.status, error.code)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Language"] == language
    said = error.sentences(language)
    for sentence in (said.person, said.next_step, said.administrator):
        assert sentence in text
    expect_harmless(answer)


def expect_problem(answer: httpx.Response, status: int, code: str, language: Language = ENGLISH) -> None:
    """A problem document (RFC 9457) with the same."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert body["title"] == ConnectorError(code).sentences(language).person
    assert body["detail"]
    assert body["nextStep"]
    expect_harmless(answer)


def expect_harmless(answer: httpx.Response) -> None:
    """Neither a trace nor a secret, in the body or in a header; and the headers that every answer has."""
    seen = answer.text + "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    assert not TRACES.search(seen), TRACES.search(seen)
    assert not SECRETS.search(seen), SECRETS.search(seen)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    framing = re.search(r"frame-ancestors ([^;]+)$", answer.headers["Content-Security-Policy"])
    assert framing
    assert framing.group(1) in ("'none'", read_values(SAMPLE)["FRAME_ANCESTORS"])


def _code(page: str) -> str:
    """The code that an error page shows."""
    found = re.search(r"<dd><code>([a-z_]+)</code>", page)
    return found.group(1) if found else ""


def get(world: Sandbox, path: str, language: Language) -> httpx.Response:
    """One request of a browser that has never been here."""
    headers = {"Accept-Language": language, "Accept": "text/html"}
    return httpx.get(f"{world.connector}/api{path}", headers=headers)


LaunchUrl = Callable[[dict[str, dict[str, Any]]], str]
FIRST_LEG: dict[str, tuple[LaunchUrl, ConnectorError]] = {
    "unknown connection": (
        lambda _: f"/launch/{UNKNOWN_ID}/provider?iss=https%3A%2F%2Fehr.example&launch=x",
        ConnectorError("connection_unknown"),
    ),
    "no connection id at all": (
        lambda _: "/launch/..%2f..%2fetc/patient?iss=x&launch=x",
        ConnectorError("connection_unknown"),
    ),
    "iss of the other environment": (
        lambda setup: launch(setup, iss=setup["production"]["fhirBaseUrl"]),
        ConnectorError("wrong_environment", launched="production", expected="test"),
    ),
    "iss of the other environment, the other way round": (
        lambda setup: launch(setup, "production", "patient", iss=setup["test"]["fhirBaseUrl"] + "/"),
        ConnectorError("wrong_environment", launched="test", expected="production"),
    ),
    "iss unknown": (
        lambda setup: launch(setup, iss="https://somewhere.example/api/FHIR/R4"),
        ConnectorError("iss_unknown"),
    ),
    "iss that only begins the same": (
        lambda setup: launch(setup, iss=setup["test"]["fhirBaseUrl"] + ".evil.example"),
        ConnectorError("iss_unknown"),
    ),
    "iss that is no URL": (lambda setup: launch(setup, iss="[::1"), ConnectorError("iss_unknown")),
    "iss missing": (
        lambda setup: launch(setup, iss=""),
        ConnectorError("launch_parameter_missing", parameter="iss"),
    ),
    "launch missing": (
        lambda setup: launch(setup, role="patient", launch=""),
        ConnectorError("launch_parameter_missing", parameter="launch"),
    ),
    "launch empty": (
        lambda setup: launch(setup, launch="") + "&launch=",
        ConnectorError("launch_parameter_missing", parameter="launch"),
    ),
    "launch too long": (
        lambda setup: launch(setup, launch="a" * 9000),
        ConnectorError("launch_parameter_missing", parameter="launch"),
    ),
    "iss doubled": (
        lambda setup: launch(setup) + "&iss=https%3A%2F%2Fehr.example",
        ConnectorError("launch_parameter_repeated", parameter="iss"),
    ),
    "launch doubled": (
        lambda setup: launch(setup) + "&launch=other",
        ConnectorError("launch_parameter_repeated", parameter="launch"),
    ),
    "launch callback without its launch": (lambda _: "/launch/callback", ConnectorError("launch_not_started")),
    "launch callback with a made-up state": (
        lambda _: "/launch/callback?state=made-up&code=made-up",
        ConnectorError("launch_not_started"),
    ),
    "launch callback with an error and no launch": (
        lambda _: "/launch/callback?error=access_denied&state=made-up",
        ConnectorError("launch_not_started"),
    ),
    "sign-in callback without its sign-in": (
        lambda _: "/sign-in/callback?state=made-up&code=made-up",
        ConnectorError("launch_not_started"),
    ),
    "EHR sign-in callback without its sign-in": (
        lambda _: "/ehr-sign-in/callback?state=made-up&code=made-up",
        ConnectorError("launch_not_started"),
    ),
    "waiting page without a ticket": (lambda _: "/visit?visit=0123456789abcdef", ConnectorError("ticket_missing")),
}


@pytest.mark.parametrize("case", FIRST_LEG)
def test_what_never_was_a_launch(untouched: Sandbox, setup: dict[str, dict[str, Any]], case: str) -> None:
    path, error = FIRST_LEG[case]
    for language in LANGUAGES:
        answer = get(untouched, path(setup), language)
        expect_page(answer, error, language)
        assert "Set-Cookie" not in answer.headers


SECOND_LEG: dict[str, tuple[dict[str, Any], ConnectorError]] = {
    "access_denied": ({"error": "access_denied"}, ConnectorError("ehr_access_denied")),
    "invalid_launch_token": ({"error": "invalid_launch_token"}, ConnectorError("ehr_invalid_launch")),
    "unauthorized_client": ({"error": "unauthorized_client"}, ConnectorError("ehr_unauthorized_client")),
    "no session id": ({"omitContext": True}, ConnectorError("session_id_missing", field="sessionId")),
    "session id that the EHR left unfilled": (
        {"context": {"sessionId": "%CSN%", "appointment": None, "encounter": None}},
        ConnectorError("session_id_missing", field="sessionId"),
    ),
    "session id that is a list": (
        {"context": {"sessionId": ["910001"], "appointment": None, "encounter": None}},
        ConnectorError("session_id_missing", field="sessionId"),
    ),
}
_FUTURE, _PAST = 4_000_000_000, 1_000_000_000
ID_TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "of another issuer": ({"iss": "https://somewhere.example/oauth2"}, "iss"),
    "of the FHIR base URL": ({"iss": "http://localhost/interconnect-test-oauth/api/FHIR/R4"}, "iss"),
    "without issuer": ({"omit": ["iss"]}, "iss"),
    "for another client": ({"aud": "another-client"}, "aud"),
    "without audience": ({"omit": ["aud"]}, "aud"),
    "of long ago": ({"exp": _PAST}, "exp"),
    "without an end": ({"omit": ["exp"]}, "exp"),
    "with an end that is no number": ({"exp": "soon"}, "exp"),
    "from the future": ({"iat": _FUTURE}, "iat"),
    "without its time": ({"omit": ["iat"]}, "iat"),
    "not valid yet": ({"nbf": _FUTURE}, "nbf"),
    "for another launch": ({"nonce": "another-nonce"}, "nonce"),
    "without nonce": ({"omit": ["nonce"]}, "nonce"),
    "without subject": ({"omit": ["sub"]}, "sub"),
    "signed by somebody else": ({"badSignature": True}, "signature"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", SECOND_LEG)
def test_what_the_ehr_answers_wrongly(
    untouched: Sandbox, setup: dict[str, dict[str, Any]], case: str, language: Language
) -> None:
    overrides, error = SECOND_LEG[case]
    role, who = ("patient", "patient-one") if language == CHINESE else ("provider", "provider-one")
    expect_page(_launched(untouched, role, who, overrides, language), error, language)


@pytest.mark.parametrize("case", ID_TOKENS)
def test_an_id_token_that_is_wrong(untouched: Sandbox, setup: dict[str, dict[str, Any]], case: str) -> None:
    id_token, claim = ID_TOKENS[case]
    language = CHINESE if len(case) % 2 else ENGLISH
    answer = _launched(untouched, "patient", "patient-one", {"idToken": id_token}, language)
    expect_page(answer, ConnectorError("id_token_invalid", claim=claim), language)


def test_a_callback_opened_in_another_browser(untouched: Sandbox, setup: dict[str, dict[str, Any]]) -> None:
    """Login CSRF: the state belongs to the browser that began."""
    mine, other = Browser(), Browser()
    other.open(f"{untouched.connector}/api{launch(setup)}")
    callback = _callback(untouched, mine, untouched.launch_url("patient", "patient-one", "one-to-one"))
    expect_page(other.open(callback), ConnectorError("launch_not_started"))


def test_a_callback_with_the_state_of_another_launch(untouched: Sandbox, setup: dict[str, dict[str, Any]]) -> None:
    """Two launches in one browser: a code of the first does not go with the state of the second."""
    browser = Browser()
    first = _callback(untouched, browser, untouched.launch_url("patient", "patient-one", "one-to-one"))
    second = _callback(untouched, browser, untouched.launch_url("patient", "patient-two", "second"))
    mixed = httpx.URL(second).copy_set_param("code", httpx.URL(first).params["code"])
    expect_page(browser.open(str(mixed)), ConnectorError("ehr_token_refused"))


def test_a_code_used_twice(sandbox: Sandbox, setup: dict[str, dict[str, Any]]) -> None:
    """The first use is a visit; the second gets a page, and stores nothing."""
    browser = Browser()
    callback = _callback(sandbox, browser, sandbox.launch_url("patient", "patient-two", "second"))
    cookies = dict(browser.http.cookies)
    assert browser.open(callback).url.path == "/api/visit"
    sandbox.quiet()
    before = sandbox.tables()
    expect_page(browser.open(callback), ConnectorError("launch_not_started"))
    again = Browser()
    again.http.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    expect_page(again.open(callback), ConnectorError("ehr_token_refused"))
    assert sandbox.tables() == before


def test_a_microsoft_sign_in_that_is_cancelled(sandbox: Sandbox, setup: dict[str, dict[str, Any]]) -> None:
    before, meetings = sandbox.tables(), sandbox.meetings()
    browser = Browser()
    browser.open(sandbox.launch_url("provider", "provider-two", "consultation"))
    expect_page(browser.press("cancel", "yes"), ConnectorError("sign_in_denied"))
    assert sandbox.tables() == before, "nobody is linked, no visit begun"
    assert sandbox.meetings() == meetings


BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "body_not_json"),
    "not JSON": (b"<xml/>", 400, "body_not_json"),
    "cut off": (b'{"value": [', 400, "body_not_json"),
    "not UTF-8": (b'{"value": "\xff\xfe"}', 400, "body_not_json"),
    "very deep": (b"[" * 60_000, 400, "body_not_json"),
    "a number": (b"42", 400, "body_invalid"),
    "a list": (b"[]", 400, "body_invalid"),
    "null": (b"null", 400, "body_invalid"),
    "an object of something else": (b'{"hello": "there"}', 400, "body_invalid"),
    "two megabytes": (b'{"value": "' + b"a" * (2 * MEGABYTE) + b'"}', 413, "body_too_large"),
    "two megabytes of nothing": (b" " * (2 * MEGABYTE), 413, "body_too_large"),
}


@pytest.mark.parametrize("case", BODIES)
@pytest.mark.parametrize("path", ["connections", "connections/check", "graph/notifications", "graph/lifecycle"])
def test_a_body_that_cannot_be_read(untouched: Sandbox, path: str, case: str) -> None:
    body, status, code = BODIES[case]
    language = CHINESE if path.endswith(("check", "lifecycle")) else ENGLISH
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {untouched.token('admin')}",
        "Accept-Language": language,
    }
    answer = httpx.post(f"{untouched.connector}/api/{path}", content=body, headers=headers)
    expect_problem(answer, status, code, language)


def test_an_unknown_client_state(untouched: Sandbox, setup: dict[str, dict[str, Any]]) -> None:
    hash_like = "0" * 32
    states = [
        "made-up",
        "",
        None,
        7,
        f"{UNKNOWN_ID}.{hash_like}.{hash_like}",
        f"{setup['test']['id']}.{hash_like}.{hash_like}",
    ]
    for path in ("notifications", "lifecycle"):
        for state in states:
            item = {"clientState": state, "tenantId": TENANT, "subscriptionId": "x", "lifecycleEvent": "missed"}
            answer = httpx.post(f"{untouched.connector}/api/graph/{path}", json={"value": [item]})
            expect_problem(answer, 403, "client_state_unknown")


def test_the_handshake_echoes_text_and_nothing_else(untouched: Sandbox) -> None:
    url = f"{untouched.connector}/api/graph/notifications"
    token = "<script>alert(1)</script> &?é"
    answer = httpx.post(url, params={"validationToken": token})
    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    expect_problem(httpx.post(url, params={"validationToken": "a" * 5000}), 400, "body_invalid")
    expect_problem(httpx.post(f"{url}?validationToken=a&validationToken=b"), 400, "body_invalid")


def test_nothing_leads_to_a_foreign_page(untouched: Sandbox, setup: dict[str, dict[str, Any]]) -> None:
    """An open redirect: whatever is asked for, our own answers lead only to that EHR."""
    for extra in ("&redirect_uri=https://evil.example", "&aud=https://evil.example", "&state=x&next=//evil.example"):
        answer = get(untouched, launch(setup) + extra, ENGLISH)
        assert answer.status_code == 302
        location = urlsplit(answer.headers["Location"])
        assert urlunsplit((location.scheme, location.netloc, "", "", "")) == untouched.hospital
        assert "evil.example" not in answer.headers["Location"]


PIECES = (*"abcxyz0129-_.:;,'\"<>&{}[]\\%=", "é", "漢", "\U0001f600", "%00", "%0d%0a", "%2e%2e%2f", "%ff", "../", "||")


def test_random_requests_at_every_door(untouched: Sandbox, setup: dict[str, dict[str, Any]]) -> None:
    """Whatever comes in is answered, and never by a failure of ours. The seed is fixed."""
    dice = random.Random(20_241)  # noqa: S311 - to be repeatable
    tokens = ["", "Bearer x.y.z", "Bearer", "Basic eA==", f"Bearer {untouched.token('auditor')}"]
    requests = [_random_request(dice, number, setup["test"]["id"], tokens) for number in range(360)]
    with httpx.Client(base_url=untouched.connector, timeout=20) as client, ThreadPoolExecutor(4) as senders:
        answers = list(senders.map(lambda request: client.request(**request), requests))
    for request, answer in zip(requests, answers, strict=True):
        assert answer.status_code < 500, (request, answer.text)
        assert not TRACES.search(answer.text), (request, answer.text)
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[400] > 10, statuses
    assert statuses[401] > 10, statuses


def _random_request(dice: random.Random, number: int, connection: str, tokens: list[str]) -> dict[str, Any]:
    """One request: each door in turn; path, query, headers and body by chance, true values now and then."""
    door = doors.all[number % len(doors.all)]
    path = re.sub(r"{[^}]+}", lambda _: dice.choice([_noise(dice, 40), connection]), door.route)
    names = ["iss", "launch", "state", "code", "error", "visit", "status", "validationToken", _noise(dice, 5)]
    query = "&".join(f"{dice.choice(names)}={_noise(dice, 60)}" for _ in range(dice.randrange(5)))
    headers = {"Authorization": dice.choice(tokens), "Accept-Language": _header(dice), "Cookie": _header(dice)}
    headers["Content-Type"] = dice.choice(["application/json", _header(dice)])
    body = dice.choice([b"", dice.randbytes(dice.randrange(300)), _json_noise(dice)])
    return {
        "method": door.method,
        "url": f"/api/{path.replace('?', '')}?{query}",
        "headers": {name.encode(): value.encode("latin-1", "replace") for name, value in headers.items() if value},
        "content": body,
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_not_approved_and_suspended(world: Sandbox, language: Language) -> None:
    onboarding = Onboarding(world)
    waiting = onboarding.submit()
    before = world.tables()
    url = f"/launch/{waiting['id']}/patient?{urlencode({'iss': waiting['fhirBaseUrl'], 'launch': 'x'})}"
    expect_page(get(world, url, language), ConnectorError("connection_not_approved", state="needs approval"), language)
    assert world.tables() == before
    onboarding.all_at_once()
    world.api("admin", "POST", f"/connections/{waiting['id']}/suspend", {"reason": "planned work"})
    before = world.tables()
    expect_page(get(world, url, language), ConnectorError("connection_suspended"), language)
    assert world.tables() == before


def test_suspended_between_the_two_legs(world: Sandbox, connection: dict[str, Any]) -> None:
    browser = Browser()
    callback = _callback(world, browser, world.launch_url("patient", "patient-one", "one-to-one"))
    world.api("admin", "POST", f"/connections/{connection['id']}/suspend", {"reason": "planned work"})
    before = world.tables()
    expect_page(browser.open(callback), ConnectorError("connection_suspended"))
    assert world.tables() == before


def test_an_edited_connection_launches_as_approved(world: Sandbox, connection: dict[str, Any]) -> None:
    """Editing stops launches of the edited content, not of the approved one."""
    body = {
        "fhirBaseUrl": Onboarding(world, "production").base_url,
        "environment": "production",
        "approver": world.user("analyst")["userName"],
        "version": world.api("admin", "GET", f"/connections/{connection['id']}")["version"],
    }
    edited = world.api("admin", "PUT", f"/connections/{connection['id']}", body)
    assert edited["state"] == "needs approval"
    visit = Visit(world)
    assert visit.patient().page.url.path == "/api/visit"
    iss = edited["fhirBaseUrl"]
    url = f"/launch/{connection['id']}/patient?{urlencode({'iss': iss, 'launch': 'x'})}"
    expect_page(get(world, url, ENGLISH), ConnectorError("iss_unknown"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_expired_visit(world: Sandbox, connection: dict[str, Any], language: Language) -> None:
    """Thirteen hours later: the row of the visit is made that old, which is what time would do to it."""
    visit = Visit(world)
    visit.patient()
    row = visit.row()
    world.change_row("Visits", row["PartitionKey"], "visit", created="2020-01-01T00:00:00+00:00")
    visit.wait_told("patient-one", "waiting")
    world.quiet()
    before = world.tables()
    for role, who in (("patient", "patient-one"), ("provider", "provider-one")):
        browser = Browser()
        browser.http.headers["Accept-Language"] = language
        page = browser.open(world.launch_url(role, who, "one-to-one"))
        if role == "provider":
            page = browser.press("account", oid("clinician-one"))
        expect_page(page, ConnectorError("visit_expired"), language)
    after = world.tables()
    assert after["Visits"] == before["Visits"]
    assert world.meetings() == []
    seen = visit.waiting()
    assert (seen["opened"], seen["over"]) == (False, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_access_policy_is_missing(world: Sandbox, connection: dict[str, Any], language: Language) -> None:
    visit = Visit(world, "without-policy")
    visit.browser("provider-nine").http.headers["Accept-Language"] = language
    page = visit.clinician("provider-nine").page
    expect_page(page, ConnectorError("meeting_access_policy"), language)
    row = visit.row()
    assert row["phase"] == "waiting"
    assert {"meeting", "organizer", "claim", "subscription_id"}.isdisjoint(row), "another clinician may open it"
    assert world.meetings() == []
    assert world.subscriptions() == []
    visit.patient("patient-three")
    assert visit.waiting("patient-three")["opened"] is False


def _noise(dice: random.Random, most: int) -> str:
    return "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, most)))


def _header(dice: random.Random) -> str:
    """Text that may stand in a header: what HTTP itself forbids never reaches the functions."""
    return "".join(character for character in _noise(dice, 80) if character.isprintable()).strip() or "x"


def _json_noise(dice: random.Random) -> bytes:
    names = ["value", "clientState", "tenantId", "fhirBaseUrl", "environment", "approver", "fingerprint", "reason"]
    content: dict[str, Any] = {
        dice.choice(names): dice.choice([None, 1, -1.5e300, _noise(dice, 30), [], {}, [{"clientState": 1}], True])
        for _ in range(dice.randrange(6))
    }
    return json.dumps(content).encode()


def _launched(world: Sandbox, role: str, who: str, overrides: dict[str, Any], language: Language) -> httpx.Response:
    browser = Browser()
    browser.http.headers["Accept-Language"] = language
    return browser.open(world.launch_url(role, who, "one-to-one", overrides=overrides))


def _callback(world: Sandbox, browser: Browser, url: str) -> str:
    """Follows a launch as far as the EHR's way back to us, and gives that address unopened."""
    for _ in range(5):
        url = browser.http.get(url).headers["Location"]
        if url.startswith(f"{world.connector}/api/launch/callback"):
            return url
    raise AssertionError(f"no way back: {url}")
