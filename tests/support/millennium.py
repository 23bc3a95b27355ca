"""A strict stand-in for Oracle Health Millennium's Appointment: versions, allowed ways of a status, video links.

After Oracle's documents, "Patch an appointment" (R4). It checks what it is sent before it changes anything.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "good-token"
SEQUENCES = {
    "booked": {"arrived", "checked-in", "cancelled"},
    "arrived": {"checked-in", "cancelled"},
    "checked-in": {"fulfilled", "cancelled"},
}
LINKS = {
    "/contained/0/telecom/0/value",
    "/contained/1/telecom/0/value",
    "/contained/0/telecom/0/period/start",
    "/contained/0/telecom/0/period/end",
}


class Millennium:
    """One appointment, `4711`.

    `answers` are statuses to give to the next patches instead of making them; `meanwhile` is done before the next.
    """

    def __init__(self) -> None:
        self.appointment: dict[str, Any] = {
            "resourceType": "Appointment",
            "id": "4711",
            "status": "booked",
            "start": "2026-11-24T14:00:00Z",
            "end": "2026-11-24T14:30:00Z",
            "participant": [{"actor": {"reference": "Patient/12724066"}, "status": "accepted"}],
            "contained": [
                {"resourceType": "HealthcareService", "id": "0", "name": "Provider Virtual Meeting Room"},
                {"resourceType": "HealthcareService", "id": "1", "name": "Patient Virtual Meeting Room"},
            ],
        }
        self.version = 7
        self.answers: deque[int] = deque()
        self.meanwhile: deque[Callable[[], None]] = deque()
        self.patches: list[tuple[str, Any, int]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._get(self)

            def do_PATCH(self) -> None:
                outer._patch(self)

            def log_message(self, *_: object) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def somebody_changes_it(self, **members: Any) -> None:
        """A scheduler at the hospital was faster."""
        self.appointment.update(members)
        self.version += 1

    def links(self) -> list[str | None]:
        """The links in the two rooms."""
        rooms = self.appointment["contained"]
        return [room.get("telecom", [{}])[0].get("value") for room in rooms]

    def __enter__(self) -> Self:
        """The stand-in itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(request, 401)
        elif request.path.endswith("/Appointment/4711"):
            self._answer(request, 200, self.appointment)
        else:
            self._answer(request, 404, {"resourceType": "OperationOutcome"})

    def _patch(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        operations = json.loads(body)
        if self.meanwhile:
            self.meanwhile.popleft()()
        status = self.answers.popleft() if self.answers else self._judged(request, operations)
        self.patches.append((request.headers.get("If-Match", ""), operations, status))
        if status == 200:
            self._apply(operations)
            self.version += 1
        self._answer(request, status)

    def _judged(self, request: BaseHTTPRequestHandler, operations: list[dict[str, Any]]) -> int:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401
        if request.headers.get("Content-Type") != "application/json-patch+json":
            return 415
        if not request.headers.get("If-Match"):
            return 412
        if request.headers["If-Match"] != f'W/"{self.version}"':
            return 409
        paths = {one["path"] for one in operations}
        if paths == {"/status"}:
            (one,) = operations
            allowed = SEQUENCES.get(self.appointment["status"], set())
            return 200 if one["op"] == "replace" and one["value"] in allowed else 422
        return self._judged_links(operations, paths)

    def _judged_links(self, operations: list[dict[str, Any]], paths: set[str]) -> int:
        kinds = {one["op"] for one in operations}
        too_long = any(len(one["value"]) > 255 for one in operations)
        if paths != LINKS or len(kinds) != 1 or not kinds <= {"add", "replace"} or too_long:
            return 422
        has_links = any(self.links())
        if kinds == {"add"}:
            return 409 if has_links else 200
        return 200 if has_links else 422

    def _apply(self, operations: list[dict[str, Any]]) -> None:
        changed = copy.deepcopy(self.appointment)
        for one in operations:
            if one["path"] == "/status":
                changed["status"] = one["value"]
            elif one["path"].endswith("/value"):
                changed["contained"][int(one["path"].split("/")[2])]["telecom"] = [{"value": one["value"]}]
        self.appointment = changed

    def _answer(self, request: BaseHTTPRequestHandler, status: int, body: Any = None) -> None:
        content = json.dumps(body).encode() if body is not None else b""
        request.send_response(status)
        request.send_header("Content-Type", "application/fhir+json")
        request.send_header("Content-Length", str(len(content)))
        request.send_header("ETag", f'W/"{self.version}"')
        request.end_headers()
        request.wfile.write(content)
