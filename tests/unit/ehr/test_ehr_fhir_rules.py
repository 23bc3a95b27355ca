"""What is written into FHIR resources: told twice changes nothing, nothing goes backwards, whatever the order."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ehr.answers import NotToldError
from shared.ehr.fhir_rest import as_operations, is_id
from shared.ehr.fhir_rules import (
    appointment_status,
    encounter_status,
    in_turn,
    instant,
    is_reference,
    participant_period,
    virtual_service,
)
from shared.presence.model import State

BASE = "https://ehr.example/r4"
START = datetime(2026, 11, 24, 14, tzinfo=UTC)
PERSON = "Practitioner/dr-1"
WAY = ("proposed", "pending", "booked", "arrived", "checked-in", "fulfilled")

moments = st.integers(0, 10**9).map(lambda microseconds: START + timedelta(microseconds=microseconds))
presence = st.tuples(st.sampled_from([State.CONNECTED, State.DISCONNECTED]), moments)


def told(resource: dict[str, Any], *steps: tuple[State, datetime]) -> dict[str, Any]:
    for state, at in steps:
        resource = participant_period(PERSON, state, at, BASE)(resource) or resource
    return resource


def period_of(encounter: dict[str, Any]) -> dict[str, str]:
    mine = [one for one in encounter["participant"] if one["individual"]["reference"] == PERSON]
    assert len(mine) == 1
    return dict(mine[0]["period"])


@given(st.lists(presence, min_size=1, max_size=8))
def test_a_period_told_again_stays_as_it_is(steps: list[tuple[State, datetime]]) -> None:
    for number, step in enumerate(steps):
        once = told({}, *steps[: number + 1])
        assert participant_period(PERSON, *step, BASE)(once) is None


@given(st.lists(presence, min_size=1, max_size=8))
def test_a_period_begins_with_the_first_connect_and_never_ends_before_it_begins(
    steps: list[tuple[State, datetime]],
) -> None:
    found = period_of(told({}, *steps))
    connects = [at for state, at in steps if state is State.CONNECTED]
    if connects:
        assert found["start"] == instant(min(connects))


@given(st.lists(moments, min_size=2, max_size=10, unique_by=instant), st.randoms(use_true_random=False))
def test_a_period_in_order_ends_with_the_last_disconnect(times: list[datetime], random: Any) -> None:
    times.sort()
    steps = list(zip(itertools.cycle([State.CONNECTED, State.DISCONNECTED]), times, strict=False))
    found = period_of(told({}, *steps))
    assert found["start"] == instant(times[0])
    assert found.get("end") == (instant(times[-1]) if len(times) % 2 == 0 else None)


@given(st.sampled_from(WAY), st.lists(st.sampled_from(WAY[3:]), max_size=6))
def test_a_status_is_the_furthest_that_was_told(first: str, targets: list[str]) -> None:
    resource: dict[str, Any] = {"status": first}
    for target in targets:
        resource = appointment_status(target)(resource) or resource
    assert resource["status"] == max([first, *targets], key=WAY.index)


def test_others_stay_where_they_are_and_as_they_are() -> None:
    others: list[dict[str, Any]] = [
        {"individual": {"reference": "Practitioner/dr-2"}, "period": {"start": "2026-11-24"}},
        {"individual": {"reference": f"{BASE}/{PERSON}/_history/3"}, "type": [{"text": "attending"}]},
        {"individual": {"display": "nobody"}},
    ]
    after = told({"participant": others}, (State.CONNECTED, START))["participant"]
    assert (after[0], after[2]) == (others[0], others[2])
    assert after[1] == others[1] | {"period": {"start": instant(START)}}


@pytest.mark.parametrize("own", ["2026-11-24", "soon", 7, "2026-11-24T14:00:00"])
def test_a_beginning_that_cannot_be_compared_is_the_ehr_s_own(own: Any) -> None:
    entry = {"individual": {"reference": PERSON}, "period": {"start": own, "end": own}}
    after = period_of(told({"participant": [entry]}, (State.CONNECTED, START), (State.DISCONNECTED, START)))
    assert after == {"start": own, "end": instant(START)}


def test_several_rules_are_one_change_or_none() -> None:
    both = in_turn([encounter_status("in-progress", START), participant_period(PERSON, State.CONNECTED, START, BASE)])
    after = both({"status": "planned"})
    assert after is not None
    assert (after["status"], after["period"]) == ("in-progress", {"start": instant(START)})
    assert both(after) is None
    with pytest.raises(NotToldError):
        both({"status": "cancelled"})


def test_a_change_as_operations_touches_what_differs_alone() -> None:
    before = {"id": "1", "status": "booked"}
    after = virtual_service("https://teams.example/1")(before | {"status": "arrived"})
    assert after is not None
    operations = as_operations(before, after)
    assert [(one["op"], one["path"]) for one in operations] == [("replace", "/status"), ("add", "/extension")]


@pytest.mark.parametrize(
    ("reference", "same"),
    [
        (PERSON, True),
        (f"{BASE}/{PERSON}", True),
        (f"{PERSON}/_history/2", True),
        (f"https://other.example/{PERSON}", False),
        (f"x{PERSON}", False),
        (f"{PERSON}1", False),
        ("", False),
        (7, False),
    ],
)
def test_a_reference_is_to_this_server_s_resource_or_to_none(reference: Any, same: bool) -> None:  # noqa: FBT001
    assert is_reference({"reference": reference}, PERSON, BASE) is same
    assert not is_reference({"reference": ""}, "", BASE)
    assert not is_reference(PERSON, PERSON, BASE)


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a?b", "a b", "ä", "x" * 65, "a\n"])
def test_what_is_no_id_never_gets_into_a_url(value: str) -> None:
    assert not is_id(value)
