"""The endpoint that Azure gives each instance for its managed identity, on a free port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.tokens import encoded

HEADER = "of this instance"
STORAGE = "https://storage.azure.com"


def storage_token(tenant: str = "dddddddd-0000-4000-8000-000000000004") -> str:
    """What Azurite takes: it looks at issuer, audience and times, and at no signature."""
    moment = int(time.time())
    claims = {
        "aud": STORAGE,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": moment,
        "nbf": moment - 60,
        "exp": moment + 3600,
    }
    return ".".join(encoded(json.dumps(part)) for part in ({"alg": "none", "typ": "JWT"}, claims)) + "."


class IdentityEndpoint:
    """Serves the tokens it is given, by resource; `place` is what the platform sets. Ends with `close`."""

    def __init__(self, client_id: str, tokens: Mapping[str, str]) -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                resource = query.get("resource", "")
                right = (query.get("api-version"), query.get("client_id")) == ("2019-08-01", client_id)
                known = self.headers.get("X-IDENTITY-HEADER") == HEADER and right and resource in tokens
                outer.asked.append(resource)
                body = {"access_token": tokens.get(resource), "expires_on": str(int(time.time()) + 3600)}
                content = json.dumps(body if known else {"statusCode": 400}).encode()
                self.send_response(200 if known else 400)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        address = f"http://127.0.0.1:{self._server.server_address[1]}/msi/token"
        self.place = {"IDENTITY_ENDPOINT": address, "IDENTITY_HEADER": HEADER}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
