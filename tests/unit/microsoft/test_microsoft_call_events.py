"""Call events: every generation of Graph's payloads, in any letter case, whole or in pieces."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
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
INACTIVE_REASON = {"reason": "Participant has entered an inactive state in the roster."}
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
    "delta inactive": (
        {"participants@delta": [participant(isInLobby=False, removedState=INACTIVE_REASON)]},
        [Kind.LEFT],
    ),
    "delta removed from lobby": ({"participants@delta": [participant(isInLobby=True, removedState={})]}, [Kind.LEFT]),
    "delta not removed": ({"participants@delta": [participant(isInLobby=False, removedState=None)]}, [Kind.JOINED]),
    "delta without lobby": ({"participants@delta": [participant()]}, [Kind.JOINED]),
    "remove": ({"participants@remove": [participant()]}, [Kind.LEFT]),
    "active delta": ({"activeParticipants@delta": [participant(isInLobby=True)]}, [Kind.LOBBY]),
    "active remove": ({"activeParticipants@remove": [participant()]}, [Kind.LEFT]),
    "joined": ({"activeParticipants@joined": [participant()]}, [Kind.JOINED]),
    "exited": ({"activeParticipants@exited": [participant(isInLobby=False)]}, [Kind.LEFT]),
    "whole roster": ({"participants": [participant(isInLobby=False)]}, [Kind.JOINED]),
    "active roster": ({"activeParticipants": [participant()]}, [Kind.JOINED]),
    "whole roster with one removed": ({"participants": [participant(removedState=LEFT_REASON)]}, [Kind.LEFT]),
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
        ("eventType", "Microsoft.Communication.callended", True),
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
        ({"onPremises": {"id": "x"}}, GUEST),
        ({"assertedIdentity": {"id": "+12025550171"}}, GUEST),
        ({"user": None, "phone": {"id": "+12025550171"}, "assertedIdentity": None}, GUEST),
        ({"user": None, "applicationInstance": {"id": "x"}}, MACHINE),
        ({"applicationInstance": None, "acsUser": {"id": "8:acs:x"}}, GUEST),
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


def test_the_end_is_known_by_either_name() -> None:
    assert read({"eventType": "unknownFutureValue", "callEventType": "callEnded"}).ended
    assert read({"eventType": "callEnded", "callEventType": "unknownFutureValue"}).ended


ROSTER_NAMES = [
    {"eventType": "rosterUpdated"},
    {"callEventType": "rosterUpdated"},
    {"eventType": "Microsoft.Communication.CallRosterUpdate"},
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("event", ROSTER_NAMES, ids=json.dumps)
def test_a_whole_roster_that_is_empty_says_that_everybody_has_left(case: str, event: dict[str, str]) -> None:
    assert read(CASES[case]({"participants": [], "eventDateTime": TIME, **event})) == CallEvent(AT, (), ended=True)


@pytest.mark.parametrize(
    "lists",
    [
        {"participants@delta": []},
        {"participants": [], "participants@delta": []},
        {"participants": [], "participants@delta": [participant()]},
        {"participants": [], "activeParticipants@joined": []},
        {"participants": None},
        {"participants": [None]},
        {"activeParticipants": []},
        {},
    ],
    ids=json.dumps,
)
def test_a_list_of_changes_that_is_empty_says_nothing(lists: dict[str, Any]) -> None:
    assert not read({"eventType": "rosterUpdated", **lists}).ended


def test_only_an_event_about_the_roster_can_say_that_it_is_empty() -> None:
    for event in ({"eventType": "callStarted"}, {"eventType": "unknownFutureValue"}, {}):
        assert not read({"participants": [], **event}).ended


def test_who_is_not_on_a_plain_list_has_not_left() -> None:
    assert signals({"eventType": "rosterUpdated", "participants": [participant("b")]}) == [("b", Kind.JOINED)]


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


def events() -> st.SearchStrategy[dict[str, Any]]:
    """Events as any generation may tell them."""
    identity = st.sampled_from([AS_USER, {"guest": {"id": "g"}}, {"phone": {"id": "+12025550171"}}, {}])
    changes = st.fixed_dictionaries(
        {"id": st.sampled_from("abc"), "info": st.fixed_dictionaries({"identity": identity})},
        optional={"isInLobby": st.booleans(), "removedState": st.sampled_from([LEFT_REASON, INACTIVE_REASON, None])},
    )
    name = st.sampled_from(
        [f"{stem}{tail}" for stem in ("participants", "activeParticipants") for tail in ("@delta", "@remove", "")]
        + ["activeParticipants@joined", "activeParticipants@exited"]
    )
    kinds = st.sampled_from(["rosterUpdated", "callEnded", "Microsoft.Communication.CallStarted"])
    return st.builds(
        lambda field, kind, lists: {field: kind, "eventDateTime": TIME, **lists},
        st.sampled_from(["eventType", "callEventType"]),
        kinds,
        st.dictionaries(name, st.lists(changes, max_size=3), max_size=3),
    )


def with_more(value: Any, extra: dict[str, Any]) -> Any:
    """The value with members that nobody knows, at every depth."""
    if isinstance(value, dict):
        return {**{name: with_more(inner, extra) for name, inner in value.items()}, **extra}
    return [with_more(one, extra) for one in value] if isinstance(value, list) else value


def recased(value: Any, chance: Random) -> Any:
    """The value with its members' names in any letter case."""
    if isinstance(value, dict):
        return {
            "".join(chance.choice((one.upper(), one.lower())) for one in name): recased(inner, chance)
            for name, inner in value.items()
        }
    return [recased(one, chance) for one in value] if isinstance(value, list) else value


OPTIONAL = ("displayName", "@odata.type", "tenantId", "eventDateTime", "info", "identity", "isInLobby")


def without(value: Any, name: str) -> Any:
    """The value without a member, at every depth."""
    if isinstance(value, dict):
        return {other: without(inner, name) for other, inner in value.items() if other != name}
    return [without(one, name) for one in value] if isinstance(value, list) else value


@given(events(), st.dictionaries(st.text("xyz", min_size=1, max_size=5), JSON, max_size=3), st.randoms())
def test_letter_case_and_unknown_members_change_nothing(
    resource: dict[str, Any], extra: dict[str, Any], chance: Random
) -> None:
    assert read(recased(with_more(resource, extra), chance)) == read(resource)


@given(events(), st.sampled_from(OPTIONAL))
def test_a_missing_member_changes_nothing_but_what_it_says(resource: dict[str, Any], name: str) -> None:
    whole, partly = read(resource), read(without(resource, name))
    assert [one.leg for one in partly.signals] == [one.leg for one in whole.signals]
    assert partly.ended == whole.ended
    if name != "isInLobby":
        assert [one.signal.kind for one in partly.signals] == [one.signal.kind for one in whole.signals]
    if name not in ("info", "identity", "tenantId"):
        assert [one.identity for one in partly.signals] == [one.identity for one in whole.signals]
