"""An Azurite that keeps its data in a folder, so that it can go away and come back."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import httpx

from sandbox.host.settings import EMULATOR_ACCOUNT, EMULATOR_KEY
from tests.support.processes import SANDBOX, free_port

_SERVICES = ("blob", "queue", "table")


class Storage:
    """Started and stopped by hand; its addresses stay the same.

    It is ended its own way, so that it writes what it acknowledged: killed outright it would forget the last seconds,
    which Azure's storage does not do. For everybody who speaks to it, it is gone from one moment to the next.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {service: free_port() for service in _SERVICES}
        self._process: subprocess.Popen[bytes] | None = None
        account = f"DefaultEndpointsProtocol=http;AccountName={EMULATOR_ACCOUNT};AccountKey={EMULATOR_KEY}"
        endpoints = [
            f"{service.capitalize()}Endpoint=http://127.0.0.1:{port}/{EMULATOR_ACCOUNT}"
            for service, port in self._ports.items()
        ]
        self.connection_string = ";".join([account, *endpoints])

    def start(self) -> None:
        """It answers when this returns."""
        ports = [part for service, port in self._ports.items() for part in (f"--{service}Port", str(port))]
        self._process = subprocess.Popen(
            ["node", "azurite.mjs", *ports, "--location", str(self._folder), "--silent", "--exit-with-parent"],
            cwd=SANDBOX,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not all(self._answers(port) for port in self._ports.values()):
            if time.monotonic() > deadline:
                raise RuntimeError("Azurite did not start")
            time.sleep(0.05)

    def stop(self) -> None:
        """It is gone when this returns."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @staticmethod
    def _answers(port: int) -> bool:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
        except httpx.HTTPError:
            return False
        return True
