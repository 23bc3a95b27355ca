"""Change notifications: really encrypted, really signed, in every generation, and misbehaving when told to."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.microsoft.stand_in import (
    API,
    ONE,
    OTHER,
    OTHER_TENANT,
    STAFF,
    TENANT,
    TWO,
    Certificate,
    Json,
    Microsoft,
    Receiver,
    claims_of,
    in_minutes,
    subscription_body,
)
from tests.support.machine import slower

Subscribe = Callable[..., Json]
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
LEFT = "Participant has left the meeting call."
INACTIVE = "Participant has entered an inactive state in the roster."
CLINICIAN, GUEST = {"oid": ONE}, {"guest": "Guest"}


@pytest.fixture
def events(microsoft: Microsoft, receiver: Receiver, certificate: Certificate) -> Callable[[], list[Json]]:
    """The decrypted content of all that has arrived."""

    def decrypted() -> list[Json]:
        microsoft.wait()
        return [certificate.decrypt(item) for item in receiver.items]

    return decrypted


Events = Callable[[], list[Json]]


def changes(all_events: list[Json]) -> list[tuple[str, bool | str]]:
    """Each participant's changes: in the lobby or not, or why removed."""
    return [
        (each["id"], each.get("removedState", {}).get("reason", each["isInLobby"]))
        for event in all_events
        for each in event.get("participants@delta", [])
    ]


def test_a_visit_from_lobby_to_end(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events, receiver: Receiver
) -> None:
    made = subscribe()
    guest = microsoft.act(meeting, "join", GUEST)
    clinician = microsoft.act(meeting, "join", CLINICIAN)
    assert (guest["state"], clinician["state"]) == ("lobby", "in")
    assert microsoft.act(meeting, "admit", GUEST) == {"legId": guest["legId"], "state": "in"}
    assert [each["state"] for each in microsoft.roster(meeting)] == ["in", "in"]
    microsoft.act(meeting, "leave", GUEST)
    microsoft.act(meeting, "leave", CLINICIAN)
    seen = events()
    assert [each["eventType"] for each in seen] == [
        "callStarted",
        *["rosterUpdated"] * 5,
        "callEnded",
    ]
    assert changes(seen) == [
        (guest["legId"], True),
        (clinician["legId"], False),
        (guest["legId"], False),
        (guest["legId"], LEFT),
        (clinician["legId"], LEFT),
    ]
    assert len(receiver.bodies) == 5
    for item in receiver.items:
        assert item["subscriptionId"] == made["id"]
        assert (item["tenantId"], item["clientState"]) == (TENANT, "the client state")
        assert item["subscriptionExpirationDateTime"] == made["expirationDateTime"]
        assert (item["changeType"], item["resource"]) == ("updated", made["resource"])
        assert item["resourceData"]["@odata.type"] == "#microsoft.graph.callevent"
        assert item["encryptedContent"]["encryptionCertificateId"] == "certificate-1"
    assert receiver.bodies[0]["path"] == "/notifications?route=r1"
    assert len({item["encryptedContent"]["dataKey"] for item in receiver.items}) == 7


def test_names_travel_encrypted_only(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events, receiver: Receiver
) -> None:
    subscribe()
    microsoft.act(meeting, "join", {"guest": "A Marker Name"})
    assert "A Marker Name" in str(events())
    assert "Marker" not in str(receiver.bodies)
    assert "Marker" not in str(microsoft.control("notifications", method="GET"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("v2", {"ver": "2.0", "azp": PUBLISHER, "aud": API, "tid": TENANT}),
        ("v1", {"ver": "1.0", "appid": PUBLISHER, "aud": API, "iss": f"https://sts.windows.net/{TENANT}/"}),
    ],
)
def test_validation_tokens_are_signed(
    microsoft: Microsoft,
    meeting: Json,
    subscribe: Subscribe,
    receiver: Receiver,
    kind: str,
    expected: dict[str, str],
) -> None:
    subscribe()
    microsoft.configure(validationTokens=kind)
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    (token,) = receiver.bodies[0]["validationTokens"]
    claims = microsoft.verified(token, "common")
    assert {name: claims[name] for name in expected} == expected


