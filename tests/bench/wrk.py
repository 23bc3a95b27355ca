"""Load by wrk: a few connections for a few seconds, on the load's core, towards this machine only."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.bench.setting import load_core, pinned

_SCRIPT = Path(__file__).with_name("wrk.lua")
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Load:
    """How one run went; times in milliseconds."""

    rate: float
    p50: float
    p99: float
    requests: int


@dataclass(frozen=True)
class Target:
    """What is asked for, again and again."""

    url: str
    body: Path | None = None

    def once(self) -> None:
        """Ask once, however long it takes: what a server makes at its first request is no part of the load."""
        content = self.body.read_bytes() if self.body else None
        headers = {"Content-Type": "application/json"} if self.body else {}
        answer = httpx.request("POST" if content else "GET", self.url, content=content, headers=headers, timeout=60)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise RuntimeError(f"{self.url}: {answer.status_code} {answer.text[:500]}")

    def load(self, seconds: int, connections: int = 16, pause_ms: int = 0) -> Load:
        """Ask for so long; `pause_ms` is how long each connection rests on average between two requests.

        Raises:
            RuntimeError: something else than success came back.
        """
        if urlsplit(self.url).hostname not in _LOOPBACK:
            raise ValueError("load goes to this machine only")
        env = {**os.environ, "BENCH_METHOD": "POST" if self.body else "GET", "BENCH_PAUSE_MS": str(pause_ms)}
        if self.body:
            env["BENCH_BODY"] = str(self.body)
        words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT), self.url]
        answer = subprocess.run(
            pinned(words, load_core()), env=env, capture_output=True, text=True, timeout=seconds + 60, check=False
        )
        lines = [line for line in answer.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise RuntimeError(f"wrk said nothing of {self.url}: {answer.stdout} {answer.stderr}")
        found = json.loads(lines[-1])
        if found["refused"] or found["broken"] or not found["requests"]:
            raise RuntimeError(f"not every request to {self.url} succeeded: {found}")
        seconds_taken = found["microseconds"] / 1e6
        return Load(found["requests"] / seconds_taken, found["p50"] / 1000, found["p99"] / 1000, found["requests"])
