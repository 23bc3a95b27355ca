"""The connector's address without the connector: its key sets, a page to come back to, a door for notifications."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.identifiers import Environment
from shared.keys import LocalKeys
from shared.settings import Settings
from tests.support.processes import REPOSITORY
from tests.support.tokens import settings

CAST: dict[str, Any] = json.loads((REPOSITORY / "sandbox" / "cast.json").read_text(encoding="utf-8"))
TENANT_ID, OTHER_TENANT_ID = (str(tenant["id"]) for tenant in CAST["tenants"])
USERS: dict[str, dict[str, Any]] = {user["key"]: user for tenant in CAST["tenants"] for user in tenant["users"]}


def cast_settings(origin: str, **changes: Any) -> Settings:
    """The settings of a connector at that origin, with the cast's own client ids."""
    applications = CAST["applications"]
    values: dict[str, Any] = {
        "public_base_url": origin,
        "api_client_id": applications["apiClientId"],
        "managed_identity_client_id": applications["managedIdentityClientId"],
        "ehr_client_id_test": applications["ehrClientIdTest"],
        "ehr_client_id_production": applications["ehrClientIdProduction"],
        "allow_loopback_ehr": True,
    }
    return settings(**(values | changes))


class TinyConnector:
    """A server on a free port; `posted` holds the bodies of what came to its notification doors."""

    def __init__(self, keys: LocalKeys) -> None:
        self.keys = keys
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.handshakes: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = self.path.split("/")
                if parts[-1] == "jwks.json":
                    self._answer(json.dumps(outer.keys.public_keys(Environment(parts[-2]))), "application/json")
                else:
                    self._answer("<h1>back</h1>", "text/html")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                address = urlsplit(self.path)
                token = parse_qs(address.query).get("validationToken", [""])[0]
                if token:
                    outer.handshakes.append(address.path)
                else:
                    outer.posted.append((address.path, json.loads(body)))
                self._answer(token, "text/plain")

            def _answer(self, text: str, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
