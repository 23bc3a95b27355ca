"""Queue and timer functions against a real Azurite, on each backend."""

import base64
import contextlib
import json
import time
from datetime import datetime, timedelta
from itertools import pairwise

from azure.core.exceptions import ResourceExistsError

from tests.contract.host.conftest import Served, wait_for


def texts(served: Served, function: str = "work") -> list[str]:
    return [entry["text"] for entry in served.seen(function)]


def test_an_output_message_runs_the_function_once(served: Served) -> None:
    assert served.http.post("/api/send", content="one ü".encode()).status_code == 202
    entry = wait_for(lambda: [entry for entry in served.seen("work") if entry["text"] == "one ü"])[0]
    assert entry["count"] == 1
    assert len(entry["id"]) == 36
    inserted, expires = (datetime.fromisoformat(entry[name]) for name in ("inserted", "expires"))
    assert expires - inserted == timedelta(days=7)
    time.sleep(0.5)
    assert texts(served).count("one ü") == 1


def test_a_list_is_one_message_each(served: Served) -> None:
    sent = [f"item {number}" for number in range(20)]
    assert served.http.post("/api/send-many", json=sent).status_code == 202
    wait_for(lambda: set(sent) <= set(texts(served)))
    assert sorted(text for text in texts(served) if text.startswith("item")) == sorted(sent)


def test_a_return_value_is_a_message(served: Served) -> None:
    served.http.post("/admin/functions/chain", json={"input": "link"})
    wait_for(lambda: "chained link" in texts(served))


def test_a_message_is_stored_in_base64(served: Served) -> None:
    with served.queue(f"{served.work_queue}-chain") as queue:
        queue.create_queue()
        queue.send_message(base64.b64encode(b"from outside").decode())
    wait_for(lambda: "chained from outside" in texts(served))


def test_a_failed_send_fails_the_call_after_its_effects(served: Served) -> None:
    answer = served.http.post("/api/send-unsendable")
    assert (answer.status_code, answer.content) == (500, b"")
    assert served.wrote("send_unsendable (http)")
    assert served.wrote("failed after it returned, in an output queue")


def test_a_failing_message_waits_and_then_is_poison(served: Served) -> None:
    served.http.post("/api/send", content=b"fail always")
    wait_for(lambda: "fail always" in texts(served, "buried"))
    tries = [entry for entry in served.seen("work") if entry["text"] == "fail always"]
    assert [entry["count"] for entry in tries] == [1, 2]
    assert tries[1]["at"] - tries[0]["at"] >= 0.95
    with served.queue(served.work_queue) as queue:
        assert not [message for message in queue.peek_messages(32) if decoded(message.content) == "fail always"]


def test_what_is_not_base64_is_poison_at_once(served: Served) -> None:
    with served.queue(f"{served.work_queue}-poison") as poison, served.queue(served.work_queue) as queue:
        queue.send_message("!not base64!")
        line = f"A message of '{served.work_queue}' the message is not base64: moved to"
        assert served.wrote(line)
        # The poison queue's own function cannot read it either, and a poison queue has no poison queue.
        time.sleep(0.5)
        assert poison.get_queue_properties().approximate_message_count
    assert "!not base64!" not in texts(served)


def test_a_poison_queue_has_none_of_its_own(served: Served) -> None:
    with served.queue(f"{served.work_queue}-poison") as poison:
        with contextlib.suppress(ResourceExistsError):
            poison.create_queue()
        poison.send_message(base64.b64encode(b"again and again").decode())
        wait_for(lambda: "again and again" in texts(served, "buried"))
        time.sleep(1.5)
    # It stays hidden for the rest of its ten minutes, as in the real host.
    assert texts(served, "buried").count("again and again") == 1


def test_by_hand_a_queue_function_gets_the_input(served: Served) -> None:
    served.http.post("/admin/functions/work", json={"input": "from a hand"})
    assert wait_for(lambda: [entry for entry in served.seen("work") if entry["text"] == "from a hand"])
    served.http.post("/admin/functions/work", json={"input": {"a": 1}})
    wait_for(lambda: json.dumps({"a": 1}) in texts(served))


def test_timers_keep_to_their_schedule(served: Served) -> None:
    ticks = wait_for(lambda: entries if len(entries := served.seen("every_second")) > 2 else None)
    assert ticks is not None
    gaps = [later["at"] - earlier["at"] for earlier, later in pairwise(ticks)]
    assert all(0.5 < gap < 2.5 for gap in gaps)
    assert min(tick["at"] % 1 for tick in ticks) < 0.2
    assert datetime.fromisoformat(ticks[0]["next"]).timestamp() > ticks[0]["at"]


def test_a_timer_runs_at_the_start_and_by_hand(served: Served) -> None:
    before = len(served.seen("at_start"))
    assert before >= 1
    assert served.http.post("/admin/functions/at_start").status_code == 202
    assert len(wait_for(lambda: entries if len(entries := served.seen("at_start")) > before else [])) == before + 1


def decoded(content: object) -> str:
    try:
        return base64.b64decode(str(content), validate=True).decode()
    except ValueError:
        return ""