def test_wrong_validation_tokens_to_order(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver
) -> None:
    subscribe()
    microsoft.act(meeting, "join", CLINICIAN)
    for kind in ("none", "wrong-audience", "expired", "wrong-publisher"):
        microsoft.configure(validationTokens=kind)
        microsoft.act(meeting, "join", GUEST)
        microsoft.act(meeting, "leave", GUEST)
        microsoft.wait()
        tokens = receiver.bodies[-1]["validationTokens"]
        if kind == "none":
            assert tokens is None
            continue
        claims = claims_of(tokens[0])
        assert (claims["aud"] != API) == (kind == "wrong-audience")
        assert (claims["exp"] < time.time()) == (kind == "expired")
        assert (claims["azp"] != PUBLISHER) == (kind == "wrong-publisher")


def delta_camel(event: Json) -> Any:
    return [each["info"]["identity"] for each in event["participants@delta"]], event["eventType"]


def delta_pascal(event: Json) -> Any:
    assert event.keys() >= {"Id", "EventType", "EventDateTime", "@odata.type"}
    return [each["Info"]["Identity"] for each in event["Participants@delta"]], event["EventType"]


def call_event_type(event: Json) -> Any:
    assert "eventType" not in event
    return [each["info"]["identity"] for each in event["participants"]], event["callEventType"]


def delta_remove(event: Json) -> Any:
    lists = event["activeParticipants@delta"] + event["activeParticipants@remove"]
    return [each["Identity"] for each in lists], event["eventType"]


def joined_exited(event: Json) -> Any:
    lists = event["activeParticipants@joined"] + event["activeParticipants@exited"]
    return [each["Identity"] for each in lists], event["eventType"]


OLD_ROSTER = "Microsoft.Communication.CallRosterUpdate"


@pytest.mark.parametrize(
    ("generation", "read", "name", "user"),
    [
        ("delta-camel", delta_camel, "rosterUpdated", ("user", "id")),
        ("delta-pascal", delta_pascal, "rosterUpdated", ("User", "Id")),
        ("delta-remove", delta_remove, OLD_ROSTER, ("User", "Id")),
        ("joined-exited", joined_exited, OLD_ROSTER, ("User", "Id")),
        ("call-event-type", call_event_type, "rosterUpdated", ("user", "id")),
    ],
)
def test_each_generation(
    microsoft: Microsoft,
    meeting: Json,
    subscribe: Subscribe,
    events: Events,
    generation: str,
    read: Callable[[Json], Any],
    name: str,
    user: tuple[str, str],
) -> None:
    microsoft.configure(generation=generation)
    subscribe()
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.act(meeting, "join", GUEST)
    microsoft.act(meeting, "leave", GUEST)
    microsoft.act(meeting, "leave", CLINICIAN)
    started, joined, *others, left, ended = events()
    identities, event_type = read(joined)
    assert event_type == name
    assert identities[0][user[0]][user[1]] == ONE
    assert read(left)[0][0][user[0]][user[1]] == ONE
    types = [
        next(value for key, value in each.items() if key.lower().endswith("eventtype")) for each in (started, ended)
    ]
    assert [each.lower().rpartition(".")[2] for each in types] == ["callstarted", "callended"]
    # The older generations know nothing of the lobby: who never came in is not told of.
    assert len(others) == (0 if name == OLD_ROSTER else 2)


def test_kinds_of_guests_take_turns(microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events) -> None:
    subscribe()
    for label in ("one", "two", "three", "four"):
        microsoft.act(meeting, "join", {"guest": label})
    identities = [each["participants@delta"][0]["info"]["identity"] for each in events()[1:]]
    kinds = ["guest", "acsUser", "azureCommunicationServicesUser", "guest"]
    assert [next(iter(each)) for each in identities] == kinds
    assert [each[kind]["displayName"] for each, kind in zip(identities, kinds, strict=True)] == [
        "one",
        "two",
        "three",
        "four",
    ]


