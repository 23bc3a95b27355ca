"""The host itself: indexes the app, then keeps its HTTP door, queue listeners and timers going."""

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.host.cors import Cors
from sandbox.host.http import HttpDoor
from sandbox.host.invoker import Invoker, Sink
from sandbox.host.memory import MemoryQueue
from sandbox.host.model import (
    Adapter,
    Function,
    HostError,
    HttpRequest,
    HttpTrigger,
    Outcome,
    QueueMessage,
    QueueTrigger,
    TimerInfo,
    TimerTrigger,
)
from sandbox.host.queues import QueueListener
from sandbox.host.routes import RouteError, RouteTable
from sandbox.host.settings import HostOptions, LocalSettings, body_limit, is_disabled
from sandbox.host.storage import Queues
from sandbox.host.timers import Timer

LOG = logging.getLogger("host")
RESERVED = frozenset({"admin", "runtime"})


class Host:
    """One function app, served. `load` first, then `asgi` answers; `start` and `stop` the rest."""

    def __init__(
        self,
        adapter: Adapter,
        options: HostOptions,
        settings: LocalSettings,
        environ: dict[str, str],
        *,
        timers: bool = True,
        memory_queues: bool = False,
    ) -> None:
        self.adapter_name = adapter.name
        self.functions: list[Function] = []
        self._adapter = adapter
        self._options = options
        self._settings = settings
        self._environ = environ
        self._with_timers = timers
        self._memory_queues = memory_queues
        self._queues = Queues(environ, base64_text=options.queues.base64)
        self._listeners: list[QueueListener] = []
        self._timers: dict[str, Timer] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._by_hand: set[asyncio.Task[bool]] = set()

    async def load(self, app_root: Path) -> HttpDoor:
        """Index the app and check all that it binds to; raises HostError with what to do."""
        self.functions = await self._adapter.load(app_root)
        if not self.functions:
            raise HostError(f"No functions found in {app_root}. Is each one registered on the FunctionApp?")
        names = [function.name.lower() for function in self.functions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise HostError(f"Two functions have the same name: {', '.join(twice)}. Rename one.")
        self._check_bundle()
        outputs = {function.name: self._outputs(function) for function in self.functions}
        self._invoker = Invoker(self._adapter, outputs, self._options.function_timeout)
        self._prepare()
        cors = Cors(self._settings.cors_origins, credentials=self._settings.cors_credentials)
        return HttpDoor(self, self._routes(), cors, body_limit(self._environ))

    def start(self) -> None:
        """Begin to listen to queues and to keep time."""
        loops: list[Coroutine[Any, Any, None]] = [listener.listen() for listener in self._listeners]
        if self._with_timers:
            enabled = (timer for name, timer in self._timers.items() if not is_disabled(name, self._environ))
            loops += [timer.keep_time() for timer in enabled]
        self._loops = [asyncio.create_task(loop) for loop in loops]

    async def stop(self, grace: float) -> None:
        """Take nothing new, and give what runs that many seconds to end."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        try:
            async with asyncio.timeout(grace):
                await self._invoker.finish()
                await asyncio.gather(*(listener.finish() for listener in self._listeners))
        except TimeoutError:
            LOG.warning("Stopped with %d invocations unfinished", self._invoker.running)
        self._adapter.stop()
        self._queues.close()

    async def call_http(self, function: Function, request: HttpRequest) -> Outcome | None:
        """Call an HTTP function."""
        return await self._invoker.call(function, request)

    def run_by_hand(self, name: str, text: str) -> bool:
        """Start a queue or timer function as the admin endpoint asks; it need not be enabled."""
        for function in self.functions:
            if function.name.lower() != name.lower() or isinstance(function.trigger, HttpTrigger):
                continue
            timer = self._timers.get(function.name)
            work = timer.fire(past_due=False) if timer else self._run(function, _message(text))
            task = asyncio.create_task(work)
            self._by_hand.add(task)
            task.add_done_callback(self._by_hand.discard)
            return True
        return False

    async def _run(self, function: Function, value: QueueMessage | TimerInfo) -> bool:
        return await self._invoker.call(function, value) is not None

    def _check_bundle(self) -> None:
        users = [f.name for f in self.functions if f.outputs or isinstance(f.trigger, QueueTrigger)]
        if users and not self._options.has_extension_bundle:
            raise HostError(
                f"host.json has no extensionBundle, which Azure needs for the queues of: {', '.join(users)}. "
                'Add "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", '
                '"version": "[4.0.0, 5.0.0)"}.'
            )

    def _outputs(self, function: Function) -> dict[str, Sink]:
        if self._memory_queues:
            return {output.param: MemoryQueue() for output in function.outputs}
        return {output.param: self._queues.open(output.queue, output.connection) for output in function.outputs}

    def _prepare(self) -> None:
        for function in self.functions:
            trigger = function.trigger
            if isinstance(trigger, TimerTrigger):
                self._timers[function.name] = Timer(function, trigger, self._environ, self._run)
            elif isinstance(trigger, QueueTrigger) and self._listens(function.name):
                queue = self._queues.open(trigger.queue, trigger.connection)
                self._listeners.append(QueueListener(function, queue, self._options.queues, self._run))

    def _listens(self, name: str) -> bool:
        return not self._memory_queues and not is_disabled(name, self._environ)

    def _routes(self) -> RouteTable[Function]:
        routes: list[tuple[str, frozenset[str], Function]] = []
        for function in self.functions:
            if not isinstance(function.trigger, HttpTrigger) or is_disabled(function.name, self._environ):
                continue
            prefix = self._options.route_prefix
            route = function.trigger.route.strip("/")
            full = f"{prefix}/{route}" if prefix else route
            if full.split("/")[0].lower() in RESERVED:
                raise HostError(f"The route '{full}' of '{function.name}' is reserved. Choose another.")
            routes.append((full, function.trigger.methods, function))
        try:
            return RouteTable(routes)
        except RouteError as error:
            raise HostError(f"{error}.") from error


def _message(text: str) -> QueueMessage:
    now = datetime.now(UTC)
    return QueueMessage(
        text,
        {
            "Id": "by-hand",
            "PopReceipt": "",
            "DequeueCount": 1,
            "InsertionTime": now.isoformat(),
            "ExpirationTime": (now + timedelta(days=7)).isoformat(),
            "NextVisibleTime": now.isoformat(),
            "QueueTrigger": text,
        },
    )
