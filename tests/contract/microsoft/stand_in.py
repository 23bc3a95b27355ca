"""What the contract tests of the pretend Microsoft share: its client, a receiver of notifications, decryption."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from jwcrypto import jwk, jwt

REPOSITORY = Path(__file__).resolve().parents[3]
CAST = json.loads((REPOSITORY / "sandbox" / "cast.json").read_text(encoding="utf-8"))
APPLICATIONS = CAST["applications"]
API, PORTAL = APPLICATIONS["apiClientId"], APPLICATIONS["portalClientId"]
HOME = APPLICATIONS["homeTenantId"]
TENANT, OTHER_TENANT = (tenant["id"] for tenant in CAST["tenants"])
USERS = {user["key"]: user for tenant in CAST["tenants"] for user in tenant["users"]}
ONE, TWO = USERS["clinician-one"]["oid"], USERS["clinician-two"]["oid"]
STAFF, OTHER = USERS["staff"]["oid"], USERS["other-clinician"]["oid"]
ADMIN, NO_POLICY = USERS["admin"]["oid"], USERS["clinician-without-policy"]["oid"]

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "api://AzureADTokenExchange"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CONNECTOR = "http://localhost:7071"
API_REDIRECT = f"{CONNECTOR}/api/sign-in/callback"
PORTAL_REDIRECT = f"{CONNECTOR}/"
API_SCOPE = f"api://{API}/access_as_user"

Json = dict[str, Any]


def in_minutes(minutes: float) -> str:
    """A time from now, as Graph takes it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def claims_of(token: str) -> Json:
    """The claims of a token, unchecked."""
    content = token.split(".")[1]
    claims: Json = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    return claims


class Microsoft:
    """The running stand-in, as its callers see it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=30)

    def control(self, path: str, body: object = None, method: str = "POST") -> Json:
        """One control call that has to work."""
        answer = self.http.request(method, f"/control/{path}", json=body if method == "POST" else None)
        assert answer.is_success, answer.text
        result: Json = answer.json() if answer.content else {}
        return result

    def token(self, **wanted: object) -> str:
        """A token to order; without anything else one of Graph for the connector's application."""
        body = {"tenant": TENANT, "audience": "graph", **wanted}
        return str(self.control("tokens", body)["access_token"])

    def graph(self, method: str, path: str, body: object = None, **options: Any) -> httpx.Response:
        """One call of Graph; `token` and `headers` replace the usual ones."""
        version = options.pop("version", "v1.0")
        token = options.pop("token", None) or self.token(tenant=options.pop("tenant", TENANT))
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        if body is not None:
            options["json"] = body
        return self.http.request(method, f"/graph/{version}{path}", headers=headers, **options)

    def create_or_get(self, external_id: str = "visit", organizer: str = ONE, **more: object) -> Json:
        """A meeting of an organiser, made or found."""
        path = f"/users/{organizer}/onlineMeetings/createOrGet"
        answer = self.graph("POST", path, {"externalId": external_id, **more})
        assert answer.status_code in {200, 201}, answer.text
        meeting: Json = answer.json()
        return meeting

    def act(self, meeting: Json, act: str, participant: object = None, **more: object) -> Json:
        """Somebody does something in a meeting."""
        body = {"act": act, "participant": participant, **more}
        return self.control(f"meetings/{meeting['id']}/acts", body)

    def configure(self, **settings: object) -> None:
        """Switches of notifications and calls."""
        self.control("notifications", settings)

    def wait(self, timeout_ms: int = 15_000) -> None:
        """Until no notification is on its way."""
        assert self.control("notifications/wait", {"timeoutMs": timeout_ms})["idle"]

    def roster(self, meeting: Json) -> list[Json]:
        """Who is in the meeting or its lobby."""
        shown = self.control("meetings", method="GET")["meetings"]
        roster: list[Json] = next(each for each in shown if each["id"] == meeting["id"])["roster"]
        return roster

    def exchange_token(self, **overrides: object) -> str:
        """The managed identity's token for the token exchange."""
        return self.token(tenant=HOME, audience="exchange", overrides=overrides)

    def redeem(self, form: Mapping[str, str], authority: str = TENANT) -> httpx.Response:
        """A call of the token endpoint."""
        return self.http.post(f"/entra/{authority}/oauth2/v2.0/token", data=dict(form))

    def assertion(self) -> dict[str, str]:
        """How the connector's application shows who it is."""
        return {"client_assertion_type": JWT_BEARER, "client_assertion": self.exchange_token()}

    def verified(self, token: str, authority: str = "organizations") -> Json:
        """The claims of a token whose signature fits a published key of its issuer."""
        keys = self.http.get(f"/entra/{authority}/discovery/v2.0/keys").json()["keys"]
        kid = jwt.JWT(jwt=token).token.jose_header["kid"]
        key = next(each for each in keys if each["kid"] == kid)
        checked = jwt.JWT(jwt=token, key=jwk.JWK(**key), algs=["RS256"], check_claims={"exp": None})
        claims: Json = json.loads(checked.claims)
        if claims["ver"] == "2.0":
            assert key["issuer"] == claims["iss"]
        return claims