def test_only_calls_that_begin_after_the_subscription_are_told(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events
) -> None:
    microsoft.act(meeting, "join", CLINICIAN)
    subscribe()
    microsoft.act(meeting, "join", {"oid": TWO})
    assert events() == []
    microsoft.act(meeting, "end")
    microsoft.act(meeting, "join", CLINICIAN)
    assert [each["eventType"] for each in events()] == ["callStarted", "rosterUpdated"]


@pytest.mark.parametrize(
    ("scope", "states"),
    [
        ("organizer", ["in", "lobby", "lobby", "lobby"]),
        ("organization", ["in", "in", "lobby", "lobby"]),
        ("organizationAndFederated", ["in", "in", "in", "lobby"]),
        ("invited", ["in", "in", "lobby", "lobby"]),
        ("everyone", ["in", "in", "in", "in"]),
    ],
)
def test_the_lobby_follows_its_setting(microsoft: Microsoft, meeting: Json, scope: str, states: list[str]) -> None:
    attendee = {"identity": {"user": {"id": TWO}}, "role": "attendee"}
    body = {"lobbyBypassSettings": {"scope": scope}, "participants": {"attendees": [attendee]}}
    microsoft.graph("PATCH", f"/users/{ONE}/onlineMeetings/{meeting['id']}", body)
    people = [CLINICIAN, {"oid": TWO}, {"oid": OTHER}, GUEST]
    assert [microsoft.act(meeting, "join", each)["state"] for each in people] == states


def test_guests_wait_for_the_first_account_even_when_everyone_may_pass(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events
) -> None:
    body = {"lobbyBypassSettings": {"scope": "everyone"}}
    microsoft.graph("PATCH", f"/users/{ONE}/onlineMeetings/{meeting['id']}", body)
    subscribe()
    guest = microsoft.act(meeting, "join", GUEST)
    assert guest["state"] == "lobby"
    staff = microsoft.act(meeting, "join", {"oid": STAFF})
    assert changes(events())[1:] == [(staff["legId"], False), (guest["legId"], False)]


def test_a_lost_network_is_noticed_late_and_a_rejoin_is_somebody_new(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events
) -> None:
    microsoft.configure(inactiveAfterMs=400)
    subscribe()
    microsoft.act(meeting, "join", CLINICIAN)
    first = microsoft.act(meeting, "join", GUEST)
    microsoft.act(meeting, "admit", GUEST)
    before = len(events())
    assert microsoft.act(meeting, "drop", GUEST) == {"legId": first["legId"], "state": "silent"}
    assert len(events()) == before
    assert [each["kind"] for each in microsoft.roster(meeting)] == ["user"]
    second = microsoft.act(meeting, "rejoin", GUEST)
    assert second["legId"] != first["legId"]
    assert second["state"] == "in"
    time.sleep(0.5)
    assert changes(events())[-2:] == [(second["legId"], False), (first["legId"], INACTIVE)]


def test_ending_for_all(microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events) -> None:
    subscribe()
    legs = [microsoft.act(meeting, "join", each)["legId"] for each in (CLINICIAN, GUEST)]
    microsoft.act(meeting, "end", at="2030-01-01T10:00:00Z")
    seen = events()
    assert changes(seen)[-2:] == [(leg, LEFT) for leg in legs]
    assert [each["eventType"] for each in seen[-2:]] == ["rosterUpdated", "callEnded"]
    assert seen[-1]["eventDateTime"].startswith("2030-01-01T10:00:00")
    assert microsoft.roster(meeting) == []


def test_call_ended_may_be_missing_when_everybody_leaves(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, events: Events
) -> None:
    microsoft.configure(callEndedWhenEmpty=False)
    subscribe()
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.act(meeting, "leave", CLINICIAN)
    assert [each["eventType"] for each in events()] == ["callStarted", "rosterUpdated", "rosterUpdated"]
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.act(meeting, "end")
    assert events()[-1]["eventType"] == "callEnded"


