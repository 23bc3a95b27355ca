"""What failed at every try, through the local host and storage: parked, counted, brought back; never lost."""

import json
from pathlib import Path

from shared.clock import utc_now
from shared.identifiers import Geography
from shared.microsoft.door import Batch, accept, packed, unpacked
from shared.store.queues import pointer_to_text
from shared.visits.ports import Pointer
from tests.contract.host.conftest import wait_for
from tests.contract.host.connector import App, served, without
from tests.support.machine import slower

HOURS_AGO = "2026-01-01T00:00:00+00:00"


def lifecycle_message(app: App) -> str:
    """A message for which the worker must read a visit, so that it fails while tables are away."""
    item = {**app.item(0), "encryptedContent": None, "lifecycleEvent": "reauthorizationRequired"}
    batch = accept(app.sealer, Geography.EMEA, {"value": [item]}, utc_now().isoformat())
    return packed(app.sealer, batch).message


def test_a_poisoned_notification_is_parked_counted_and_brought_back(azurite: str, tmp_path: Path) -> None:
    with served(without(azurite, "Table"), tmp_path, azurite, "park_notifications") as app:
        app.parts.pointers  # noqa: B018 - makes the queues
        app.send("notifications-poison", lifecycle_message(app))
        (name,) = wait_for(lambda: app.blobs("parked"), 20)
    parked = app.parts.parked_notifications
    (listed,) = parked.all()
    assert (listed.name, listed.facts["reason"]) == (name, "azure.core.exceptions.ServiceRequestError")
    parked.note(name, {**listed.facts, "due": HOURS_AGO})
    with served(azurite, tmp_path, azurite) as app:
        backlog = app.http.get("/api/health").json()["backlog"]
        assert backlog == {"notificationsPoison": 0, "writebacksPoison": 0, "parked": 1, "givenUp": 0}
        app.http.post("/admin/functions/bring_back_parked").raise_for_status()
        (message,) = wait_for(app.queued)
        batch = unpacked(app.sealer, Geography.EMEA, message)
        assert isinstance(batch, Batch)
        assert [one.lifecycle for one in batch.items] == ["reauthorizationRequired"]
        assert batch.tries == 1
        assert wait_for(lambda: not app.blobs("parked"))


def test_what_was_given_up_is_brought_back_by_one_command(azurite: str, tmp_path: Path) -> None:
    with served(azurite, tmp_path, azurite) as app:
        text = lifecycle_message(app)
        app.parts.parked_notifications.write("given-up", text, {"received": HOURS_AGO, "given_up": HOURS_AGO})
        backlog = app.http.get("/api/health").json()["backlog"]
        assert (backlog["parked"], backlog["givenUp"]) == (0, 1)
        app.http.post("/admin/functions/bring_back_given_up").raise_for_status()
        assert len(wait_for(app.queued)) == 1
        assert wait_for(lambda: not app.blobs("parked"))


def test_a_poisoned_pointer_goes_with_a_line_in_the_log(azurite: str, tmp_path: Path) -> None:
    with served(without(azurite, "Table"), tmp_path, azurite, "park_writebacks") as app:
        app.parts.pointers  # noqa: B018 - makes the queues
        key = app.visit()
        app.send("writebacks-poison", pointer_to_text(Pointer(key, "patient-0123456789abcdef", "baton")))
        line = wait_for(lambda: [one for one in app.output if "queue_message_parked" in one], 20)[0]
        fields = json.loads(line[line.index("{") :])
        assert fields["reason"] == "azure.core.exceptions.ServiceRequestError"
        assert wait_for(lambda: app.waiting("writebacks-poison") == 0)


def test_health_says_nothing_of_the_backlog_when_it_cannot_be_counted(azurite: str, tmp_path: Path) -> None:
    with served(without(azurite, "Queue"), tmp_path, azurite) as app:
        answer = app.http.get("/api/health")
        assert (answer.status_code, answer.json()["storage"], answer.json()["backlog"]) == (200, True, None)
        assert answer.elapsed.total_seconds() < 3 * slower()
