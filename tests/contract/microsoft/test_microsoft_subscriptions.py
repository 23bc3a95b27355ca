"""Subscriptions of the pretend Graph: handshake, limits, duplicates, renewal."""

import base64
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.contract.microsoft.stand_in import (
    OTHER_TENANT,
    Certificate,
    Json,
    Microsoft,
    Receiver,
    in_minutes,
    subscription_body,
)

Subscribe = Callable[..., Json]


def create(microsoft: Microsoft, body: Json, **options: str) -> tuple[int, Json]:
    answer = microsoft.graph("POST", "/subscriptions", body, version=options.pop("version", "beta"), **options)
    return answer.status_code, answer.json()


def minutes_left(subscription: Json) -> float:
    expires = datetime.fromisoformat(subscription["expirationDateTime"])
    return (expires - datetime.now(UTC)).total_seconds() / 60


def test_both_addresses_shake_hands(subscribe: Subscribe, receiver: Receiver) -> None:
    made = subscribe()
    kinds = {"text/plain; charset=utf-8"}
    assert [path for path, _ in receiver.handshakes] == ["/notifications", "/lifecycle"]
    assert {kind for _, kind in receiver.handshakes} == kinds
    assert made["notificationUrl"] == receiver.url
    assert made["clientState"] == "the client state"
    assert receiver.bodies == []


@pytest.mark.parametrize(
    "handshake",
    [
        lambda token: (202, "text/plain", token),
        lambda token: (500, "text/plain", token),
        lambda token: (200, "application/json", token),
        lambda token: (200, "text/html", token),
        lambda token: (200, "text/plain", token + " "),
        lambda token: (200, "text/plain", token.replace(" ", "+")),
        lambda _: (200, "text/plain", ""),
    ],
)
def test_a_bad_handshake_makes_no_subscription(
    microsoft: Microsoft,
    meeting: Json,
    receiver: Receiver,
    certificate: Certificate,
    handshake: Callable[[str], tuple[int, str, str]],
) -> None:
    receiver.handshake = handshake
    status, body = create(microsoft, subscription_body(meeting, receiver, certificate))
    assert (status, body["error"]["code"]) == (400, "ValidationError")
    assert microsoft.graph("GET", "/subscriptions").json()["value"] == []


def test_a_slow_handshake_is_given_up(
    microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate
) -> None:
    assert microsoft.control("notifications", method="GET")["settings"]["handshakeMs"] == 10_000
    microsoft.configure(handshakeMs=500)
    receiver.handshake_seconds = 0.7
    began = time.monotonic()
    status, body = create(microsoft, subscription_body(meeting, receiver, certificate))
    assert status == 400
    assert "timed out" in body["error"]["message"]
    assert time.monotonic() - began > 0.45
    microsoft.configure(handshakeMs=10_000)
    assert create(microsoft, subscription_body(meeting, receiver, certificate))[0] == 201


def test_an_address_that_nobody_listens_at(
    microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate
) -> None:
    body = subscription_body(meeting, receiver, certificate, notificationUrl="http://127.0.0.1:9/nobody")
    assert create(microsoft, body)[0] == 400


def test_a_duplicate_is_409_also_while_the_first_still_shakes_hands(
    microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate
) -> None:
    receiver.handshake_seconds = 0.2
    body = subscription_body(meeting, receiver, certificate)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: create(microsoft, body), range(10)))
    assert sorted(status for status, _ in answers) == [201] + [409] * 9
    made = next(answer for status, answer in answers if status == 201)
    refused = next(answer for status, answer in answers if status == 409)
    wanted = f"Subscription Id <{made['id']}> already exists for the requested combination"
    assert refused["error"]["message"] == wanted
    assert create(microsoft, {**body, "resource": f"/{body['resource']}"})[0] == 409
    assert microsoft.graph("DELETE", f"/subscriptions/{made['id']}").status_code == 204
    assert create(microsoft, body)[0] == 201


@pytest.mark.parametrize(("minutes", "left"), [(1, 45), (44, 45), (46, 46), (4229, 4229), (-1, None), (4300, None)])
def test_the_limits_of_expiry(
    microsoft: Microsoft,
    meeting: Json,
    receiver: Receiver,
    certificate: Certificate,
    minutes: int,
    left: int | None,
) -> None:
    body = subscription_body(meeting, receiver, certificate, expirationDateTime=in_minutes(minutes))
    status, answer = create(microsoft, body)
    assert status == (400 if left is None else 201)
    if left is not None:
        assert minutes_left(answer) == pytest.approx(left, abs=0.2)


@pytest.mark.parametrize(
    "change",
    [
        {"lifecycleNotificationUrl": None},
        {"encryptionCertificate": None},
        {"encryptionCertificateId": None},
        {"encryptionCertificate": "bm90IGEgY2VydGlmaWNhdGU="},
        {"encryptionCertificateId": "x" * 129},
        {"clientState": "x" * 129},
        {"notificationUrl": "http://elsewhere.example/"},
        {"notificationUrl": "ftp://localhost/"},
        {"changeType": "created"},
        {"changeType": None},
        {"resource": "communications/onlineMeetings(joinWebUrl='https://elsewhere.example')/meetingCallEvents"},
        {"resource": "users"},
        {"unknownMember": 1},
    ],
)
def test_create_refuses(
    microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate, change: Json
) -> None:
    status, body = create(microsoft, subscription_body(meeting, receiver, certificate, **change))
    assert status == 400, body
    assert receiver.handshakes == []


