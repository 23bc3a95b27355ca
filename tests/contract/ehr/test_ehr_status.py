"""Epic's status call as we make it: done, again later, or never, for every answer there is."""

import base64
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from shared.connections.model import Content
from shared.ehr.epic import PERMANENT_CODES, understood
from shared.ehr_secrets import SecretsUnavailableError
from shared.presence.model import State
from shared.visits.ports import Told
from tests.contract.ehr.parts import Parts
from tests.support.connections import KEY

STATUS = "SetExternalConnectionStatus"
TOKEN = "/oauth2/token"
DONE = Told(delivered=True)


def epic_error(code: str) -> dict[str, Any]:
    """The body of a refusal, as the documents have it."""
    message = f"An error occurred while executing the command: {code}."
    kind = "Epic.ServiceModel.Internal.ServiceCommandException"
    return {
        "Message": "An error has occurred.",
        "ExceptionMessage": message,
        "ExceptionType": kind,
        "StackTrace": "at X",
    }


@pytest.mark.parametrize(("state", "code"), [(State.WAITING, "3"), (State.CONNECTED, "1"), (State.DISCONNECTED, "2")])
def test_each_state_is_told_with_its_code(ehr: Parts, state: State, code: str) -> None:
    assert ehr.tell(state) == DONE
    (call,) = ehr.told()
    assert {name: str(call[name]) for name in ("conferenceId", "externalId", "externalIdType", "vendorName")} == {
        "conferenceId": "910001",
        "externalId": "PROV1",
        "externalIdType": "1",
        "vendorName": "TeamsEhrConnector",
    }
    assert (str(call["connectionStatus"]), call["status"], call["outcome"]) == (code, 200, "OK")


def test_a_patient_of_a_group_is_told_as_such(ehr: Parts) -> None:
    assert ehr.tell(session_id="950005", external_id="Z900002", external_id_type="2") == DONE


def test_the_words_are_those_that_have_a_code(ehr: Parts) -> None:
    assert ehr.teller.abilities(KEY).words == set(State) - {State.OPENED}
    ehr.content = ehr.content_of(code_waiting=None)
    assert ehr.teller.abilities(KEY).words == {State.CONNECTED, State.DISCONNECTED}
    ehr.content = Content.model_validate({**ehr.content.model_dump(), "ehr_kind": "none"})
    assert ehr.teller.abilities(KEY).words == frozenset()
    assert ehr.tell() == Told(delivered=False, reason="connection is gone")


def test_one_token_serves_many_calls(ehr: Parts) -> None:
    for _ in range(3):
        assert ehr.tell() == DONE
    assert ehr.requests(TOKEN) == 1


@pytest.mark.parametrize(
    ("changes", "vendor", "code"),
    [
        ({"session_id": ""}, None, "NO-CONFERENCE-ID"),
        ({"external_id": ""}, None, "NO-USER-ID"),
        ({"external_id_type": ""}, None, "NO-USER-ID-TYPE"),
        ({}, "", "NO-VENDOR-NAME"),
        ({"session_id": "1"}, None, "INVALID-CONFERENCE-ID"),
        ({"external_id_type": "4"}, None, "INVALID-USER-ID-TYPE"),
        ({"external_id": "PROV7"}, None, "INVALID-USER-ID"),
    ],
)
def test_what_the_hospital_refuses_for_good_is_given_up(
    ehr: Parts, changes: dict[str, str], vendor: str | None, code: str
) -> None:
    if vendor is not None:
        ehr.content = ehr.content_of(vendor_name=vendor)
    assert ehr.tell(State.CONNECTED, **changes) == Told(delivered=False, reason=code)


def test_a_status_that_the_hospital_does_not_know_is_given_up(ehr: Parts) -> None:
    ehr.content = ehr.content_of(code_connected="9")
    assert ehr.tell() == Told(delivered=False, reason="INVALID-CONNECTION-STATUS")


@pytest.mark.parametrize("code", PERMANENT_CODES)
def test_every_permanent_code_is_known_and_told_from_its_longer_sisters(ehr: Parts, code: str) -> None:
    ehr.fault(STATUS, status=400, body=epic_error(code))
    assert ehr.tell() == Told(delivered=False, reason=code)


def test_a_refusal_without_a_code_is_given_up_by_its_status(ehr: Parts) -> None:
    ehr.fault(STATUS, status=400, body=epic_error("SOMETHING-ELSE"), times=1)
    assert ehr.tell() == Told(delivered=False, reason="HTTP 400")
    ehr.fault(STATUS, status=403, body="no", times=1)
    assert ehr.tell() == Told(delivered=False, reason="HTTP 403")
    ehr.fault(STATUS, status=302, headers={"Location": "https://attacker.example"}, times=1)
    assert ehr.tell() == Told(delivered=False, reason="HTTP 302")


