"""Online meetings of the pretend Graph: identity, updates, who may, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.contract.microsoft.stand_in import (
    API,
    GRAPH,
    NO_POLICY,
    ONE,
    OTHER,
    OTHER_TENANT,
    TENANT,
    TWO,
    Json,
    Microsoft,
    in_minutes,
)

MEETINGS = f"/users/{ONE}/onlineMeetings"
ALL = {"Prefer": "include-unknown-enum-members"}


def test_the_first_call_makes_the_meeting_and_the_second_finds_it_unchanged(microsoft: Microsoft) -> None:
    first = microsoft.graph("POST", f"{MEETINGS}/createOrGet", {"externalId": "a", "subject": "Visit"})
    body = {"externalId": "a", "subject": "Another subject", "startDateTime": in_minutes(60)}
    second = microsoft.graph("POST", f"{MEETINGS}/createOrGet", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json()
    assert second.json()["subject"] == "Visit"
    assert first.json()["joinWebUrl"].startswith(f"{microsoft.url}/l/meetup-join/19%3ameeting_")


def test_identity_is_tenant_organiser_and_external_id(microsoft: Microsoft) -> None:
    ids = {
        microsoft.create_or_get("a", ONE)["id"],
        microsoft.create_or_get("b", ONE)["id"],
        microsoft.create_or_get("a", TWO)["id"],
    }
    path = f"/users/{OTHER}/onlineMeetings/createOrGet"
    elsewhere = microsoft.graph("POST", path, {"externalId": "a"}, tenant=OTHER_TENANT)
    assert elsewhere.status_code == 201
    assert len(ids | {elsewhere.json()["id"]}) == 4


def test_fifty_at_once_make_one_meeting(microsoft: Microsoft) -> None:
    token = microsoft.token()

    def one(_: int) -> tuple[int, str]:
        answer = microsoft.graph("POST", f"{MEETINGS}/createOrGet", {"externalId": "a"}, token=token)
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(one, range(50)))
    assert sorted(status for status, _ in answers) == [200] * 49 + [201]
    assert len({meeting for _, meeting in answers}) == 1
    assert len(microsoft.control("meetings", method="GET")["meetings"]) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "externalId"),
        ({"externalId": None}, "externalId"),
        ({"externalId": "a", "lobbyBypassSettings": {"scope": "organization"}}, "lobbyBypassSettings"),
        ({"externalId": "a", "allowedPresenters": "organizer"}, "allowedPresenters"),
        ({"externalId": "a", "endDateTime": "2030-01-01T00:00:00Z"}, "startDateTime"),
        (
            {"externalId": "a", "startDateTime": "2030-01-02T00:00:00Z", "endDateTime": "2030-01-01T00:00:00Z"},
            "earlier",
        ),
        ({"externalId": "a", "startDateTime": "tomorrow"}, "startDateTime"),
        ({"externalId": "a", "startDateTime": "2030-01-02T00:00:00"}, "startDateTime"),
        ({"externalId": "a", "participants": {"attendees": [{"name": "x"}]}}, "name"),
        ({"externalId": "a", "participants": {"attendees": [{"role": "boss"}]}}, "role"),
        (
            {"externalId": "a", "participants": {"attendees": [{"upn": "x@y.example", "role": "coorganizer"}]}},
            "coorganizer",
        ),
        ([], "object"),
    ],
)
def test_create_or_get_refuses(microsoft: Microsoft, body: Json, says: str) -> None:
    answer = microsoft.graph("POST", f"{MEETINGS}/createOrGet", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest"
    assert says in answer.json()["error"]["message"]
    assert microsoft.control("meetings", method="GET")["meetings"] == []


def test_a_body_that_is_not_json_is_refused(microsoft: Microsoft) -> None:
    headers = {"Authorization": f"Bearer {microsoft.token()}", "Content-Type": "application/json"}
    url = f"/graph/v1.0{MEETINGS}/createOrGet"
    assert microsoft.http.post(url, content=b"{externalId", headers=headers).status_code == 400
    headers["Content-Type"] = "text/plain"
    assert microsoft.http.post(url, content=b'{"externalId":"a"}', headers=headers).status_code == 400


def test_update_changes_lobby_presenters_times_and_people(microsoft: Microsoft, meeting: Json) -> None:
    path = f"{MEETINGS}/{meeting['id']}"
    start, end = in_minutes(10), in_minutes(40)
    attendee = {"upn": None, "identity": {"user": {"id": TWO}}, "role": "coorganizer"}
    body = {
        "lobbyBypassSettings": {"scope": "organizer", "isDialInBypassEnabled": False},
        "allowedLobbyAdmitters": "organizerAndCoOrganizersAndPresenters",
        "allowedPresenters": "organizer",
        "allowMeetingChat": "limited",
        "allowRecording": False,
        "startDateTime": start,
        "endDateTime": end,
        "participants": {"attendees": [attendee]},
    }
    answer = microsoft.graph("PATCH", path, body, headers=ALL)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["lobbyBypassSettings"]["scope"] == "organizer"
    assert changed["allowMeetingChat"] == "limited"
    assert [each["role"] for each in changed["participants"]["attendees"]] == ["coorganizer"]
    assert changed["participants"]["attendees"][0]["upn"] == "clinician.two@sample-hospital.example"
    assert changed["startDateTime"][:19] == start[:19]
    assert microsoft.graph("GET", path, headers=ALL).json() == changed
    # The list of attendees is replaced, not merged; what is not named stays.
    emptied = microsoft.graph("PATCH", path, {"participants": {"attendees": []}}).json()
    assert emptied["participants"]["attendees"] == []
    assert emptied["allowMeetingChat"] == "limited"


@pytest.mark.parametrize(
    "body",
    [
        {"startDateTime": "2030-01-01T00:00:00Z"},
        {"endDateTime": "2030-01-01T00:00:00Z"},
        {"externalId": "other"},
        {"joinWebUrl": "https://elsewhere.example"},
        {"lobbyBypassSettings": {"scope": "nobody"}},
        {"lobbyBypassSettings": {"admits": "all"}},
        {"allowRecording": "no"},
        {"allowedPresenters": "roleIsPresenter"},
        {"participants": {"organizer": {"identity": {"user": {"id": TWO}}}}},
        {"participants": {"attendees": {}}},
    ],
)
def test_update_refuses_and_changes_nothing(microsoft: Microsoft, meeting: Json, body: Json) -> None:
    path = f"{MEETINGS}/{meeting['id']}"
    assert microsoft.graph("PATCH", path, body).status_code == 400
    assert microsoft.graph("GET", path).json() == meeting


def test_newer_members_of_enumerations_are_shown_to_those_who_ask(microsoft: Microsoft, meeting: Json) -> None:
    path = f"{MEETINGS}/{meeting['id']}"
    attendee = {"identity": {"user": {"id": TWO}}, "role": "coorganizer"}
    body = {"lobbyBypassSettings": {"scope": "invited"}, "participants": {"attendees": [attendee]}}
    plain = microsoft.graph("PATCH", path, body).json()
    assert plain["lobbyBypassSettings"]["scope"] == "unknownFutureValue"
    assert plain["participants"]["attendees"][0]["role"] == "unknownFutureValue"
    asked = microsoft.graph("GET", path, headers=ALL).json()
    assert asked["lobbyBypassSettings"]["scope"] == "invited"
    assert microsoft.graph("GET", path, version="beta").json()["lobbyBypassSettings"]["scope"] == "invited"


def test_a_meeting_is_found_by_id_and_by_join_url(microsoft: Microsoft, meeting: Json) -> None:
    assert microsoft.graph("GET", f"{MEETINGS}/{meeting['id']}").json() == meeting
    for url in (meeting["joinWebUrl"], quote(meeting["joinWebUrl"], safe="")):
        found = microsoft.graph("GET", MEETINGS, params={"$filter": f"JoinWebUrl eq '{url}'"})
        assert found.json()["value"][0]["id"] == meeting["id"]
    nothing = microsoft.graph("GET", MEETINGS, params={"$filter": "JoinWebUrl eq 'https://elsewhere.example'"})
    assert (nothing.status_code, nothing.json()["value"]) == (200, [])
    assert microsoft.graph("GET", MEETINGS).status_code == 400
    strangers = microsoft.graph("GET", f"/users/{TWO}/onlineMeetings/{meeting['id']}")
    assert (strangers.status_code, strangers.json()["error"]["message"][:5]) == (403, "3003:")


def test_a_deleted_meeting_is_gone(microsoft: Microsoft, meeting: Json) -> None:
    path = f"{MEETINGS}/{meeting['id']}"
    assert microsoft.graph("DELETE", path).status_code == 204
    for method, body in (("GET", None), ("PATCH", {"subject": "x"}), ("DELETE", None)):
        assert microsoft.graph(method, path, body).status_code == 404
    assert microsoft.http.get(meeting["joinWebUrl"]).status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        {"badSignature": True},
        {"overrides": {"aud": API}},
        {"overrides": {"exp": 1_700_000_000}},
        {"overrides": {"iss": "https://elsewhere.example"}},
        {"overrides": {"exp": None}},
    ],
)
def test_a_wrong_token_is_401(microsoft: Microsoft, wanted: Json) -> None:
    answer = microsoft.graph("GET", "/subscriptions", token=microsoft.token(**wanted))
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer not-a-token"])
def test_no_token_is_401(microsoft: Microsoft, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    assert microsoft.http.get("/graph/v1.0/subscriptions", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "version"),
    [
        ("POST", f"{MEETINGS}/createOrGet", "v1.0"),
        ("GET", f"{MEETINGS}/x", "v1.0"),
        ("GET", f"{MEETINGS}/x/attendanceReports", "v1.0"),
        ("GET", "/communications/callRecords", "v1.0"),
        ("GET", f"/users/{ONE}", "beta"),
    ],
)
def test_a_missing_role_is_403(microsoft: Microsoft, method: str, path: str, version: str) -> None:
    token = microsoft.token(overrides={"roles": ["Mail.Read"]})
    assert microsoft.graph(method, path, token=token, version=version).status_code == 403
    delegated = microsoft.token(overrides={"roles": None, "scp": "OnlineMeetings.ReadWrite"})
    assert microsoft.graph(method, path, token=delegated, version=version).status_code == 403


def test_an_organiser_without_access_policy_is_403(microsoft: Microsoft) -> None:
    path = f"/users/{NO_POLICY}/onlineMeetings/createOrGet"
    answer = microsoft.graph("POST", path, {"externalId": "a"})
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == (
        "Forbidden",
        "No application access policy found for this app",
    )


@pytest.mark.parametrize("user", [OTHER, "clinician.one@sample-hospital.example", "nobody"])
def test_an_organiser_is_named_by_object_id_in_the_callers_tenant(microsoft: Microsoft, user: str) -> None:
    path = f"/users/{user}/onlineMeetings/createOrGet"
    assert microsoft.graph("POST", path, {"externalId": "a"}).status_code == 404


def test_users_are_looked_up_by_name_or_object_id(microsoft: Microsoft) -> None:
    select = {"$select": "id,userPrincipalName,displayName"}
    for name in ("Clinician.One@sample-hospital.example", ONE):
        answer = microsoft.graph("GET", f"/users/{name}", params=select)
        assert answer.status_code == 200
        assert answer.json()["id"] == ONE
        assert answer.json().keys() >= {"userPrincipalName", "displayName"}
        assert "mail" not in answer.json()
    missing = microsoft.graph("GET", "/users/nobody@sample-hospital.example")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")
    assert microsoft.graph("GET", "/users/clinician@other-sample-clinic.example").status_code == 404


def test_each_answer_carries_its_ids(microsoft: Microsoft) -> None:
    answer = microsoft.graph("GET", "/subscriptions", headers={"client-request-id": "my own id"})
    assert answer.headers["client-request-id"] == "my own id"
    assert answer.headers["request-id"]
    assert answer.headers["date"]
    error = microsoft.graph("GET", "/nothing").json()["error"]
    assert error["innerError"].keys() >= {"request-id", "client-request-id", "date"}


def test_throttling_is_switched_on_per_request(microsoft: Microsoft) -> None:
    body = {"error": {"code": "TooManyRequests", "message": "Slow down."}}
    rule = {
        "name": "throttled",
        "method": "POST",
        "path": "/createOrGet$",
        "status": 429,
        "headers": {"Retry-After": "1"},
        "body": body,
        "times": 2,
    }
    microsoft.control("faults", {"rules": [rule]})
    path = f"{MEETINGS}/createOrGet"
    answers = [microsoft.graph("POST", path, {"externalId": "a"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert answers[0].headers["retry-after"] == "1"
    assert answers[0].json() == body
    count = microsoft.http.get("/control/requests", params={"path": "createOrGet$"}).json()["count"]
    assert count == 3


def test_an_effect_without_an_answer_is_found_by_the_next_call(microsoft: Microsoft) -> None:
    rule = {"name": "lost", "path": "/createOrGet$", "status": 504, "after": True, "times": 1}
    microsoft.control("faults", {"rules": [rule]})
    path = f"{MEETINGS}/createOrGet"
    answers = [microsoft.graph("POST", path, {"externalId": "a"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [504, 200]


def test_a_tenant_sees_its_own_meetings_only(microsoft: Microsoft, meeting: Json) -> None:
    path = f"/users/{OTHER}/onlineMeetings/{meeting['id']}"
    assert microsoft.graph("GET", path, tenant=OTHER_TENANT).status_code == 404
    assert microsoft.graph("GET", f"{MEETINGS}/{meeting['id']}", tenant=TENANT).status_code == 200
    token = microsoft.token(overrides={"aud": f"{GRAPH}/"})
    assert microsoft.graph("GET", "/subscriptions", token=token).status_code == 401