def test_a_short_one_needs_no_lifecycle_address(subscribe: Subscribe) -> None:
    made = subscribe(lifecycleNotificationUrl=None, expirationDateTime=in_minutes(50))
    assert made["lifecycleNotificationUrl"] is None


def test_a_join_url_that_is_not_encoded_again_is_refused(
    microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate
) -> None:
    resource = f"communications/onlineMeetings(joinWebUrl='{meeting['joinWebUrl']}')/meetingCallEvents"
    body = subscription_body(meeting, receiver, certificate, resource=resource)
    assert create(microsoft, body)[0] == 400


def test_a_weak_key_is_refused(microsoft: Microsoft, meeting: Json, receiver: Receiver) -> None:
    body = subscription_body(meeting, receiver, Certificate(1024))
    status, answer = create(microsoft, body)
    assert status == 400
    assert "2048" in answer["error"]["message"]


def test_call_events_exist_on_beta_only_but_are_managed_on_both(
    microsoft: Microsoft,
    subscribe: Subscribe,
    meeting: Json,
    receiver: Receiver,
    certificate: Certificate,
) -> None:
    body = subscription_body(meeting, receiver, certificate)
    assert create(microsoft, body, version="v1.0")[0] == 400
    made = subscribe()
    for version in ("v1.0", "beta"):
        path = f"/subscriptions/{made['id']}"
        assert microsoft.graph("GET", path, version=version).json()["id"] == made["id"]
        new = in_minutes(90)
        renewed = microsoft.graph("PATCH", path, {"expirationDateTime": new}, version=version)
        assert renewed.status_code == 200
        assert minutes_left(renewed.json()) == pytest.approx(90, abs=0.2)
    assert microsoft.graph("DELETE", f"/subscriptions/{made['id']}").status_code == 204
    for method, change in (("GET", None), ("PATCH", {"expirationDateTime": in_minutes(90)}), ("DELETE", None)):
        assert microsoft.graph(method, f"/subscriptions/{made['id']}", change).status_code == 404


def test_a_subscription_belongs_to_its_application_and_tenant(microsoft: Microsoft, subscribe: Subscribe) -> None:
    path = f"/subscriptions/{subscribe()['id']}"
    stranger = microsoft.token(overrides={"azp": "ffffffff-0000-4000-8000-00000000000f"})
    assert microsoft.graph("GET", path, token=stranger).status_code == 404
    assert microsoft.graph("GET", path, tenant=OTHER_TENANT).status_code == 404
    assert microsoft.graph("GET", "/subscriptions", token=stranger).json()["value"] == []
    assert len(microsoft.graph("GET", "/subscriptions").json()["value"]) == 1


def test_another_tenants_meeting_cannot_be_subscribed_to(
    microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate
) -> None:
    body = subscription_body(meeting, receiver, certificate)
    assert create(microsoft, body, tenant=OTHER_TENANT)[0] == 400


def test_no_access_policy_but_a_role_is_needed(
    microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate
) -> None:
    token = microsoft.token(overrides={"roles": ["User.ReadBasic.All"]})
    body = subscription_body(meeting, receiver, certificate)
    assert create(microsoft, body, token=token)[0] == 403


def test_update_refuses_what_create_decided(microsoft: Microsoft, subscribe: Subscribe) -> None:
    path = f"/subscriptions/{subscribe()['id']}"
    for change in (
        {},
        {"clientState": "other"},
        {"lifecycleNotificationUrl": "https://elsewhere.example"},
        {"expirationDateTime": in_minutes(5000)},
        {"encryptionCertificate": base64.b64encode(b"x").decode(), "encryptionCertificateId": "2"},
    ):
        assert microsoft.graph("PATCH", path, change).status_code == 400, change


def test_a_new_address_shakes_hands_again(microsoft: Microsoft, subscribe: Subscribe, receiver: Receiver) -> None:
    path = f"/subscriptions/{subscribe()['id']}"
    before = len(receiver.handshakes)
    url = f"{receiver.url}&second=1"
    assert microsoft.graph("PATCH", path, {"notificationUrl": url}).status_code == 200
    assert len(receiver.handshakes) == before + 1
    receiver.handshake = lambda _: (500, "text/plain", "")
    assert microsoft.graph("PATCH", path, {"notificationUrl": receiver.url}).status_code == 400
    assert microsoft.graph("GET", path).json()["notificationUrl"] == url


def test_reauthorising_and_renewing_at_once_is_noticed(microsoft: Microsoft, subscribe: Subscribe) -> None:
    path = f"/subscriptions/{subscribe()['id']}"
    assert microsoft.graph("POST", f"{path}/reauthorize").status_code == 204

    def warnings() -> list[str]:
        shown = microsoft.control("subscriptions", method="GET")["subscriptions"]
        found: list[str] = shown[0]["warnings"]
        return found

    assert warnings() == []
    assert microsoft.graph("PATCH", path, {"expirationDateTime": in_minutes(90)}).status_code == 200
    assert len(warnings()) == 1