def test_a_lock_passes(ehr: Parts) -> None:
    ehr.control.post("/control/lock-failed", json={"times": 1}).raise_for_status()
    assert ehr.tell() == Told(delivered=False, retry=True, reason="LOCK-FAILED")
    assert ehr.tell() == DONE
    assert [call["outcome"] for call in ehr.told()] == ["LOCK-FAILED", "OK"]


@pytest.mark.parametrize("body", [[], "<html>maintenance</html>", ""])
def test_a_page_in_place_of_the_ehr_is_no_answer_of_the_ehr(ehr: Parts, body: Any) -> None:
    ehr.fault(STATUS, status=200, body=body, times=1)
    assert ehr.tell() == Told(delivered=False, retry=True, reason="200 without JSON", down=True)
    assert ehr.tell() == DONE


@pytest.mark.parametrize("body", [{"Status": "0"}, {"Status": None}, {}])
def test_a_success_that_says_no_success_is_none(ehr: Parts, body: Any) -> None:
    ehr.fault(STATUS, status=200, body=body)
    assert ehr.tell() == Told(delivered=False, reason="200 without Status 1")


def test_a_token_that_ran_out_is_replaced_once(ehr: Parts) -> None:
    assert ehr.tell() == DONE
    ehr.fault(STATUS, status=401, headers={"WWW-Authenticate": "Bearer"}, times=1)
    assert ehr.tell() == DONE
    assert (ehr.requests(TOKEN), len(ehr.told())) == (2, 2)
    ehr.fault(STATUS, status=401, times=2)
    assert ehr.tell() == Told(delivered=False, reason="HTTP 401")
    assert ehr.requests(TOKEN) == 3


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(ehr: Parts, status: int) -> None:
    ehr.fault(STATUS, status=status, body="later")
    assert ehr.tell() == Told(delivered=False, retry=True, reason=f"HTTP {status}", down=True)
    ehr.fault(STATUS, status=status, headers={"Retry-After": "7"}, body=epic_error("LOCK-FAILED"))
    ehr.control.delete("/control/faults").raise_for_status()
    ehr.fault(STATUS, status=status, headers={"Retry-After": "7"}, body="later")
    assert ehr.tell().retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 1),
        ("30", 30),
        (" 30 ", 30),
        ("999999999", 7200),
        ("9" * 400, None),
        (format_datetime(datetime(2026, 1, 1, 0, 1, tzinfo=UTC), usegmt=True), 60),
        (format_datetime(datetime(2025, 1, 1, tzinfo=UTC), usegmt=True), 1),
        ("Thu, 01 Jan 2026 00:01:00 -0000", None),
        ("-5", None),
        ("soon", None),
        ("\u00b2", None),
        ("", None),
    ],
)
def test_a_wished_wait_is_held_within_bounds(value: str, wait: float | None) -> None:
    answer = httpx.Response(503, headers=[(b"Retry-After", value.encode("latin-1"))])
    told = understood(answer, datetime(2026, 1, 1, tzinfo=UTC))
    assert told.retry
    assert told.retry_after == (timedelta(seconds=wait) if wait is not None else None)


@pytest.mark.parametrize(
    "rule", [{"drop": True}, {"status": 200, "body": "this is not gzip", "headers": {"Content-Encoding": "gzip"}}]
)
def test_a_broken_connection_is_tried_again(ehr: Parts, rule: dict[str, Any]) -> None:
    ehr.fault(STATUS, **rule)
    told = ehr.tell()
    assert (told.delivered, told.retry) == (False, True)
    assert ehr.told() == []


def test_an_answer_that_was_lost_is_tried_again_though_the_ehr_heard(ehr: Parts) -> None:
    ehr.fault(STATUS, drop=True, after=True, times=1)
    told = ehr.tell()
    assert (told.delivered, told.retry) == (False, True)
    assert ehr.tell() == DONE
    assert [call["outcome"] for call in ehr.told()] == ["OK", "OK"]


def test_an_ehr_that_does_not_answer_in_time_is_tried_again(ehr: Parts) -> None:
    ehr.fault(STATUS, delayMs=900)
    with httpx.Client(timeout=0.3) as hasty:
        told = ehr.teller_with(hasty).tell(KEY, ehr.message())
    assert (told.delivered, told.retry, told.reason) == (False, True, "ReadTimeout")
    deadline = time.monotonic() + 10
    while not ehr.told() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(ehr.told()) == 1, "the hospital hears it all the same, and no later test shall"


def test_an_answer_without_end_is_tried_again(ehr: Parts) -> None:
    ehr.fault(STATUS, status=200, body="x" * 600_000)
    assert ehr.tell() == Told(delivered=False, retry=True, reason="AnswerTooLargeError", down=True)


@pytest.mark.parametrize(
    ("rule", "retry", "reason"),
    [
        ({"status": 503}, True, "ehr_unreachable"),
        ({"status": 429, "body": {}}, True, "ehr_unreachable"),
        ({"drop": True}, True, "ehr_unreachable"),
        ({"status": 401, "body": {"error": "invalid_client"}}, False, "ehr_unauthorized_client"),
    ],
)
def test_without_a_token_nothing_is_told_and_the_reason_stands(
    ehr: Parts, rule: dict[str, Any], *, retry: bool, reason: str
) -> None:
    ehr.fault(TOKEN, **rule)
    assert ehr.tell() == Told(delivered=False, retry=retry, reason=reason, down=retry)
    assert ehr.told() == []


