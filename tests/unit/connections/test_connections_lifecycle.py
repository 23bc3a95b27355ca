"""The state machine of a connection: every transition that is allowed, and every one that is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connections import lifecycle
from shared.connections.model import Action, Change, Connection, ConnectionState
from shared.errors import ConnectorError
from tests.support.connections import ADMIN, ANALYST, KEY, SECOND_ANALYST, content
from tests.support.fakes import START

FIRST = content()
SECOND = content(environment="production")
LATER = START + timedelta(hours=1)


def submitted() -> Connection:
    return lifecycle.submit(KEY, FIRST, ADMIN, START).after


def sent_back() -> Connection:
    return lifecycle.send_back(submitted(), FIRST.fingerprint, "wrong URL", ANALYST, START).after


def approved() -> Connection:
    return lifecycle.approve(submitted(), FIRST.fingerprint, ANALYST, START).after


def edited() -> Connection:
    return lifecycle.edit(approved(), SECOND, ADMIN, START).after


def suspended() -> Connection:
    return lifecycle.suspend(approved(), "incident", ADMIN, START).after


Make = Callable[[], Connection]
ALL: list[Make] = [submitted, sent_back, approved, edited, suspended]
UNDECIDED: list[Make] = [submitted, sent_back, edited]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ConnectorError) as caught:
        act()
    return caught.value.code


def test_a_new_connection_needs_approval_and_does_not_launch() -> None:
    change = lifecycle.submit(KEY, FIRST, ADMIN, START)
    assert change.before is None
    assert change.after == Connection(KEY, FIRST, ConnectionState.NEEDS_APPROVAL, START)
    entry = change.entry
    assert (entry.at, entry.actor, entry.action) == (START, ADMIN, Action.SUBMITTED)
    assert (entry.old_fingerprint, entry.new_fingerprint) == ("", FIRST.fingerprint)
    assert refusal(lambda: lifecycle.launchable(change.after)) == "connection_not_approved"


@pytest.mark.parametrize("make", UNDECIDED)
def test_the_approver_approves_what_they_saw(make: Make) -> None:
    before = make()
    change = lifecycle.approve(before, before.content.fingerprint, ANALYST, LATER)
    assert change.after.state is ConnectionState.APPROVED
    assert change.after.approved == before.content == lifecycle.launchable(change.after)
    assert (change.after.reason, change.after.changed) == ("", LATER)
    assert (change.entry.actor, change.entry.action) == (ANALYST, Action.APPROVED)


@pytest.mark.parametrize("make", UNDECIDED)
def test_the_approver_sends_back_with_a_reason(make: Make) -> None:
    before = make()
    change = lifecycle.send_back(before, before.content.fingerprint, "please check", ANALYST, LATER)
    assert change.after.state is ConnectionState.SENT_BACK
    assert change.after.reason == change.entry.reason == "please check"
    assert change.after.approved == before.approved
    assert change.entry.action is Action.SENT_BACK


@pytest.mark.parametrize("make", [approved, suspended])
def test_what_is_decided_is_not_decided_again(make: Make) -> None:
    before = make()
    seen = before.content.fingerprint
    assert refusal(lambda: lifecycle.approve(before, seen, ANALYST, LATER)) == "state_not_allowed"
    assert refusal(lambda: lifecycle.send_back(before, seen, "no", ANALYST, LATER)) == "state_not_allowed"


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("actor", [ADMIN, SECOND_ANALYST, "", ANALYST.upper()])
def test_only_the_named_approver_decides(make: Make, actor: str) -> None:
    before = make()
    seen = before.content.fingerprint
    assert refusal(lambda: lifecycle.approve(before, seen, actor, LATER)) == "not_approver"
    assert refusal(lambda: lifecycle.send_back(before, seen, "no", actor, LATER)) == "not_approver"


def test_whoever_was_approver_before_the_edit_decides_no_more() -> None:
    handed_over = lifecycle.edit(submitted(), content(approver=SECOND_ANALYST), ADMIN, LATER).after
    seen = handed_over.content.fingerprint
    assert refusal(lambda: lifecycle.approve(handed_over, seen, ANALYST, LATER)) == "not_approver"
    assert lifecycle.approve(handed_over, seen, SECOND_ANALYST, LATER).after.approved == handed_over.content


@pytest.mark.parametrize("make", UNDECIDED)
@pytest.mark.parametrize("seen", [content(fhir_base_url="https://other.example").fingerprint, "", "x"])
def test_nobody_decides_on_what_they_did_not_see(make: Make, seen: str) -> None:
    before = make()
    assert refusal(lambda: lifecycle.approve(before, seen, ANALYST, LATER)) == "revision_changed"
    assert refusal(lambda: lifecycle.send_back(before, seen, "no", ANALYST, LATER)) == "revision_changed"


@pytest.mark.parametrize("make", ALL)
def test_editing_stops_the_edited_content_not_the_approved_one(make: Make) -> None:
    before = replace(make(), suspended=False)
    third = content(fhir_base_url="https://third.example/R4")
    change = lifecycle.edit(before, third, ADMIN, LATER)
    assert change.after.content == third
    assert change.after.state is ConnectionState.NEEDS_APPROVAL
    assert change.after.approved == before.approved
    assert (change.entry.old_fingerprint, change.entry.new_fingerprint) == (
        before.content.fingerprint,
        third.fingerprint,
    )
    if before.approved is None:
        assert refusal(lambda: lifecycle.launchable(change.after)) == "connection_not_approved"
    else:
        assert lifecycle.launchable(change.after) == before.approved != third
        again = lifecycle.send_back(change.after, third.fingerprint, "no", ANALYST, LATER).after
        assert lifecycle.launchable(again) == before.approved


def test_an_edit_back_to_the_approved_content_is_approved() -> None:
    back = lifecycle.edit(edited(), FIRST, ADMIN, LATER).after
    assert back.state is ConnectionState.APPROVED
    assert lifecycle.launchable(back) == FIRST
    assert lifecycle.edit(sent_back(), FIRST, ADMIN, LATER).after.state is ConnectionState.NEEDS_APPROVAL


def test_an_edit_answers_what_was_sent_back() -> None:
    assert lifecycle.edit(sent_back(), SECOND, ADMIN, LATER).after.reason == ""


@pytest.mark.parametrize("make", [submitted, sent_back, approved, edited])
def test_suspending_stops_launches_until_resumed(make: Make) -> None:
    before = make()
    stopped = lifecycle.suspend(before, "incident", ADMIN, LATER)
    assert stopped.entry.action is Action.SUSPENDED
    assert stopped.entry.reason == "incident"
    assert stopped.after.suspended
    assert stopped.after.state is before.state
    expected = "connection_suspended" if before.approved else "connection_not_approved"
    assert refusal(lambda: lifecycle.launchable(stopped.after)) == expected
    assert refusal(lambda: lifecycle.suspend(stopped.after, "", ADMIN, LATER)) == "state_not_allowed"
    going = lifecycle.resume(stopped.after, ADMIN, LATER)
    assert going.entry.action is Action.RESUMED
    assert going.after == replace(before, changed=LATER)


@pytest.mark.parametrize("make", [submitted, sent_back, approved, edited])
def test_what_is_not_suspended_is_not_resumed(make: Make) -> None:
    assert refusal(lambda: lifecycle.resume(make(), ADMIN, LATER)) == "state_not_allowed"


def test_a_suspended_connection_stays_so_through_edit_and_approval() -> None:
    changed = lifecycle.edit(suspended(), SECOND, ADMIN, LATER).after
    renewed = lifecycle.approve(changed, SECOND.fingerprint, ANALYST, LATER).after
    assert refusal(lambda: lifecycle.launchable(renewed)) == "connection_suspended"


def test_what_is_not_there_does_not_launch() -> None:
    assert refusal(lambda: lifecycle.launchable(None)) == "connection_unknown"


CONTENTS = [FIRST, SECOND, content(settings={"meeting_subject": "Visit"})]
ACTS = st.lists(st.tuples(st.sampled_from(["edit", "approve", "send back", "suspend", "resume"]), st.integers(0, 2)))


@given(ACTS)
def test_whatever_is_done_only_approved_content_launches(acts: list[tuple[str, int]]) -> None:
    connection = submitted()
    ever_approved: set[str] = set()
    for act, number in acts:
        one = CONTENTS[number]
        try:
            change = _done(connection, act, one.fingerprint, number)
        except ConnectorError:
            continue
        assert change.before == connection
        connection = change.after
        if act == "approve":
            ever_approved.add(connection.content.fingerprint)
        try:
            launching = lifecycle.launchable(connection)
        except ConnectorError:
            assert connection.suspended or not ever_approved
        else:
            assert launching.fingerprint in ever_approved
        assert (connection.state is ConnectionState.APPROVED) == (connection.approved == connection.content)


def _done(connection: Connection, act: str, fingerprint: str, number: int) -> Change:
    if act == "edit":
        return lifecycle.edit(connection, CONTENTS[number], ADMIN, LATER)
    if act == "approve":
        return lifecycle.approve(connection, fingerprint, ANALYST, LATER)
    if act == "send back":
        return lifecycle.send_back(connection, fingerprint, "no", ANALYST, LATER)
    if act == "suspend":
        return lifecycle.suspend(connection, "", ADMIN, LATER)
    return lifecycle.resume(connection, ADMIN, LATER)
