"""The hospital's pages as a form sees them, its controls, and misbehaviour to order."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.hospital.client import Ehr, page_text, query_of


def blank(ehr: Ehr, **given: str) -> dict[str, str]:
    return {"kind": "provider", "block": "", "launchUrl": "", "clientId": "", "contextToken": ""} | given


def test_a_pasted_block_becomes_a_record_and_a_launch(ehr: Ehr) -> None:
    schedule = ehr.http.get(f"{ehr.hospital}/test/schedule")
    assert "Not set up yet" in schedule.text
    block = (
        f"Record: provider\r\nLaunch URL: {ehr.connector}/api/launch/connection-1/provider\r\n"
        f"Client ID: {ehr.client_id}\r\nContext token: sessionId=%CSN%&userId=%EPICUSERID%\r\nFingerprint: abc\r\n"
    )
    saved = ehr.http.post(f"{ehr.hospital}/test/records", data=blank(ehr, block=block))
    assert saved.status_code == 303
    page = ehr.http.get(str(saved.url.join(saved.headers["location"])))
    assert "Saved." in page.text
    assert ">sessionId=%CSN%&amp;userId=%EPICUSERID%</textarea>" in page.text
    form = {"role": "provider", "user": "provider-one", "appointment": "one-to-one"}
    begun = ehr.http.post(f"{ehr.hospital}/test/begin", data=form)
    assert begun.status_code == 303
    url = begun.headers["location"]
    assert url.startswith(f"{ehr.connector}/api/launch/connection-1/provider?iss=")
    body = ehr.redeem(ehr.code(ehr.authorize(query_of(url)["launch"]))).json()
    assert (body["sessionId"], body["userId"]) == ("910001", "PROV1")


def test_fields_one_by_one(ehr: Ehr) -> None:
    values = {"launchUrl": "http://localhost:9/l", "clientId": ehr.client_id, "contextToken": "sessionId=%CSN%"}
    assert ehr.http.post(f"{ehr.hospital}/test/records", data=blank(ehr, **values)).status_code == 303
    found = ehr.http.get(f"{ehr.hospital}/control/records", params={"environment": "test"}).json()["records"]
    assert found == [{"kind": "provider", **values}]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"launchUrl": "javascript:alert(1)"}, "The launch URL must be a whole address"),
        ({"clientId": " "}, "The client id is missing"),
        ({"contextToken": "%CSN%"}, "The context token must be pairs"),
    ],
)
def test_a_record_that_cannot_work_is_said_so(ehr: Ehr, wrong: dict[str, str], sentence: str) -> None:
    good = {"launchUrl": "http://localhost:9/l", "clientId": "c", "contextToken": "sessionId=%CSN%"}
    answer = ehr.http.post(f"{ehr.hospital}/test/records", data=blank(ehr, **(good | wrong)))
    assert answer.status_code == 422
    assert sentence in page_text(answer)


def test_a_foreign_client_id_is_pointed_out(ehr: Ehr, production: Ehr) -> None:
    ehr.record("provider", "sessionId=%CSN%", clientId=production.client_id)
    assert "launches will be refused" in ehr.http.get(f"{ehr.hospital}/test/records").text


def test_without_a_record_nothing_begins(ehr: Ehr) -> None:
    form = {"role": "patient", "user": "patient-one", "appointment": "one-to-one"}
    answer = ehr.http.post(f"{ehr.hospital}/test/begin", data=form)
    assert answer.status_code == 409
    assert "no integration record" in answer.text


def test_the_patient_has_one_tap_in_the_same_tab_and_the_clinician_a_new_one(ehr: Ehr) -> None:
    for kind in ("provider", "patient"):
        ehr.record(kind, "sessionId=%CSN%")
    portal = ehr.http.get(f"{ehr.hospital}/test/portal?as=patient-two").text
    assert "Begin virtual visit" in portal
    assert "_blank" not in portal
    assert "/test/schedule" not in portal
    assert 'target="_blank"' in ehr.http.get(f"{ehr.hospital}/test/schedule").text


@pytest.mark.parametrize("path", ["/", "/test/schedule", "/production/portal", "/production/records"])
def test_pages_ask_nobody_else_for_anything(hospital: str, path: str) -> None:
    answer = httpx.get(f"{hospital}{path}")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert '<html lang="en">' in answer.text
    assert answer.text.count("<h1>") == 1


def test_values_are_escaped(ehr: Ehr) -> None:
    ehr.record("provider", 'sessionId=%CSN%&x="><script>alert(1)</script>')
    assert "<script>alert" not in ehr.http.get(f"{ehr.hospital}/test/records").text


def order(ehr: Ehr, *rules: dict[str, Any], seed: int = 1) -> None:
    body = {"seed": seed, "rules": rules}
    ehr.http.post(f"{ehr.hospital}/control/faults", json=body).raise_for_status()


def test_429_with_its_headers_and_a_number_of_times(ehr: Ehr) -> None:
    token = ehr.backend_token()
    rule = {"name": "busy", "path": "SetExternalConnectionStatus", "status": 429, "times": 1}
    order(ehr, rule | {"headers": {"Retry-After": "2"}, "body": {"error": "busy"}})
    answer = ehr.status(token)
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (429, "2", {"error": "busy"})
    assert ehr.status(token).status_code == 200
    assert len(ehr.status_calls()) == 1
    shown = ehr.http.get(f"{ehr.hospital}/control/faults").json()["rules"]
    assert (shown[0]["hits"], shown[0]["matched"]) == (1, 1)


def test_after_has_its_effect_and_loses_the_answer(ehr: Ehr) -> None:
    token = ehr.backend_token()
    order(ehr, {"name": "lost", "path": "SetExternalConnectionStatus", "status": 502, "after": True, "times": 1})
    assert ehr.status(token).status_code == 502
    assert [call["outcome"] for call in ehr.status_calls()] == ["OK"]


@pytest.mark.parametrize("after", [False, True])
def test_drop(ehr: Ehr, *, after: bool) -> None:
    token = ehr.backend_token()
    order(ehr, {"name": "drop", "path": "SetExternal", "drop": True, "after": after, "times": 1})
    with pytest.raises(httpx.TransportError):
        ehr.status(token)
    assert len(ehr.status_calls()) == (1 if after else 0)
    assert ehr.status(token).status_code == 200
    counted = ehr.http.get(f"{ehr.hospital}/control/requests", params={"path": "SetExternal"}).json()
    assert [one["status"] for one in counted["requests"]] == [0, 200]


def test_after_on_the_token_endpoint_uses_the_code_up(ehr: Ehr) -> None:
    ehr.record("provider", "sessionId=%CSN%")
    launch = query_of(ehr.launch("provider", "provider-one", "one-to-one"))["launch"]
    code = ehr.code(ehr.authorize(launch))
    order(ehr, {"name": "lost", "method": "POST", "path": "/oauth2/token$", "status": 503, "after": True, "times": 1})
    assert ehr.redeem(code).status_code == 503
    assert ehr.redeem(code).json()["error"] == "invalid_grant"


def test_probability_is_reproducible_by_its_seed(ehr: Ehr) -> None:
    def outcomes(seed: int) -> list[int]:
        ehr.http.delete(f"{ehr.hospital}/control/faults").raise_for_status()
        order(ehr, {"name": "sometimes", "path": "^/test/portal", "status": 500, "probability": 0.5}, seed=seed)
        return [ehr.http.get(f"{ehr.hospital}/test/portal").status_code for _ in range(20)]

    first = outcomes(7)
    assert set(first) == {200, 500}
    assert outcomes(7) == first
    assert outcomes(8) != first


def test_delay_alone_changes_no_answer(ehr: Ehr) -> None:
    order(ehr, {"name": "slow", "path": "^/$", "delayMs": 300})
    answer = ehr.http.get(f"{ehr.hospital}/")
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


@pytest.mark.parametrize("rule", [{"name": "x"}, {"name": "x", "path": "("}, {"name": "x", "path": "y", "no": 1}])
def test_rules_that_mean_nothing_are_refused(ehr: Ehr, rule: dict[str, Any]) -> None:
    answer = ehr.http.post(f"{ehr.hospital}/control/faults", json={"rules": [rule]})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_requests_are_counted_without_their_values(ehr: Ehr) -> None:
    ehr.status(ehr.backend_token())
    found = ehr.http.get(f"{ehr.hospital}/control/requests", params={"path": "SetExternal"})
    assert found.json()["count"] == 1
    request = found.json()["requests"][0]
    assert (request["method"], request["status"]) == ("GET", 200)
    assert request["query"] == ["ConferenceID", "ExternalID", "ExternalIDType", "VendorName", "ConnectionStatus"]
    assert "PROV1" not in found.text
    ehr.http.delete(f"{ehr.hospital}/control/requests").raise_for_status()
    assert ehr.http.get(f"{ehr.hospital}/control/requests").json()["count"] == 0


def test_reset_puts_everything_back(ehr: Ehr) -> None:
    ehr.record("provider", "sessionId=%CSN%")
    token = ehr.backend_token()
    order(ehr, {"name": "never", "path": "no-such-path", "status": 500})
    ehr.http.post(f"{ehr.hospital}/control/reset").raise_for_status()
    assert ehr.http.get(f"{ehr.hospital}/control/faults").json() == {"rules": []}
    assert ehr.http.get(f"{ehr.hospital}/control/records", params={"environment": "test"}).json()["records"] == []
    assert ehr.status(token).status_code == 401