@pytest.mark.parametrize(
    ("act", "participant"),
    [("admit", CLINICIAN), ("join", CLINICIAN), ("rejoin", CLINICIAN), ("leave", GUEST), ("dance", CLINICIAN)],
)
def test_an_impossible_act_is_refused(microsoft: Microsoft, meeting: Json, act: str, participant: Json) -> None:
    microsoft.act(meeting, "join", CLINICIAN)
    body = {"act": act, "participant": participant}
    answer = microsoft.http.post(f"/control/meetings/{meeting['id']}/acts", json=body)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]


def order(microsoft: Microsoft, receiver: Receiver, certificate: Certificate, seed: int) -> list[str]:
    """The order of arrival of twelve acts, as numbers of the acts; the same acts each time."""
    microsoft.control("reset")
    receiver.bodies.clear()
    meeting = microsoft.create_or_get()
    body = subscription_body(meeting, receiver, certificate)
    assert microsoft.graph("POST", "/subscriptions", body, version="beta").status_code == 201
    microsoft.configure(seed=seed, duplicate=0.3, reorder=0.3, lose=0.2, reorderHoldMs=300)
    for number in range(12):
        act = "join" if number % 2 == 0 else "leave"
        microsoft.act(meeting, act, CLINICIAN, at=f"2030-01-01T10:00:{number:02}Z")
    microsoft.wait()
    return [certificate.decrypt(body["value"][0])["eventDateTime"][17:19] for body in receiver.bodies]


def test_disorder_is_the_same_for_the_same_seed(
    microsoft: Microsoft, receiver: Receiver, certificate: Certificate
) -> None:
    first = order(microsoft, receiver, certificate, 7)
    counts = microsoft.control("notifications", method="GET")["counts"]
    assert order(microsoft, receiver, certificate, 7) == first
    assert order(microsoft, receiver, certificate, 8) != first
    assert first != sorted(first)
    assert len(first) > len(set(first))
    assert len(set(first)) + counts["lost"] == 12
    assert counts["copies"] == len(first) - len(set(first))


def test_a_copy_has_the_same_content(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver, events: Events
) -> None:
    subscribe()
    microsoft.configure(duplicate=1)
    microsoft.act(meeting, "join", CLINICIAN)
    seen = events()
    assert seen[:2] == seen[2:]
    assert [item["id"] for item in receiver.items[:2]] == [item["id"] for item in receiver.items[2:]]


def test_a_swapped_last_one_still_comes(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver
) -> None:
    subscribe()
    microsoft.configure(reorder=1, reorderHoldMs=200)
    microsoft.act(meeting, "join", CLINICIAN)
    assert receiver.bodies == []
    microsoft.wait()
    assert len(receiver.bodies) == 1


def test_a_lost_one_never_comes(microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver) -> None:
    subscribe()
    microsoft.configure(lose=1)
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    assert receiver.bodies == []
    assert microsoft.control("notifications", method="GET")["counts"]["lost"] == 1


def test_a_delay_is_kept(microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver) -> None:
    subscribe()
    microsoft.configure(delayMs=[300, 400])
    began = time.monotonic()
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    assert 0.3 <= receiver.times[0] - began < 1.5 * slower()


def test_a_refused_one_comes_again_with_back_off(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver
) -> None:
    subscribe()
    microsoft.configure(backOffMs=100)
    receiver.answers = [(500, 0), (302, 0), (429, 0), (202, 0)]
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    (delivery,) = microsoft.control("notifications", method="GET")["deliveries"]
    assert [each["status"] for each in delivery["tries"]] == [500, 302, 429, 202]
    assert delivery["outcome"] == "delivered"
    first, second, third, fourth = receiver.times
    assert 0.08 < second - first < third - second < fourth - third
    assert [body["value"] for body in receiver.bodies] == [receiver.bodies[0]["value"]] * 4


def test_an_answer_after_three_seconds_counts_as_none(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver
) -> None:
    subscribe()
    microsoft.configure(backOffMs=50)
    receiver.answers = [(202, 3.3)]
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    shown = microsoft.control("notifications", method="GET")
    assert [each["status"] for each in shown["deliveries"][0]["tries"]] == [0, 202]
    assert (shown["counts"]["over3s"], shown["counts"]["delivered"]) == (1, 1)
    assert len(receiver.bodies) == 2


