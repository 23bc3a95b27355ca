"""The history of a connection outlives it, for those who may read everything."""

from typing import Any

from tests.e2e.world import Sandbox


def test_the_history_of_a_deleted_connection_can_be_read(world: Sandbox, connection: dict[str, Any]) -> None:
    path = f"/connections/{connection['id']}"
    world.api("admin", "DELETE", path, {"version": connection["version"]})
    assert world.request("admin", "GET", path).status_code == 404
    history = world.api("auditor", "GET", f"{path}/history")["history"]
    assert [entry["action"] for entry in history] == ["deleted", "approved", "submitted"]
    assert (history[0]["actor"], history[0]["actorName"]) == (
        world.user("admin")["oid"],
        world.user("admin")["userName"],
    )
    assert history[1]["actorName"] == world.user("analyst")["userName"]
    assert world.request("analyst", "GET", f"{path}/history").status_code == 404
    assert world.request("admin", "GET", f"/connections/{'a' * 40}/history").status_code == 404
