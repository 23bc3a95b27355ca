"""`python -m sandbox.host`: command line, settings, sockets, signals."""

import argparse
import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import uvicorn

from sandbox.host.adapters import BACKENDS, choose
from sandbox.host.app import Host
from sandbox.host.logs import configure, follow
from sandbox.host.model import HostError
from sandbox.host.settings import LocalSettings, apply_values, origins, read_host_json, read_local_settings

LOG = logging.getLogger("host")
CANNOT_SERVE = 2
INTERRUPTED = 130
GRACE_SECONDS = 2.0
LAST_ANSWERS_SECONDS = 0.3
LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


class Server(uvicorn.Server):
    """uvicorn, with the signals left to the host."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say so once connections are taken."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Install nothing."""
        yield


def main() -> int:
    """Serve until told to stop; 2 if the app cannot be served."""
    arguments = _arguments()
    configure(arguments.log_file)
    try:
        return asyncio.run(_serve(arguments))
    except HostError as error:
        print(f"The functions cannot start. {error}", file=sys.stderr)
        return CANNOT_SERVE


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m sandbox.host", description=__doc__)
    parser.add_argument("--port", type=int, default=7071)
    parser.add_argument("--settings", type=Path, help="default: local.settings.json in the app's folder")
    parser.add_argument("--backend", choices=BACKENDS, default="auto")
    parser.add_argument("--app-root", type=Path, default=Path.cwd(), help="the folder of function_app.py")
    parser.add_argument("--no-timers", action="store_true", help="leave timers to POST /admin/functions/<name>")
    parser.add_argument(
        "--memory-queues", action="store_true", help="for measuring: output queues in memory, queue functions rest"
    )
    parser.add_argument(
        "--lease",
        type=float,
        metavar="SECONDS",
        help="for crashes on purpose: how long a message stays away when its worker is gone (as in Azure: 600)",
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when standard input ends")
    parser.add_argument("--cors", metavar="ORIGINS", help="in place of Host.CORS in the settings file")
    parser.add_argument("--log-file", type=Path, help="write all output to this file, too")
    return parser.parse_args()


def _settings(arguments: argparse.Namespace, app_root: Path) -> LocalSettings:
    path: Path = arguments.settings or app_root / "local.settings.json"
    if arguments.settings is None and not path.is_file():
        return LocalSettings()
    return read_local_settings(path)


async def _serve(arguments: argparse.Namespace) -> int:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    if arguments.exit_with_parent:
        _stop_with_parent(stop)
    app_root = arguments.app_root.resolve()
    options = read_host_json(app_root)
    if arguments.lease is not None:
        options = replace(options, queues=replace(options.queues, hidden=arguments.lease))
    settings = _settings(arguments, app_root)
    if arguments.cors is not None:
        settings = replace(settings, cors_origins=origins(arguments.cors))
    apply_values(settings, os.environ, arguments.port)
    follow(options.log_level, debug=os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING", "").lower() in {"1", "true"})
    sockets = _listen(arguments.port)
    os.chdir(app_root)
    host = Host(
        choose(arguments.backend),
        options,
        settings,
        dict(os.environ),
        timers=not arguments.no_timers,
        memory_queues=arguments.memory_queues,
    )
    door = await host.load(app_root)
    server = Server(
        uvicorn.Config(
            door,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
        )
    )
    serving = asyncio.create_task(server.serve(sockets))
    listening = asyncio.create_task(server.listening.wait())
    await asyncio.wait((serving, listening), return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        raise HostError(f"The HTTP server did not start on port {arguments.port}.")
    host.start()
    LOG.info("%d functions on the backend '%s'", len(host.functions), host.adapter_name)
    print(f"functions ready at http://localhost:{arguments.port}", flush=True)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await host.stop(GRACE_SECONDS)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(serving, LAST_ANSWERS_SECONDS)
    return 0


def _listen(port: int) -> list[socket.socket]:
    """Sockets on both loopback addresses, so that `localhost` is right whichever way it resolves."""
    sockets = []
    for family, address in LOOPBACK:
        try:
            sockets.append(_socket(family, address, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                raise HostError(
                    f"Port {port} is taken by another program, or not allowed. Stop that program, or give "
                    "another port with --port."
                ) from error
            if family == socket.AF_INET:
                raise HostError(f"Port {port} cannot be opened on {address}: {error}.") from error
    return sockets


def _socket(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal stops gently, the second at once."""
    loop = asyncio.get_running_loop()

    def handle(*_: object) -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


def _stop_with_parent(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def watch() -> None:
        # os.read, for a thread that waits inside sys.stdin would hold up the end of the interpreter.
        while os.read(0, 4096):
            continue
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A function that never ends must not keep the process: its thread cannot be stopped otherwise.
    os._exit(code)