@dataclass
class Authorization:
    """What a sign-in came to: how many pages were shown, what the redirect said."""

    pages: int
    parameters: dict[str, str]
    verifier: str


@dataclass
class Browser:
    """A browser that presses the buttons of the sign-in page."""

    microsoft: Microsoft
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def authorize(
        self, client: str, scope: str, *, press: Mapping[str, str], authority: str = TENANT, **more: str
    ) -> Authorization:
        """The whole way from the application and back to it."""
        redirect = API_REDIRECT if client == API else PORTAL_REDIRECT
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": client,
            "response_type": "code",
            "redirect_uri": redirect,
            "scope": scope,
            "state": "the state",
            "nonce": "the nonce",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        url = f"{self.microsoft.url}/entra/{authority}/oauth2/v2.0/authorize"
        answer, pages = self.http.get(url, params=query), 0
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if target.startswith(redirect):
                    values = {name: value for name, (value,) in parse_qs(urlsplit(target).query).items()}
                    return Authorization(pages, values, verifier)
                answer = self.http.get(target)
                continue
            pages += 1
            answer = self._press(answer, press)
        raise AssertionError("the sign-in goes round in circles")

    def _press(self, answer: httpx.Response, press: Mapping[str, str]) -> httpx.Response:
        assert answer.status_code == 200, answer.text
        assert "Pretend Microsoft sign-in" in answer.text
        found = re.search(r'action="([^"]+)"', answer.text)
        assert found, answer.text
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
        form = {name: html.unescape(value) for name, value in hidden}
        return self.http.post(urljoin(str(answer.url), html.unescape(found[1])), data={**form, **press})


def pick(oid: str, tenant: str = TENANT) -> dict[str, str]:
    """The button of an account."""
    return {"account": f"{tenant}|{oid}"}


Answer = tuple[int, float]


class Receiver:
    """A notification URL: answers handshakes and keeps what it is sent."""

    def __init__(self) -> None:
        self.handshakes: list[tuple[str, str]] = []
        self.bodies: list[Json] = []
        self.times: list[float] = []
        # Status and seconds of the next answers; 202 at once when there are none left.
        self.answers: list[Answer] = []
        self.handshake: Callable[[str], tuple[int, str, str]] = lambda token: (200, "text/plain", token)
        self.handshake_seconds = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.serve(self)

            def log_message(self, *_: object) -> None:
                """The test's output stays quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/notifications?route=r1"
        self.lifecycle_url = f"http://127.0.0.1:{self._server.server_port}/lifecycle"

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """One request, in a thread of its own."""
        parts = urlsplit(request.path)
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        token = parse_qs(parts.query).get("validationToken")
        if token:
            self.handshakes.append((parts.path, request.headers["Content-Type"]))
            time.sleep(self.handshake_seconds)
            status, kind, text = self.handshake(token[0])
        else:
            self.times.append(time.monotonic())
            self.bodies.append({"path": request.path, **json.loads(body)})
            status, seconds = self.answers.pop(0) if self.answers else (202, 0.0)
            time.sleep(seconds)
            kind, text = "text/plain", ""
        try:
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(text.encode())))
            request.end_headers()
            request.wfile.write(text.encode())
        except ConnectionError:
            request.close_connection = True

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def items(self) -> list[Json]:
        """The items of all notifications, in order of arrival."""
        return [item for body in self.bodies for item in body["value"]]


class Certificate:
    """A subscriber's key pair and self-signed certificate."""

    def __init__(self, bits: int = 2048) -> None:
        self.key = rsa.generate_private_key(65537, bits)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "notifications")])
        now = datetime.now(UTC)
        self.x509 = (
            x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )

    @property
    def base64(self) -> str:
        """As it is given to Graph."""
        return base64.b64encode(self.x509.public_bytes(serialization.Encoding.DER)).decode()

    @property
    def thumbprint(self) -> str:
        """As Graph names it in each item."""
        return self.x509.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303

    def decrypt(self, item: Json) -> Json:
        """The resource data of an item: signature first, then AES with the beginning of the key as vector."""
        content = item["encryptedContent"]
        assert content["encryptionCertificateThumbprint"] == self.thumbprint
        oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
        key = self.key.decrypt(base64.b64decode(content["dataKey"]), oaep)
        data = base64.b64decode(content["data"])
        expected = hmac.digest(key, data, "sha256")
        assert hmac.compare_digest(expected, base64.b64decode(content["dataSignature"]))
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        plain = unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()
        result: Json = json.loads(plain)
        return result


def subscription_body(meeting: Json, receiver: Receiver, certificate: Certificate, **more: object) -> Json:
    """A subscription to a meeting's call events; None takes a member away."""
    encoded = quote(meeting["joinWebUrl"], safe="")
    body = {
        "changeType": "updated",
        "notificationUrl": receiver.url,
        "lifecycleNotificationUrl": receiver.lifecycle_url,
        "resource": f"communications/onlineMeetings(joinWebUrl='{encoded}')/meetingCallEvents",
        "includeResourceData": True,
        "encryptionCertificate": certificate.base64,
        "encryptionCertificateId": "certificate-1",
        "expirationDateTime": in_minutes(120),
        "clientState": "the client state",
        **more,
    }
    return {name: value for name, value in body.items() if value is not None}
