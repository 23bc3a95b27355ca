"""A launch begins on the event loop when nothing has to be asked for, and beside it in every other case."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import pytest

from functions import beside, edge, launch
from functions.answers import Answer, Plain
from functions.edge import Call, door
from shared.connections import lifecycle
from shared.errors import ConnectorError
from shared.store.connections import CACHE_SECONDS, TableConnections
from tests.bench.cost.story import Story
from tests.bench.cost.tally import TABLE_READS
from tests.support.connections import ADMIN, BASE_URL


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """A connector in memory with an approved connection, which nobody has launched from."""
    made = Story(tmp_path)
    monkeypatch.setattr(edge, "connector", lambda: made.parts)
    monkeypatch.setattr(launch, "connector", lambda: made.parts)
    return made


@pytest.fixture
def asides(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of the thread of every call that went beside the loop."""
    names: list[str] = []
    really = beside.beside_launches

    async def noted(work: Callable[[], Any]) -> Any:
        def in_thread() -> Any:
            names.append(threading.current_thread().name)
            return work()

        return await really(in_thread)

    monkeypatch.setattr(edge, "beside_launches", noted)
    return names


def ask(story: Story, iss: str = BASE_URL, opaque: str = "opaque", connection: str = "") -> func.HttpResponse:
    """A launch as it comes from the EHR."""
    query = {"iss": iss, "launch": opaque}
    key = connection or story.connection.connection
    request = func.HttpRequest(
        method="GET",
        url=f"https://connector.example/api/launch/{key}/provider?{urlencode(query)}",
        params=query,
        route_params={"id": key},
        body=b"",
    )
    builders = launch.blueprint._function_builders
    (function,) = (
        one._function.get_user_function()
        for one in builders
        if one._function.get_user_function().__name__ == "launch_provider"
    )
    answer = asyncio.run(function(request))
    assert isinstance(answer, func.HttpResponse)
    return answer


def test_only_the_first_launch_of_a_connection_leaves_the_loop(story: Story, asides: list[str]) -> None:
    first = ask(story)
    assert len(asides) == 1
    assert asides[0].startswith("beside-launches")
    story.tally.taken()

    answers = [first, ask(story), ask(story, f"{BASE_URL}/")]

    assert len(asides) == 1
    assert story.tally.taken()[TABLE_READS] == 0
    assert {one.status_code for one in answers} == {302}
    assert len({one.headers["Location"] for one in answers}) == len(answers)
    assert len({one.headers["Set-Cookie"].partition("=")[0] for one in answers}) == len(answers)


def test_what_was_kept_too_long_is_asked_for_again_beside_the_loop(story: Story, asides: list[str]) -> None:
    ticks = [0.0]
    vars(story.parts)["connection_store"] = TableConnections(story.parts.tables, lambda: ticks[0])
    ask(story)
    ticks[0] = CACHE_SECONDS - 0.5
    ask(story)
    assert len(asides) == 2, "half a second before the connection is read again"
    ticks[0] = CACHE_SECONDS
    ask(story)
    ask(story)
    assert len(asides) == 3, "the connection was read again"
    story.clock.forward(minutes=9, seconds=59.5)
    ask(story)
    assert len(asides) == 4, "half a second before the EHR is asked again for its configuration"
    story.clock.forward(seconds=1)
    ask(story)
    ask(story)
    assert len(asides) == 5, "the EHR was asked again"


@pytest.mark.parametrize(
    ("iss", "connection"),
    [("https://elsewhere.example/FHIR", ""), ("", ""), ("http://[", ""), (BASE_URL, "nonsense"), (BASE_URL, "v" * 40)],
)
def test_what_cannot_begin_is_refused_beside_the_loop(
    story: Story, asides: list[str], iss: str, connection: str
) -> None:
    ask(story)
    assert ask(story, iss, connection=connection).status_code in (400, 404)
    assert len(asides) == 2


def test_a_launch_without_its_token_is_refused_at_once(story: Story, asides: list[str]) -> None:
    ask(story)
    assert ask(story, opaque="").status_code == 400
    assert len(asides) == 1


def test_a_suspended_connection_begins_nothing(story: Story) -> None:
    ask(story)
    store = story.parts.connection_store
    connection = store.read(story.connection)
    assert connection
    store.write(lifecycle.suspend(connection, "", ADMIN, story.clock()))
    assert b"connection_suspended" in ask(story).get_body()


def test_the_loop_goes_on_while_launches_wait(monkeypatch: pytest.MonkeyPatch, story: Story) -> None:
    """As when a hospital does not answer: others launch as if nothing were."""
    monkeypatch.setattr(edge.doors, "all", [])
    free = threading.Event()

    def handler(call: Call[Any]) -> Answer:
        """Waits if it is told so."""
        if call.one("wait"):
            assert free.wait(10)
            raise ConnectorError("ehr_unreachable")
        return Plain(b"at once")

    blueprint = func.Blueprint()
    door(blueprint, "GET", "x", at_hand=lambda req: "wait" not in req.params)(handler)
    function = blueprint._function_builders[-1]._function.get_user_function()

    async def both() -> list[int]:
        def request(query: dict[str, str]) -> func.HttpRequest:
            url = f"https://connector.example/api/x?{urlencode(query)}"
            return func.HttpRequest(method="GET", url=url, params=query, body=b"")

        waiting = [asyncio.create_task(function(request({"wait": "1"}))) for _ in range(20)]
        await asyncio.sleep(0)
        quick = await function(request({}))
        assert not any(one.done() for one in waiting)
        free.set()
        return [quick.status_code, *(one.status_code for one in await asyncio.gather(*waiting))]

    assert asyncio.run(both()) == [200, *[424] * 20]
