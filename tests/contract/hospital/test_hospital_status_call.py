"""Epic's status call: accepted, refused in each documented way, and remembered in order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.contract.hospital.client import STATUS_PATH, Ehr
from tests.support.machine import slower


def code_of(answer: httpx.Response) -> str:
    """The code in the middle of the sentence, as a client has to find it."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["Message"] == "An error has occurred."
    assert body["ExceptionType"] == "Epic.ServiceModel.Internal.ServiceCommandException"
    prefix = "An error occurred while executing the command: "
    assert body["ExceptionMessage"].startswith(prefix)
    return str(body["ExceptionMessage"]).removeprefix(prefix).removesuffix(".")


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"ConnectionStatus": "2"},
        {"ConnectionStatus": "3"},
        {"ExternalID": "Z900001", "ExternalIDType": "2"},
        {"ConferenceID": "950005", "ExternalID": "Z900002", "ExternalIDType": "2"},
    ],
)
def test_accepted(ehr: Ehr, changed: dict[str, str]) -> None:
    answer = ehr.status(ehr.backend_token(), **changed)
    assert answer.status_code == 200
    assert answer.json() == {"Status": "1"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ConferenceID": None}, "NO-CONFERENCE-ID"),
        ({"ExternalID": ""}, "NO-USER-ID"),
        ({"ExternalIDType": None}, "NO-USER-ID-TYPE"),
        ({"VendorName": ""}, "NO-VENDOR-NAME"),
        ({"ConnectionStatus": None}, "NO-CONNECTION-STATUS"),
        ({"ConferenceID": "1"}, "INVALID-CONFERENCE-ID"),
        ({"ExternalIDType": "4"}, "INVALID-USER-ID-TYPE"),
        ({"ExternalID": "PROV7"}, "INVALID-USER-ID"),
        ({"ExternalID": "Z900001"}, "INVALID-USER-ID"),
        ({"ExternalID": "Z900002", "ExternalIDType": "2"}, "INVALID-USER-ID"),
        ({"ConnectionStatus": "9"}, "INVALID-CONNECTION-STATUS"),
    ],
)
def test_permanent_refusals(ehr: Ehr, changed: dict[str, str | None], code: str) -> None:
    assert code_of(ehr.status(ehr.backend_token(), **changed)) == code
    call = ehr.status_calls()[-1]
    assert (call["status"], call["outcome"]) == (400, code)


def test_lock_failed_a_number_of_times(ehr: Ehr) -> None:
    token = ehr.backend_token()
    ehr.http.post(f"{ehr.hospital}/control/lock-failed", json={"times": 2}).raise_for_status()
    assert [code_of(ehr.status(token)) for _ in range(2)] == ["LOCK-FAILED"] * 2
    assert ehr.status(token).status_code == 200
    assert [call["outcome"] for call in ehr.status_calls()] == ["LOCK-FAILED", "LOCK-FAILED", "OK"]


def test_lock_failed_by_a_seed_is_the_same_each_time(ehr: Ehr) -> None:
    token = ehr.backend_token()

    def outcomes(seed: int) -> list[int]:
        ordered = {"probability": 0.5, "seed": seed}
        ehr.http.post(f"{ehr.hospital}/control/lock-failed", json=ordered).raise_for_status()
        return [ehr.status(token).status_code for _ in range(16)]

    first = outcomes(3)
    assert set(first) == {200, 400}
    assert outcomes(3) == first
    assert outcomes(4) != first


def test_only_a_backend_token_of_this_environment_opens_it(ehr: Ehr, production: Ehr) -> None:
    ehr.record("provider", "sessionId=%CSN%")
    of_user = ehr.launched("provider", "provider-one", "one-to-one")["access_token"]
    for token in (None, "made-up", of_user, production.backend_token()):
        answer = ehr.status(token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert [call["outcome"] for call in ehr.status_calls()] == ["UNAUTHORIZED"] * 4


def test_only_get(ehr: Ehr) -> None:
    headers = {"Authorization": f"Bearer {ehr.backend_token()}"}
    assert ehr.http.post(f"{ehr.root}{STATUS_PATH}", headers=headers).status_code in {404, 405}


def test_the_log_holds_every_call_in_order_and_reset_clears_it(ehr: Ehr, production: Ehr) -> None:
    token = ehr.backend_token()
    for status in ("3", "1", "2"):
        ehr.status(token, ConnectionStatus=status)
    calls = ehr.status_calls()
    assert [call["connectionStatus"] for call in calls] == ["3", "1", "2"]
    assert [call["at"] for call in calls] == sorted(call["at"] for call in calls)
    assert {name: calls[0][name] for name in ("conferenceId", "externalId", "externalIdType", "vendorName")} == {
        "conferenceId": "910001",
        "externalId": "PROV1",
        "externalIdType": "1",
        "vendorName": "Connector",
    }
    assert production.status_calls() == []
    ehr.http.post(f"{ehr.hospital}/control/reset").raise_for_status()
    assert ehr.status_calls() == []


class Stream:
    """Server-sent events, one after another."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines

    def next(self, wanted: str) -> Any:
        event = ""
        for line in self.lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == wanted:
                return json.loads(line.removeprefix("data: "))
        raise AssertionError("the stream ended")


@contextmanager
def live(ehr: Ehr) -> Iterator[Stream]:
    with httpx.stream("GET", f"{ehr.hospital}/{ehr.environment}/live", timeout=5) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer.iter_lines())


def test_the_schedule_learns_of_a_call_at_once(ehr: Ehr) -> None:
    token = ehr.backend_token()
    ehr.status(token, ConnectionStatus="3")
    with live(ehr) as events:
        assert [one["state"] for one in events.next("present")] == ["waiting"]
        waited = []
        # The best of five: what else the machine does is not what is measured.
        for status in ("2", "1", "2", "3", "1"):
            ehr.status(token, ConnectionStatus=status)
            began = time.monotonic()
            heard = events.next("status")
            waited.append(time.monotonic() - began)
        assert min(waited) < 0.2 * slower()
        assert (heard["appointment"], heard["externalId"], heard["state"]) == ("one-to-one", "PROV1", "connected")
    page = ehr.http.get(f"{ehr.hospital}/test/schedule").text
    assert f'connected<time datetime="{heard["at"]}"' in page


def test_somebody_who_was_not_expected_is_shown_too(ehr: Ehr) -> None:
    ehr.status(ehr.backend_token(), ExternalID="PROV9")
    page = ehr.http.get(f"{ehr.hospital}/test/schedule?as=provider-one").text
    assert "not scheduled" in page
    assert 'data-participant="one-to-one|1|PROV9"' in page
