"""Notifications that cannot be believed, keys that change, and a connector that crashes in the middle of a visit."""

import re
import time
from typing import Any

import pytest

from sandbox.demo.world import TENANT
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox

STATUS_CALL = "SETEXTERNALCONNECTIONSTATUS"
WORKED = re.compile(r"deliver_writebacks \(queue\) .*succeeded")


@pytest.mark.parametrize("kind", ["none", "wrong-audience", "expired", "wrong-publisher"])
def test_notifications_nobody_vouches_for_change_nothing(world: Sandbox, connection: dict[str, Any], kind: str) -> None:
    visit = Visit(world)
    visit.clinician()
    before = world.tables()
    world.tune_notifications(validationTokens=kind)
    with world.logged() as logged:
        visit.act("join", "provider-one")
        world.quiet()
        wanted = "no tokens: see appRoleAssignmentRequired" if kind == "none" else "no valid token"
        world.until("the line in the log", lambda: f'notification_ignored {{"reason":"{wanted}"}}' in logged())
    assert {try_["status"] for one in world.deliveries() for try_ in one["tries"]} == {202}, "Graph is not told why"
    assert world.tables() == before
    assert visit.log() == {}


def test_tokens_of_version_1_are_as_good(world: Sandbox, connection: dict[str, Any]) -> None:
    world.tune_notifications(validationTokens="v1")
    visit = Visit(world)
    visit.clinician()
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")


def test_keys_of_microsoft_are_rotated_in_the_middle_of_a_visit(world: Sandbox, connection: dict[str, Any]) -> None:
    """Both keys are published; Graph signs with the new one from one instant to the next. Nothing may be lost."""
    visit = Visit(world)
    visit.clinician()
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")
    world.control(world.microsoft, "keys/rotate", {"tenant": TENANT})
    visit.act("leave", "provider-one")
    visit.wait_told("provider-one", "connected", "disconnected", patience=45)


def test_a_crash_in_the_middle_of_a_visit(world: Sandbox, connection: dict[str, Any]) -> None:
    """Killed with a writeback on its way; Graph meanwhile finds nobody at home. The EHR's log is right at the end."""
    world.tune_notifications(inactiveAfterMs=100)
    visit = Visit(world)
    visit.patient()
    visit.clinician("provider-one")
    visit.act("join", "provider-one")
    visit.act("join", "Guest")
    visit.act("admit", "Guest")
    visit.wait_told("patient-one", "waiting", "connected")
    visit.wait_told("provider-one", "connected")
    # The EHR is busy once, so that the writeback lies in the queue for its second try when the host is killed. A
    # message that a killed worker holds comes back only after the ten minutes for which it was taken.
    world.quiet()
    world.faults(world.hospital, {"path": STATUS_CALL, "status": 503, "headers": {"Retry-After": "3"}, "times": 1})
    with world.logged() as logged:
        visit.act("drop", "Guest")
        world.until("the disconnect to be retried", lambda: "retrying" in _statuses(world))
        # Its message follows; one that is lost right here is found by the sweep, after six minutes.
        world.until("the worker to be done with it", lambda: WORKED.search(logged()))

    world.kill_functions()
    time.sleep(1.2)
    visit.act("rejoin", "Guest")
    visit.act("leave", "provider-one")
    assert visit.log()["provider-one"] == ["connected"]
    world.start_functions()

    visit.wait_told("provider-one", "connected", "disconnected", patience=30)
    visit.wait_told("patient-one", "waiting", "connected", "disconnected", "connected", patience=30)
    visit.act("leave", "Guest")
    visit.wait_told("patient-one", "waiting", "connected", "disconnected", "connected", "disconnected")
    # Not until the queues are empty: what the killed worker held, and had done, comes back in ten minutes.
    world.control(world.microsoft, "notifications/wait", {})
    time.sleep(2)
    assert visit.log() == {
        "patient-one": ["waiting", "connected", "disconnected", "connected", "disconnected"],
        "provider-one": ["connected", "disconnected"],
    }


def test_lifecycle_notifications_keep_the_subscription_alive(world: Sandbox, connection: dict[str, Any]) -> None:
    visit = Visit(world)
    visit.clinician()
    before = _subscription(world)
    _order(world, before, "reauthorizationRequired", pause=True)
    world.until("it to be prolonged", lambda: _subscription(world)["paused"] is False)
    assert _subscription(world)["id"] == before["id"]
    world.http.delete(f"{world.microsoft}/graph/v1.0/subscriptions/{before['id']}", headers=_graph(world))
    assert world.subscriptions() == []


def test_a_subscription_that_graph_has_removed_is_made_anew(world: Sandbox, connection: dict[str, Any]) -> None:
    """Told by lifecycle notification, or found missing by the timer."""
    visit = Visit(world)
    visit.clinician()
    world.http.delete(
        f"{world.microsoft}/graph/v1.0/subscriptions/{_subscription(world)['id']}", headers=_graph(world)
    ).raise_for_status()
    row = visit.row()
    world.change_row("Visits", row["PartitionKey"], "visit", subscription_expires="2020-01-01T00:00:00+00:00")
    world.run_timer("renew_subscriptions")
    world.until("a new subscription", world.subscriptions)
    visit.act("join", "provider-one")
    visit.wait_told("provider-one", "connected")


def _subscription(world: Sandbox) -> dict[str, Any]:
    (only,) = world.subscriptions()
    return only


def _graph(world: Sandbox) -> dict[str, str]:
    token = world.control(world.microsoft, "tokens", {"tenant": TENANT, "audience": "graph"})["access_token"]
    return {"Authorization": f"Bearer {token}"}


def _order(world: Sandbox, subscription: dict[str, Any], event: str, *, pause: bool) -> None:
    body = {"subscriptionId": subscription["id"], "lifecycleEvent": event, "pause": pause}
    world.control(world.microsoft, "lifecycle", body)


def _statuses(world: Sandbox) -> set[str]:
    rows = world.tables()["Visits"].values()
    return {row["status"] for row in rows if row["RowKey"].startswith("writeback:")}
