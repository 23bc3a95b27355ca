"""An EHR that is told by events (Standard Webhooks), and fares as it is told to: well, badly, or not at all."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

from shared.presence.model import State
from tests.faults.truth import Story

_LONGEST_HANG_SECONDS = 20.0


class Ehr:
    """A server on a free port. Of the share `errors` of requests that go wrong, half are heard all the same."""

    def __init__(self, seed: int) -> None:
        self.errors = 0.0
        self.requests = 0
        self._chance = Random(seed)  # noqa: S311 - seeded misbehaviour, no secret
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._awake.set()
        self._heard: dict[str, dict[str, Any]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status = outer._takes(self.headers.get("webhook-id", ""), json.loads(body))
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    # Who asked is gone: killed, or out of patience.
                    return

            def log_message(self, *_: object) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def hangs(self) -> None:
        """Nobody gets an answer from now on."""
        self._awake.clear()

    def wakes(self) -> None:
        """It answers again."""
        self._awake.set()

    def close(self) -> None:
        """Ends the server."""
        self.wakes()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def log(self) -> dict[tuple[str, str], Story]:
        """What it heard of whom, each event once, by the time that it was told: by session id and external id."""
        found: defaultdict[tuple[str, str], Story] = defaultdict(list)
        with self._lock:
            events = list(self._heard.values())
        for event in events:
            data = event["data"]
            if "externalId" in data:
                at = datetime.fromisoformat(event["timestamp"])
                found[data["sessionId"], data["externalId"]].append((State(data["state"]), at))
        return {who: sorted(steps, key=lambda step: step[1]) for who, steps in found.items()}

    def _takes(self, event_id: str, event: dict[str, Any]) -> int:
        self._awake.wait(_LONGEST_HANG_SECONDS)
        with self._lock:
            self.requests += 1
            fails = self._chance.random() < self.errors
            hears = not fails or self._chance.random() < 0.5
            if hears and event["type"] != "connector.ping":
                self._heard.setdefault(event_id, event)
        if fails:
            time.sleep(0.05)
        return 503 if fails else 204
