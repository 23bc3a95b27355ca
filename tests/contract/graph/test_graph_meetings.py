"""Meetings and subscriptions as we ask Graph for them, and what we make of each of its answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.clock import utc_now
from shared.errors import ConnectorError
from shared.visits.model import Subscription
from tests.contract.graph.parts import NO_POLICY, ONE, SEALER, STAFF, TWO, Parts, in_hours, visit, wish
from tests.support.connections import OTHER_TENANT, TENANT
from tests.support.connector import USERS

MEETINGS = "/onlineMeetings"
GONE = Subscription("99999999-9999-4999-8999-999999999999", utc_now())


def code_of(caught: pytest.ExceptionInfo[ConnectorError]) -> str:
    return caught.value.code


def test_one_external_id_of_one_organizer_is_one_meeting(microsoft: Parts) -> None:
    first, again = microsoft.meeting(), microsoft.meeting()
    assert first == again
    assert first.organizer == ONE
    assert microsoft.meeting("another") != first
    assert microsoft.meeting(organizer=TWO).meeting_id != first.meeting_id
    (shown, *_) = [one for one in microsoft.shown("meetings") if one["id"] == first.meeting_id]
    assert (shown["externalId"], shown["organizerId"], shown["joinWebUrl"]) == ("external-id", ONE, first.join_url)


def test_a_meeting_is_configured_for_a_visit(microsoft: Parts) -> None:
    meeting = microsoft.meeting()
    microsoft.meetings.configure(TENANT, meeting, ())
    found = microsoft.read(meeting)
    assert found["lobbyBypassSettings"] == {"scope": "organization", "isDialInBypassEnabled": False}
    assert found["allowedLobbyAdmitters"] == "organizerAndCoOrganizersAndPresenters"
    assert (found["allowedPresenters"], found["allowMeetingChat"]) == ("organizer", "limited")
    for name in ("allowRecording", "allowTranscription", "recordAutomatically", "isEntryExitAnnounced"):
        assert found[name] is False


def attendees(microsoft: Parts, meeting: Any) -> dict[str, str]:
    there = microsoft.read(meeting)["participants"]["attendees"]
    return {one["identity"]["user"]["id"]: one["role"] for one in there}


def test_co_organizers_are_merged_with_who_is_there(microsoft: Parts) -> None:
    meeting = microsoft.meeting()
    url = f"{microsoft.url}/graph/v1.0/users/{ONE}/onlineMeetings/{meeting.meeting_id}"
    present = {"participants": {"attendees": [{"identity": {"user": {"id": STAFF}}, "role": "attendee"}]}}
    microsoft.graph.send(TENANT.tenant, "PATCH", url, body=present).raise_for_status()
    microsoft.meetings.configure(TENANT, meeting, (TWO,))
    assert attendees(microsoft, meeting) == {STAFF: "attendee", TWO: "coorganizer"}
    microsoft.meetings.configure(TENANT, meeting, (TWO, STAFF))
    assert attendees(microsoft, meeting) == {TWO: "coorganizer", STAFF: "coorganizer"}
    microsoft.meetings.configure(TENANT, meeting, ())
    assert attendees(microsoft, meeting) == {TWO: "coorganizer", STAFF: "coorganizer"}


def test_a_subscription_shakes_hands_at_both_doors_and_notifies(microsoft: Parts) -> None:
    key, meeting = visit(), microsoft.meeting()
    made = microsoft.meetings.subscribe(key, meeting, in_hours(12))
    assert made is not None
    assert sorted(microsoft.connector.handshakes) == ["/api/graph/lifecycle", "/api/graph/notifications"]
    (shown,) = microsoft.shown("subscriptions")
    assert shown["id"].lower() == made.subscription_id.lower()
    act = {"act": "join", "participant": {"guest": "Guest"}}
    microsoft.control.post(f"/control/meetings/{meeting.meeting_id}/acts", json=act).raise_for_status()
    microsoft.control.post("/control/notifications/wait", json={"timeoutMs": 5000}).raise_for_status()
    assert microsoft.connector.posted
    path, body = microsoft.connector.posted[0]
    assert path == "/api/graph/notifications"
    assert body["value"][0]["clientState"].startswith(f"{key.routing}.")
    assert SEALER.is_keyed_hash(body["value"][0]["clientState"].rpartition(".")[2], "client state", key.partition)


def test_a_second_subscription_to_a_meeting_is_the_first(microsoft: Parts) -> None:
    key, meeting = visit(), microsoft.meeting()
    first = microsoft.meetings.subscribe(key, meeting, in_hours(12))
    second = microsoft.meetings.subscribe(key, meeting, in_hours(12))
    assert first is not None
    assert second is not None
    assert second.subscription_id == first.subscription_id.lower()
    assert len(microsoft.shown("subscriptions")) == 1


def test_the_existing_subscription_is_read_from_the_message_alone(microsoft: Parts) -> None:
    made = microsoft.meetings.subscribe(visit(), microsoft.meeting(), in_hours(1))
    assert made is not None
    request_id, existing = "11111111-1111-4111-8111-111111111111", made.subscription_id.upper()
    message = f"Subscription Id <{existing}> already exists for the requested combination"
    error = {"innerError": {"request-id": request_id}, "code": "Conflict", "message": message}
    microsoft.fault("/subscriptions", status=409, body={"error": error}, times=1)
    found = microsoft.meetings.subscribe(visit(), microsoft.meeting(), in_hours(1))
    assert found is not None
    assert found.subscription_id == existing.lower()
    for body in ({"error": {**error, "message": "Conflict"}}, {"error": "x"}, {}, "x"):
        microsoft.fault("/subscriptions", status=409, body=body, times=1)
        assert microsoft.meetings.subscribe(visit(), microsoft.meeting(), in_hours(1)) is None


def test_a_subscription_lasts_no_longer_than_graph_allows(microsoft: Parts) -> None:
    made = microsoft.meetings.subscribe(visit(), microsoft.meeting(), in_hours(24 * 30))
    assert made is not None
    assert made.expires <= utc_now() + timedelta(minutes=4230)
    renewed = microsoft.meetings.renew(TENANT, made, in_hours(24 * 30))
    assert renewed is not None
    assert made.expires <= renewed.expires <= utc_now() + timedelta(minutes=4230)


def test_a_subscription_is_renewed_and_ended(microsoft: Parts) -> None:
    made = microsoft.meetings.subscribe(visit(), microsoft.meeting(), in_hours(2))
    assert made is not None
    until = in_hours(5)
    assert microsoft.meetings.renew(TENANT, made, until) == Subscription(made.subscription_id, until)
    microsoft.meetings.unsubscribe(TENANT, made)
    assert microsoft.shown("subscriptions") == []
    assert microsoft.meetings.renew(TENANT, made, until) is None
    microsoft.meetings.unsubscribe(TENANT, made)
    assert microsoft.meetings.renew(TENANT, GONE, until) is None


LIMITS = [
    "Maximum number of subscriptions has been reached",
    "The organization has exceeded its Teams subscription quota.",
    "Operation: Create; Exception: [Status Code: Forbidden; Reason: Subscription limit reached]",
]


@pytest.mark.parametrize("message", LIMITS)
def test_an_organisation_without_subscriptions_left_has_an_error_of_its_own(microsoft: Parts, message: str) -> None:
    meeting = microsoft.meeting()
    microsoft.fault("/subscriptions", status=403, body={"error": {"code": "ExtensionError", "message": message}})
    with pytest.raises(ConnectorError) as caught:
        microsoft.meetings.subscribe(visit(), meeting, in_hours(1))
    assert code_of(caught) == "subscription_limit"
    assert microsoft.slept == []


@pytest.mark.parametrize("message", ["Insufficient privileges to complete the operation.", "", "limit"])
def test_another_refusal_of_a_subscription_is_not_taken_for_that(microsoft: Parts, message: str) -> None:
    meeting = microsoft.meeting()
    microsoft.fault("/subscriptions", status=403, body={"error": {"code": "Forbidden", "message": message}})
    with pytest.raises(ConnectorError) as caught:
        microsoft.meetings.subscribe(visit(), meeting, in_hours(1))
    assert code_of(caught) == "meeting_refused"


def test_a_subscription_that_is_there_already_lives_as_long_as_a_new_one(microsoft: Parts) -> None:
    key, meeting, soon, late = visit(), microsoft.meeting(), in_hours(1), in_hours(12)
    first = microsoft.meetings.subscribe(key, meeting, soon)
    again = microsoft.meetings.subscribe(key, meeting, late)
    assert first is not None
    assert again is not None
    assert (again.subscription_id, again.expires) == (first.subscription_id, late)
    # It was prolonged to live so long: not to be done again within ten minutes.
    assert first.prolonged is None
    assert again.prolonged is not None
    assert abs(again.prolonged - utc_now()) < timedelta(seconds=10)
    (shown,) = microsoft.shown("subscriptions")
    assert abs(datetime.fromisoformat(shown["expirationDateTime"]) - late) < timedelta(seconds=2)


def test_a_door_that_does_not_shake_hands_is_no_subscription(microsoft: Parts) -> None:
    body = {"error": {"code": "ValidationError", "message": "Subscription validation request failed."}}
    microsoft.fault("/subscriptions", status=400, body=body)
    with pytest.raises(ConnectorError) as caught:
        microsoft.meetings.subscribe(visit(), microsoft.meeting(), in_hours(1))
    assert code_of(caught) == "meeting_refused"


def test_an_organizer_without_access_policy_is_told_as_that(microsoft: Parts) -> None:
    with pytest.raises(ConnectorError) as caught:
        microsoft.meeting(organizer=NO_POLICY)
    assert code_of(caught) == "meeting_access_policy"
    assert microsoft.slept == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (
            {"status": 400, "body": {"error": {"code": "BadRequest", "message": "1026: An error has occurred."}}},
            "meeting_refused",
        ),
        ({"status": 403, "body": {"error": {"code": "Forbidden", "message": "no"}}}, "meeting_refused"),
        ({"status": 401, "body": "x"}, "meeting_refused"),
        ({"status": 500}, "microsoft_unavailable"),
        ({"status": 200, "body": "<html>"}, "microsoft_unavailable"),
        ({"status": 200, "body": {}}, "microsoft_unavailable"),
        ({"status": 200, "body": {"id": 3, "joinWebUrl": None}}, "microsoft_unavailable"),
        ({"status": 200, "body": "x" * 600_000}, "microsoft_unavailable"),
        ({"drop": True}, "microsoft_unavailable"),
    ],
)
def test_each_failure_of_graph_has_its_name(microsoft: Parts, rule: dict[str, Any], code: str) -> None:
    microsoft.fault(MEETINGS, **rule)
    with pytest.raises(ConnectorError) as caught:
        microsoft.meeting()
    assert code_of(caught) == code


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_busy_graph_is_asked_again_when_it_says(microsoft: Parts, status: int) -> None:
    microsoft.fault(MEETINGS, status=status, headers={"Retry-After": "2"}, times=2)
    assert microsoft.meeting().organizer == ONE
    assert microsoft.slept == [2.0, 2.0]
    assert microsoft.requests(MEETINGS) == 3


@pytest.mark.parametrize(
    ("status", "code"), [(429, "microsoft_throttled"), (503, "microsoft_unavailable"), (504, "microsoft_unavailable")]
)
@pytest.mark.parametrize("after", [6, 600])
def test_a_person_does_not_wait_for_ever_and_graph_is_not_asked_before_its_time(
    microsoft: Parts, status: int, code: str, after: int
) -> None:
    microsoft.fault(MEETINGS, status=status, headers={"Retry-After": str(after)})
    with pytest.raises(ConnectorError) as caught:
        microsoft.meeting()
    assert (code_of(caught), caught.value.retry_after) == (code, after)
    assert microsoft.slept == []
    assert microsoft.requests(MEETINGS) == 1


def test_told_to_wait_for_long_at_the_second_try_graph_is_not_asked_a_third_time(microsoft: Parts) -> None:
    rules = [
        {"name": after, "path": MEETINGS, "status": 429, "headers": {"Retry-After": after}, "times": 1}
        for after in ("5", "60")
    ]
    microsoft.control.post("/control/faults", json={"seed": 7, "rules": rules}).raise_for_status()
    with pytest.raises(ConnectorError) as caught:
        microsoft.meeting()
    assert caught.value.retry_after == 60
    assert microsoft.slept == [5.0]


@pytest.mark.parametrize("after", ["soon", "-1", "", "Thu, 01 Jan 2026 00:00:00 GMT"])
def test_a_wait_that_cannot_be_read_becomes_longer_each_time(microsoft: Parts, after: str) -> None:
    microsoft.fault(MEETINGS, status=429, headers={"Retry-After": after}, times=3)
    microsoft.meeting()
    assert microsoft.slept == [1.0, 2.0, 4.0]


def test_a_user_is_found_by_either_name_and_kept(microsoft: Parts) -> None:
    name = str(USERS["analyst"]["userName"])
    for user in (name, name.upper(), str(USERS["analyst"]["oid"])):
        found = microsoft.meetings.find(TENANT, user)
        assert found is not None
        assert (found.object_id, found.user_name) == (USERS["analyst"]["oid"], name)
    asked = microsoft.requests("/users/")
    assert asked == 2
    microsoft.meetings.find(TENANT, name)
    assert microsoft.requests("/users/") == asked


@pytest.mark.parametrize(
    "user",
    ["nobody@sample-hospital.example", "", "x", "..", ".", "../me", "a/b", "?$top=1", "#", "%2e%2e", "\u738b", "'"],
)
def test_who_is_not_there_is_not_found(microsoft: Parts, user: str) -> None:
    assert microsoft.meetings.find(TENANT, user) is None


@pytest.mark.parametrize("body", [{"value": []}, {}, {"id": None}, {"id": "x", "userPrincipalName": "delta"}])
def test_an_answer_that_is_no_user_is_nobody(microsoft: Parts, body: dict[str, Any]) -> None:
    microsoft.fault("/users/", status=200, body=body)
    assert microsoft.meetings.find(TENANT, "delta") is None


def test_another_tenants_user_is_not_found(microsoft: Parts) -> None:
    assert microsoft.meetings.find(OTHER_TENANT, str(USERS["analyst"]["oid"])) is None


def test_a_directory_that_is_down_is_not_an_empty_one(microsoft: Parts) -> None:
    microsoft.fault("/users/", status=500)
    with pytest.raises(ConnectorError) as caught:
        microsoft.meetings.find(TENANT, "analyst@sample-hospital.example")
    assert code_of(caught) == "microsoft_unavailable"


def test_meetings_of_two_tenants_are_apart(microsoft: Parts) -> None:
    theirs = str(USERS["other-clinician"]["oid"])
    made = microsoft.meetings.create_or_get(OTHER_TENANT, theirs, wish())
    assert made.organizer == theirs
    with pytest.raises(ConnectorError):
        microsoft.meetings.create_or_get(TENANT, theirs, wish())