def test_a_deleted_subscription_gets_nothing(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver
) -> None:
    made = subscribe()
    microsoft.graph("DELETE", f"/subscriptions/{made['id']}")
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    assert receiver.bodies == []


def test_without_resource_data_there_is_nothing_to_decrypt(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver
) -> None:
    subscribe(includeResourceData=False, encryptionCertificate=None, encryptionCertificateId=None)
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    assert len(receiver.items) == 2
    assert all("encryptedContent" not in item for item in receiver.items)
    assert "validationTokens" not in receiver.bodies[0]


def test_a_new_certificate_is_used_at_once(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver
) -> None:
    made, fresh = subscribe(), Certificate()
    change = {"encryptionCertificate": fresh.base64, "encryptionCertificateId": "certificate-2"}
    assert microsoft.graph("PATCH", f"/subscriptions/{made['id']}", change).status_code == 200
    microsoft.act(meeting, "join", CLINICIAN)
    microsoft.wait()
    assert fresh.decrypt(receiver.items[0])["eventType"] == "callStarted"
    assert receiver.items[0]["encryptedContent"]["encryptionCertificateId"] == "certificate-2"


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_lifecycle_notifications_have_no_resource(
    microsoft: Microsoft, subscribe: Subscribe, receiver: Receiver, event: str
) -> None:
    made = subscribe()
    microsoft.control("lifecycle", {"subscriptionId": made["id"], "lifecycleEvent": event})
    microsoft.wait()
    (body,) = receiver.bodies
    assert body["path"] == "/lifecycle"
    assert body["value"] == [
        {
            "subscriptionId": made["id"],
            "subscriptionExpirationDateTime": made["expirationDateTime"],
            "tenantId": TENANT,
            "clientState": "the client state",
            "lifecycleEvent": event,
        }
    ]


@pytest.mark.parametrize("how", ["reauthorize", "renew"])
def test_a_paused_subscription_waits_for_its_renewal(
    microsoft: Microsoft, meeting: Json, subscribe: Subscribe, receiver: Receiver, how: str
) -> None:
    made = subscribe()
    order = {"subscriptionId": made["id"], "lifecycleEvent": "reauthorizationRequired", "pause": True}
    microsoft.control("lifecycle", order)
    microsoft.act(meeting, "join", CLINICIAN)
    time.sleep(0.2)
    assert [body["path"] for body in receiver.bodies] == ["/lifecycle"]
    path = f"/subscriptions/{made['id']}"
    if how == "renew":
        assert microsoft.graph("PATCH", path, {"expirationDateTime": in_minutes(90)}).status_code == 200
    else:
        assert microsoft.graph("POST", f"{path}/reauthorize").status_code == 204
    microsoft.wait()
    assert len(receiver.bodies) == 2


@pytest.mark.parametrize("settings", [{"generation": "next"}, {"lose": 2}, {"delayMs": 5}, {"unknown": 1}])
def test_unusable_switches_are_refused(microsoft: Microsoft, settings: Json) -> None:
    answer = microsoft.http.post("/control/notifications", json=settings)
    assert answer.status_code == 400


def test_the_tenant_of_a_notification_is_the_meetings(
    microsoft: Microsoft, receiver: Receiver, certificate: Certificate
) -> None:
    path = f"/users/{OTHER}/onlineMeetings/createOrGet"
    meeting = microsoft.graph("POST", path, {"externalId": "a"}, tenant=OTHER_TENANT).json()
    body = subscription_body(meeting, receiver, certificate)
    made = microsoft.graph("POST", "/subscriptions", body, version="beta", tenant=OTHER_TENANT)
    assert made.status_code == 201
    microsoft.act(meeting, "join", {"oid": OTHER})
    microsoft.wait()
    assert {item["tenantId"] for item in receiver.items} == {OTHER_TENANT}
    assert microsoft.verified(receiver.bodies[0]["validationTokens"][0])["tid"] == OTHER_TENANT
