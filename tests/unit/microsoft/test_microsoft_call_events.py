"""Call events: every generation of Graph's payloads, in any letter case, whole or in pieces."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.microsoft.call_events import call_event
from shared.presence.model import Kind, Signal
from shared.visits.who import CallEvent, Identity, IdentityKind, LegSignal

RECEIVED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT = datetime(2026, 3, 2, 8, 59, 58, 123456, tzinfo=UTC)
TIME = "2026-03-02T08:59:58.1234567Z"
USER, TENANT = "aaaaaaaa-0000-4000-8000-0000000000c1", "aaaaaaaa-0000-4000-8000-000000000001"
CLINICIAN = Identity(IdentityKind.USER, USER, TENANT)
GUEST = Identity(IdentityKind.GUEST)
MACHINE = Identity(IdentityKind.APPLICATION)
LEFT_REASON = {"reason": "Participant has left the meeting call."}
AS_USER = {"user": {"id": USER, "displayName": "Markername", "tenantId": TENANT}}


def participant(leg: str = "leg", identity: object = None, **more: object) -> dict[str, Any]:
    return {"id": leg, "info": {"identity": AS_USER if identity is None else identity}, **more}


def read(resource: dict[str, Any]) -> CallEvent:
    return call_event(resource, RECEIVED)


def signals(resource: dict[str, Any]) -> list[tuple[str, Kind]]:
    return [(one.leg, one.signal.kind) for one in read(resource).signals]


def as_is(value: Any) -> Any:
    return value


def renamed(change: Callable[[str], str]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if isinstance(value, dict):
            return {name if name.startswith("@") else change(name): apply(inner) for name, inner in value.items()}
        return [apply(inner) for inner in value] if isinstance(value, list) else value

    return apply


CASES: dict[str, Callable[[Any], Any]] = {
    "camel": as_is,
    "pascal": renamed(lambda name: name[:1].upper() + name[1:]),
    "lower": renamed(str.lower),
    "upper": renamed(str.upper),
}
GENERATIONS: dict[str, tuple[dict[str, Any], list[Kind]]] = {
    "delta joined": ({"participants@delta": [participant(isInLobby=False)]}, [Kind.JOINED]),
    "delta lobby": ({"participants@delta": [participant(isInLobby=True)]}, [Kind.LOBBY]),
    "delta removed": ({"participants@delta": [participant(isInLobby=False, removedState=LEFT_REASON)]}, [Kind.LEFT]),
    "delta removed from lobby": ({"participants@delta": [participant(isInLobby=True, removedState={})]}, [Kind.LEFT]),
    "delta not removed": ({"participants@delta": [participant(isInLobby=False, removedState=None)]}, [Kind.JOINED]),
    "delta without lobby": ({"participants@delta": [participant()]}, [Kind.JOINED]),
    "remove": ({"participants@remove": [participant()]}, [Kind.LEFT]),
    "active delta": ({"activeParticipants@delta": [participant(isInLobby=True)]}, [Kind.LOBBY]),
    "active remove": ({"activeParticipants@remove": [participant()]}, [Kind.LEFT]),
    "joined": ({"activeParticipants@joined": [participant()]}, [Kind.JOINED]),
    "exited": ({"activeParticipants@exited": [participant(isInLobby=False)]}, [Kind.LEFT]),
    "whole roster": ({"participants": [participant(isInLobby=False)]}, [Kind.JOINED]),
    "joined and exited": (
        {"activeParticipants@joined": [participant()], "activeParticipants@exited": [participant()]},
        [Kind.JOINED, Kind.LEFT],
    ),
}
EVENT_NAMES = [
    {"eventType": "rosterUpdated"},
    {"eventType": "Microsoft.Communication.RosterUpdated"},
    {"callEventType": "rosterUpdated"},
    {"eventType": "unknownFutureValue"},
    {},
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("event", EVENT_NAMES, ids=json.dumps)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_is_read_in_any_letter_case(generation: str, event: dict[str, str], case: str) -> None:
    lists, kinds = GENERATIONS[generation]
    resource = CASES[case]({"@odata.type": "#microsoft.graph.callEvent", "eventDateTime": TIME, **event, **lists})
    expected = tuple(LegSignal("leg", Signal(AT, kind), CLINICIAN) for kind in kinds)
    assert read(resource) == CallEvent(AT, expected, ended=False)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("name", "value", "ended"),
    [
        ("eventType", "callEnded", True),
        ("eventType", "CallEnded", True),
        ("eventType", "Microsoft.Communication.CallEnded", True),
        ("callEventType", "callEnded", True),
        ("callEventType", "microsoft.communication.callEnded", True),
        ("eventType", "callStarted", False),
        ("eventType", "Microsoft.Communication.CallStarted", False),
        ("eventType", "Other.CallEnded", False),
        ("eventType", None, False),
        ("eventType", 3, False),
    ],
)
def test_the_end_of_a_call_is_known_by_every_name(case: str, name: str, value: object, *, ended: bool) -> None:
    assert read(CASES[case]({name: value, "eventDateTime": TIME})) == CallEvent(AT, (), ended=ended)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (AS_USER, CLINICIAN),
        ({"user": {"id": USER.upper(), "tenantId": TENANT.upper()}}, CLINICIAN),
        ({"user": {"id": USER}}, Identity(IdentityKind.USER, USER)),
        ({"user": {"id": USER, "tenantId": None}}, Identity(IdentityKind.USER, USER)),
        ({"user": None, "guest": {"id": "g", "displayName": "Markername"}}, GUEST),
        ({"guest": {"id": "g"}}, GUEST),
        ({"acsUser": {"id": "8:acs:x"}}, GUEST),
        ({"azureCommunicationServicesUser": {"id": "8:acs:x"}}, GUEST),
        ({"phone": {"id": "+12025550171"}}, GUEST),
        ({"encrypted": {"id": "x"}}, GUEST),
        ({"user": {"id": ""}}, GUEST),
        ({"user": {"displayName": "Markername"}}, GUEST),
        ({"user": "x"}, GUEST),
        ({"applicationInstance": {"id": "x"}}, MACHINE),
        ({"application": {"id": "x"}}, MACHINE),
        ({"application": None}, GUEST),
        ({}, GUEST),
        ("x", GUEST),
        ([], GUEST),
    ],
)
def test_every_kind_of_identity_is_told_apart(case: str, identity: object, expected: Identity) -> None:
    resource = CASES[case]({"participants@delta": [participant(identity=identity)]})
    assert [one.identity for one in read(resource).signals] == [expected]


def test_an_identity_without_the_info_around_it_is_found() -> None:
    assert read({"participants": [{"id": "leg", "identity": AS_USER}]}).signals[0].identity == CLINICIAN
    assert read({"participants": [{"id": "leg", "info": None, "identity": AS_USER}]}).signals[0].identity == CLINICIAN


def test_no_display_name_comes_out() -> None:
    whole = {"participants@delta": [participant(identity={"guest": {"id": "g", "displayName": "Markername"}})]}
    assert "Markername" not in repr(read({**whole, "participants": [participant()]}))


def test_participants_without_a_usable_leg_are_left_out() -> None:
    legs: list[Any] = [None, 3, "", "x" * 257, {}, [], "x" * 256]
    listed: list[Any] = [*({"id": leg} for leg in legs), {}, None, "x", 3, []]
    assert signals({"participants@delta": listed}) == [("x" * 256, Kind.JOINED)]
    for odd in (None, {}, "x", 3, {"id": "leg"}):
        assert signals({"participants@delta": odd}) == []


@pytest.mark.parametrize("lobby", ["true", 1, None, "false", {}])
def test_only_a_plain_true_is_the_lobby(lobby: object) -> None:
    assert signals({"participants@delta": [participant(isInLobby=lobby)]}) == [("leg", Kind.JOINED)]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-02T08:59:58Z", datetime(2026, 3, 2, 8, 59, 58, tzinfo=UTC)),
        ("2026-03-02T08:59:58", datetime(2026, 3, 2, 8, 59, 58, tzinfo=UTC)),
        ("2026-03-02T10:59:58+02:00", datetime(2026, 3, 2, 8, 59, 58, tzinfo=UTC)),
        (TIME, AT),
        ("", RECEIVED),
        ("soon", RECEIVED),
        (None, RECEIVED),
        (1_772_441_998, RECEIVED),
        ({}, RECEIVED),
        ("0001-01-01T00:00:00+14:00", RECEIVED),
        ("9999-12-31T23:59:59-14:00", RECEIVED),
    ],
)
def test_the_time_is_the_events_or_else_when_it_came(text: object, at: datetime) -> None:
    event = read({"eventDateTime": text, "participants@delta": [participant()]})
    assert event.at == at
    assert event.at.utcoffset() == timedelta(0)
    assert event.signals[0].signal.at == at


def test_a_payload_nested_without_end_is_read_as_far_as_it_makes_sense() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert signals({"participants@delta": [participant(extra=deep)], "deep": deep}) == [("leg", Kind.JOINED)]


NAMES = st.sampled_from(
    [
        "id",
        "info",
        "identity",
        "user",
        "guest",
        "eventType",
        "eventDateTime",
        "isInLobby",
        "removedState",
        "Participants",
    ]
    + [f"{stem}@{tail}" for stem in ("participants", "ActiveParticipants") for tail in ("delta", "remove", "Exited")]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.datetimes().map(str),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(NAMES | st.text(max_size=8), JSON, max_size=6))
def test_no_json_object_is_too_odd(resource: dict[str, Any]) -> None:
    event = read(resource)
    assert event.at.tzinfo is not None
    assert all(0 < len(one.leg) <= 256 for one in event.signals)
