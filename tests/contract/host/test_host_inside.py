"""The host inside the test's own process, through httpx.ASGITransport: limits, switches, batches, renewal."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from sandbox.host.adapters import choose
from sandbox.host.app import Host
from sandbox.host.settings import HostOptions, LocalSettings, QueueOptions
from tests.contract.host.conftest import write_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OPTIONS = HostOptions(has_extension_bundle=True, queues=QueueOptions(max_polling_interval=0.1, visibility_timeout=1.0))
SOURCE = """
import asyncio, json, time
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
running, most, calls = 0, 0, []

@app.route(route="size")
async def size(req: func.HttpRequest) -> str:
    return str(len(req.get_body()))

@app.route(route="wait")
async def wait(req: func.HttpRequest) -> str:
    await asyncio.sleep(5)
    return "never"

@app.route(route="calls")
async def told(req: func.HttpRequest) -> str:
    return json.dumps([most, calls])

@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="STORAGE")
async def work(message: func.QueueMessage) -> None:
    global running, most
    running += 1
    most = max(most, running)
    await asyncio.sleep(float(message.get_body()))
    running -= 1
    calls.append(message.dequeue_count)

@app.queue_output(arg_name="out", queue_name="%QUEUE%", connection="STORAGE")
@app.route(route="send")
def send(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set(req.params["seconds"])
    return "sent"
"""


@asynccontextmanager
async def hosted(
    folder: Path, options: HostOptions = OPTIONS, environ: dict[str, str] | None = None
) -> "AsyncIterator[httpx.AsyncClient]":
    write_app(folder, SOURCE)
    settings = {"QUEUE": "inside", "STORAGE": "UseDevelopmentStorage=true", **(environ or {})}
    host = Host(choose("sdk"), options, LocalSettings(), settings)
    door = await host.load(folder)
    if environ and "STORAGE" in environ:
        host.start()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://host") as client:
            yield client
    finally:
        await host.stop(2)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(main())


def test_a_body_over_the_limit_is_413(tmp_path: Path) -> None:
    async def test() -> None:
        async with hosted(tmp_path, environ={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}) as client:
            fits, over = [await client.post("/api/size", content=b"x" * size) for size in (1000, 1001)]
        assert (fits.status_code, fits.text) == (200, "1000")
        assert over.status_code == 413

    run(test)


def test_the_function_timeout_ends_a_call(tmp_path: Path) -> None:
    async def test() -> None:
        async with hosted(tmp_path, replace(OPTIONS, function_timeout=0.2)) as client:
            answer = await asyncio.wait_for(client.get("/api/wait"), 2)
        assert (answer.status_code, answer.content) == (500, b"")

    run(test)


def test_without_a_route_prefix(tmp_path: Path) -> None:
    async def test() -> None:
        async with hosted(tmp_path, replace(OPTIONS, route_prefix="")) as client:
            assert (await client.get("/size")).text == "0"
            assert (await client.get("/api/size")).status_code == 404

    run(test)


def test_a_function_switched_off_is_not_there(tmp_path: Path) -> None:
    async def test() -> None:
        async with hosted(tmp_path, environ={"AzureWebJobs.size.Disabled": "true"}) as client:
            assert (await client.get("/api/size")).status_code == 404
            assert (await client.get("/api/calls")).status_code == 200

    run(test)


async def sent(client: httpx.AsyncClient, count: int, seconds: float) -> None:
    for _ in range(count):
        assert (await client.get("/api/send", params={"seconds": str(seconds)})).status_code == 200


async def finished(client: httpx.AsyncClient, count: int) -> tuple[int, list[int]]:
    async with asyncio.timeout(8):
        while True:
            most, calls = (await client.get("/api/calls")).json()
            if len(calls) >= count:
                return most, calls
            await asyncio.sleep(0.05)


def test_batches_bound_what_runs_at_once(tmp_path: Path, azurite: str) -> None:
    queues = replace(OPTIONS.queues, batch_size=2, new_batch_threshold=1)

    async def test() -> None:
        environ = {"STORAGE": azurite, "QUEUE": "inside-batches", "AzureWebJobs.work.Disabled": "true"}
        async with hosted(tmp_path, environ=environ) as client:
            await sent(client, 1, 0.8)
            await sent(client, 7, 0.1)
        environ.pop("AzureWebJobs.work.Disabled")
        async with hosted(tmp_path, replace(OPTIONS, queues=queues), environ) as client:
            most, calls = await finished(client, 8)
        # batchSize + newBatchThreshold is the most that the real host runs at once, too.
        assert most == 3
        assert calls == [1] * 8

    run(test)


def test_a_long_call_keeps_its_message(tmp_path: Path, azurite: str) -> None:
    queues = replace(OPTIONS.queues, hidden=2.0)

    async def test() -> None:
        environ = {"STORAGE": azurite, "QUEUE": "inside-renewal"}
        async with hosted(tmp_path, replace(OPTIONS, queues=queues), environ) as client:
            await sent(client, 1, 3.5)
            most, calls = await finished(client, 1)
            await asyncio.sleep(0.3)
        assert (most, calls) == (1, [1])

    run(test)


def test_a_storage_that_is_away_is_waited_for(tmp_path: Path) -> None:
    async def test() -> None:
        away = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:9/a"
        async with hosted(tmp_path, environ={"STORAGE": away}) as client:
            assert (await client.get("/api/size")).text == "0"
            answer = await client.get("/api/send", params={"seconds": "0"})
        assert answer.status_code == 500

    run(test)


def test_queues_in_memory_need_no_storage_and_call_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        write_app(tmp_path, SOURCE)
        settings = {"QUEUE": "inside", "STORAGE": "UseDevelopmentStorage=true"}
        host = Host(choose("sdk"), OPTIONS, LocalSettings(), settings, memory_queues=True)
        door = await host.load(tmp_path)
        host.start()
        try:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://host") as client:
                answers = [await client.get("/api/send", params={"seconds": "0"}) for _ in range(3)]
                assert [one.status_code for one in answers] == [200] * 3
                await asyncio.sleep(0.3)
                assert (await client.get("/api/calls")).json() == [0, []]
        finally:
            await host.stop(2)

    run(test)
