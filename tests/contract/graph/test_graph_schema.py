"""Every body that we send to Graph is valid against the description of Graph, where that is at hand."""

import json
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from shared.clock import utc_now
from shared.keys import LocalKeys
from shared.microsoft.door import client_state
from shared.microsoft.graph import Graph
from shared.microsoft.meetings import GraphMeetings
from shared.visits.model import Meeting, Subscription
from tests.contract.graph.parts import ONE, SEALER, STAFF, TWO, in_hours, visit, wish
from tests.support.connections import TENANT
from tests.support.connector import cast_settings
from tests.support.processes import REPOSITORY

DESCRIPTION = REPOSITORY.parent / "shared" / "reference" / "graph-v1-subset.yaml"
MEETING = Meeting(
    "MSpmeeting*0*", "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d", ONE
)
SUBSCRIPTION = Subscription("22222222-2222-4222-8222-222222222222", utc_now())


class Recorder:
    """Graph, as far as it listens."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any] | None]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.sent.append((request.method, request.url.path, body))
        people = {
            "attendees": [{"identity": {"user": {"id": STAFF}}, "upn": "staff@hospital.example", "role": "attendee"}]
        }
        answer = {"id": STAFF, "userPrincipalName": "staff@hospital.example", "joinWebUrl": MEETING.join_url}
        return httpx.Response(200, json={**answer, "participants": people})


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Everything that we ever send to Graph."""
    recorder = Recorder()
    settings = cast_settings(
        "https://connector.example",
        graph_base_url="https://graph.microsoft.com/v1.0",
        graph_beta_base_url="https://graph.microsoft.com/beta",
    )
    with httpx.Client(transport=httpx.MockTransport(recorder)) as client:
        graph = Graph(client, lambda _: "token", lambda _: None)
        keys = LocalKeys(tmp_path_factory.mktemp("keys"))
        meetings = GraphMeetings(graph, keys, settings, lambda key: client_state(SEALER, key), utc_now)
        meetings.create_or_get(TENANT, ONE, wish())
        meetings.configure(TENANT, MEETING, ())
        meetings.configure(TENANT, MEETING, (TWO, STAFF))
        meetings.subscribe(visit(), MEETING, in_hours(12))
        meetings.subscribe(visit(), MEETING, in_hours(2000))
        meetings.renew(TENANT, SUBSCRIPTION, in_hours(3))
        meetings.unsubscribe(TENANT, SUBSCRIPTION)
    return recorder.sent


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    if not DESCRIPTION.is_file():
        pytest.skip("the description of Graph is not at hand beside this repository")
    found: dict[str, Any] = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    return found


def schema_of(method: str, path: str) -> str:
    if path.endswith("/createOrGet"):
        return "onlineMeeting.createOrGet.Request"
    if path.endswith("/subscriptions"):
        return "subscription.Create.Request"
    if "/subscriptions/" in path:
        return "subscription.Update.Request"
    assert (method, "/onlineMeetings/" in path) == ("PATCH", True)
    return "onlineMeeting.Update.Request"


def test_every_body_is_as_graph_describes_it(
    description: dict[str, Any], sent: list[tuple[str, str, dict[str, Any] | None]]
) -> None:
    checked = []
    for method, path, body in sent:
        if body is None:
            assert method in {"GET", "DELETE"}
            continue
        name = schema_of(method, path)
        schema = {**description, "$ref": f"#/components/schemas/{name}"}
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)] == []
        checked.append(name)
    assert {name: checked.count(name) for name in checked} == {
        "onlineMeeting.createOrGet.Request": 1,
        "onlineMeeting.Update.Request": 2,
        "subscription.Create.Request": 2,
        "subscription.Update.Request": 1,
    }


def test_bodies_hold_nothing_that_names_a_patient(sent: list[tuple[str, str, dict[str, Any] | None]]) -> None:
    create = next(body for _, path, body in sent if body and path.endswith("/createOrGet"))
    assert set(create) == {"externalId", "subject", "startDateTime", "endDateTime"}
    subscription = next(body for _, path, body in sent if body and path.endswith("/subscriptions"))
    assert len(subscription["clientState"]) <= 128
    assert len(subscription["encryptionCertificateId"]) <= 128
    assert subscription["notificationUrl"] == "https://connector.example/api/graph/notifications"
    assert subscription["lifecycleNotificationUrl"] == "https://connector.example/api/graph/lifecycle"
    # What is percent-encoded in a join URL is encoded once more: it is a name inside a name.
    assert "19%253ameeting_x%2540thread.v2" in subscription["resource"]


def test_only_making_call_event_subscriptions_is_beta(sent: list[tuple[str, str, dict[str, Any] | None]]) -> None:
    beta = {(method, path) for method, path, _ in sent if path.startswith("/beta")}
    assert beta == {("POST", "/beta/subscriptions")}
    assert all(path.startswith(("/beta/", "/v1.0/")) for _, path, _ in sent)