def test_the_call_may_go_to_another_base_url(ehr: Parts) -> None:
    ehr.content = ehr.content_of(base_url=ehr.base_url().removesuffix("/api/FHIR/R4"))
    assert ehr.tell() == DONE
    ehr.content = ehr.content_of(path="/api/elsewhere")
    assert ehr.tell() == Told(delivered=False, reason="HTTP 404")
    ehr.content = ehr.content_of(base_url="http://no-such-host.invalid")
    assert ehr.tell().retry


def test_what_names_a_person_is_in_no_reason(ehr: Parts) -> None:
    ehr.fault(STATUS, status=400, body={"ExceptionMessage": "no such user: Markername PROV1"})
    assert ehr.tell().reason == "HTTP 400"


def test_trying_it_out_tells_nobody_of_anything(ehr: Parts) -> None:
    assert ehr.teller.try_out(KEY) == DONE
    assert [call["outcome"] for call in ehr.told()] == ["INVALID-CONFERENCE-ID"]
    ehr.fault(STATUS, status=404, times=1)
    assert ehr.teller.try_out(KEY) == Told(delivered=False, reason="HTTP 404")


USER, PASSWORD = "VIDEOVISITS", "pretend:password-of-no-system"
"""The pretend hospital's one system user."""


@pytest.fixture
def basic(ehr: Parts) -> Parts:
    ehr.content = ehr.content_of(authentication="basic", user=USER)
    (ehr.folder / f"ehr-{KEY.connection}").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return ehr


def test_an_older_site_is_told_with_a_password(basic: Parts) -> None:
    assert basic.tell() == DONE
    assert basic.teller.try_out(KEY) == DONE
    assert basic.requests(TOKEN) == 0
    assert [call["outcome"] for call in basic.told()] == ["OK", "INVALID-CONFERENCE-ID"]


def test_a_password_that_is_wrong_or_missing_is_a_reason(basic: Parts) -> None:
    secret = basic.folder / f"ehr-{KEY.connection}"
    secret.write_text("wrong", encoding="utf-8")
    assert basic.tell() == Told(delivered=False, reason="HTTP 401")
    secret.write_text(PASSWORD, encoding="utf-8")
    assert basic.tell() == DONE
    for content in (b"", b"\xff\xfe"):
        secret.write_bytes(content)
        assert basic.tell() == Told(delivered=False, reason="secret missing")
    secret.unlink()
    assert basic.tell() == Told(delivered=False, reason="secret missing")
    basic.content = basic.content_of(authentication="basic")
    assert basic.tell() == Told(delivered=False, reason="user name missing")


def test_a_call_with_a_password_says_which_client_it_is_and_who_is_to_be_audited(basic: Parts) -> None:
    sent: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers)
        return httpx.Response(200, json={"Status": "1"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        assert basic.teller_with(client).tell(KEY, basic.message()) == DONE
        basic.content = basic.content_of(
            authentication="basic", user=USER, audit_user="AUDIT1", audit_user_type="EXTERNAL"
        )
        assert basic.teller_with(client).tell(KEY, basic.message()) == DONE
    client_id = basic.settings.ehr_client_id(basic.content.environment)
    assert [one["Epic-Client-ID"] for one in sent] == [client_id, client_id]
    assert [one.get("Epic-User-ID") for one in sent] == [None, "AUDIT1"]
    assert [one.get("Epic-User-IDType") for one in sent] == [None, "EXTERNAL"]
    assert base64.b64decode(sent[0]["Authorization"].removeprefix("Basic ")).decode() == f"emp${USER}:{PASSWORD}"


def test_a_site_that_wants_it_posted_gets_the_same_five_fields(basic: Parts) -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"Status": "1"})

    basic.content = basic.content_of(authentication="basic", user=USER, method="POST")
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        assert basic.teller_with(client).tell(KEY, basic.message()) == DONE
    (request,) = sent
    assert (request.method, request.content) == ("POST", b"")
    assert request.url.path.endswith(f"/Telemedicine/{STATUS}")
    assert dict(request.url.params) == {
        "ConferenceID": "910001",
        "ExternalID": "PROV1",
        "ExternalIDType": "1",
        "VendorName": "TeamsEhrConnector",
        "ConnectionStatus": "1",
    }


def test_a_password_that_cannot_be_read_now_is_tried_again(basic: Parts) -> None:
    class NobodyAnswers:
        def read(self, name: str) -> str | None:
            raise SecretsUnavailableError

    basic.passwords = NobodyAnswers()
    told = basic.teller_with(basic.http).tell(KEY, basic.message())
    assert told == Told(delivered=False, retry=True, reason="secret unavailable")
