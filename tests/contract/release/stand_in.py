"""A stand-in for what a release meets: the deployment site of an app, the app itself and the portal, over HTTP."""

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from scripts.publish import BUILD, DeploymentSite

TOKEN = "a token of whoever is signed in"
KEY = {"kty": "EC", "crv": "P-384", "kid": "a", "alg": "ES384", "use": "sig", "x": "x", "y": "y"}
PORTAL_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; "
    "connect-src 'self' https://login.microsoftonline.com https://emea.sample.example; base-uri 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Reply(NamedTuple):
    """What is answered."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed


def as_json(content: Any, status: int = 200) -> Reply:
    """JSON."""
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


class World:
    """One app in Azure. `spoiled` replaces answers by path; `bad` are builds whose health is not good."""

    def __init__(self) -> None:
        self.url = ""
        self.build = "before"
        self.geography = "emea"
        self.portal = "https://portal.sample.example"
        self.bad: set[str] = set()
        self.spoiled: dict[str, Reply] = {}
        self.published: list[tuple[str, str]] = []
        self.progress: list[Reply] = []
        self.answers_to_publish: list[Reply] = []

    @property
    def site(self) -> DeploymentSite:
        """Where packages go."""
        return DeploymentSite(self.url, TOKEN)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """The answer to one request."""
        parts = urlsplit(target)
        if parts.path in self.spoiled:
            return self.spoiled[parts.path]
        if parts.path == "/api/publish":
            return self._publish(parts.query, headers, body)
        if parts.path.startswith("/api/deployments/"):
            return self._progress(headers)
        if parts.path.startswith("/api/graph/") and method == "POST":
            word = parse_qs(parts.query)["validationToken"][0]
            return Reply(200, word.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        return self._read(parts.path, headers)

    def _read(self, path: str, headers: dict[str, str]) -> Reply:
        if path == "/api/version":
            allowed = {"Access-Control-Allow-Origin": self.portal} if headers.get("origin") == self.portal else {}
            return as_json({"version": "0.1.0", "build": self.build})._replace(headers=allowed)
        if path == "/api/health":
            status = "storage does not answer" if self.build in self.bad else "ok"
            return as_json({"status": status, "geography": self.geography}, 200 if status == "ok" else 503)
        if path.startswith("/api/keys/"):
            return as_json({"keys": [KEY]})
        if path == "/config.json":
            regions = [{"geography": "emea", "apiBaseUrl": "https://emea.sample.example"}]
            return as_json({"regions": regions, "authority": "https://login.microsoftonline.com/organizations/v2.0"})
        if path == "/":
            return Reply(200, b"<!doctype html><html></html>", PORTAL_HEADERS)
        return Reply(404)

    def _publish(self, query: str, headers: dict[str, str], body: bytes) -> Reply:
        if headers.get("authorization") != f"Bearer {TOKEN}" or headers.get("content-type") != "application/zip":
            return Reply(401)
        if self.answers_to_publish:
            return self.answers_to_publish.pop(0)
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            self.build = archive.read(BUILD).decode().strip()
        self.published.append((query, self.build))
        return as_json("a-deployment", 202)

    def _progress(self, headers: dict[str, str]) -> Reply:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401)
        return self.progress.pop(0) if self.progress else as_json({"status": 4, "status_text": ""})


@contextmanager
def running(world: World) -> Iterator[World]:
    """The world, served on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply()

        def do_POST(self) -> None:
            self._reply()

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = world.answer(self.command, self.path, headers, body)
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def package(folder: Path, build: str) -> Path:
    """A zip that says which build it is, and no more."""
    file = folder / f"{build}.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(BUILD, build + "\n")
    return file
