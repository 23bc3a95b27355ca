"""A key vault on a free port: Key Vault's REST API 7.4 as far as the connector speaks it, and no further.

Strict: no token or another one is a 401 with a challenge, another api-version a 400, an operation that a key is not
for a 403. Lists come in pages of two. Private keys have no way out.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from shared.clock import Clock
from tests.support.tokens import decoded, encoded

PAGE = 2
RESOURCE = "https://localhost"
TOKEN = "a token for the vault"
_DIGEST_BYTES = 48
_PATH = re.compile(r"/(keys|certificates|secrets)/([0-9a-zA-Z-]{1,127})(?:/([0-9a-f]{32}|\w+))?(?:/(\w+))?")


@dataclass
class Version:
    """One version of a key or certificate."""

    id: str
    made: datetime
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    operations: tuple[str, ...]
    certificate: bytes = b""
    enabled: bool = True
    ends: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, Any]:
        """As every answer has them."""
        moment = int(self.made.timestamp())
        more = {"exp": self.ends} if self.ends else {}
        return {"enabled": self.enabled, "created": moment, "updated": moment, "recoveryLevel": "Recoverable", **more}


class RefusalError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, inner: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.headers = dict(headers or {})
        error: dict[str, Any] = {"code": code, "message": "made up"}
        self.body = {"error": error | ({"innererror": {"code": inner}} if inner else {})}


@dataclass
class Store:
    """What the vault holds, and how it shall misbehave."""

    now: Clock
    keys: dict[str, list[Version]] = field(default_factory=dict)
    certificates: dict[str, list[Version]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    pending: dict[str, int] = field(default_factory=dict)
    polls: int = 1
    down: bool = False
    busy: int = 0
    forbidden: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)


class VaultServer:
    """The vault; `url` is its address, `store` what it holds. Ends with `close`."""

    def __init__(self, now: Clock) -> None:
        self.store = Store(now)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or "0"))
                status, headers, answer = outer.answer(
                    self.command, self.path, self.headers.get("Authorization", ""), body
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                content = json.dumps(answer).encode()
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the server looks for these names

            def log_message(self, *_: object) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_address[1]}"
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(
        self, method: str, target: str, authorization: str, body: bytes
    ) -> tuple[int, Mapping[str, str], Mapping[str, Any]]:
        """Status, headers and JSON of one request."""
        address = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        try:
            self._check(authorization, query)
            with self._lock:
                self.store.calls.append(f"{method} {address.path}")
                self._misbehave()
                done = self._done(method, address.path, query, json.loads(body or b"{}"))
                return 202 if done.get("status") == "inProgress" and method == "POST" else 200, {}, done
        except RefusalError as refusal:
            return refusal.status, refusal.headers, refusal.body

    def _check(self, authorization: str, query: Mapping[str, str]) -> None:
        if authorization != f"Bearer {TOKEN}":
            challenge = f'Bearer authorization="https://login.example/tenant", resource="{RESOURCE}"'
            raise RefusalError(401, "Unauthorized", headers={"WWW-Authenticate": challenge})
        if query.get("api-version") != "7.4":
            raise RefusalError(400, "BadParameter")

    def _misbehave(self) -> None:
        if self.store.down:
            raise RefusalError(503, "ServiceUnavailable")
        if self.store.busy:
            self.store.busy -= 1
            raise RefusalError(429, "Throttled", headers={"Retry-After": "1"})

    def _done(self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> Mapping[str, Any]:
        found = _PATH.fullmatch(path)
        if not found:
            raise RefusalError(404, "ResourceNotFound")
        kind, name, third, fourth = found.groups()
        act = fourth or (third if third and not re.fullmatch(r"[0-9a-f]{32}", third) else "")
        version = third if third and third != act else ""
        operation = f"{kind}/{act or ('update' if method == 'PATCH' else 'get')}"
        if operation in self.store.forbidden:
            raise RefusalError(403, "Forbidden", "ForbiddenByRbac")
        handlers: Mapping[tuple[str, str], Callable[[], Mapping[str, Any]]] = {
            ("POST", "keys/create"): lambda: self._create_key(name, body),
            ("GET", "keys/versions"): lambda: self._listed("keys", name, query),
            ("GET", "keys/get"): lambda: self._shown_key(name, self._version("keys", name, version)),
            ("PATCH", "keys/update"): lambda: self._updated("keys", name, version, body),
            ("POST", "keys/sign"): lambda: self._signed(self._able(name, version, "sign"), body),
            ("POST", "keys/wrapkey"): lambda: self._wrapped(self._able(name, version, "wrapKey"), body),
            ("POST", "keys/unwrapkey"): lambda: self._unwrapped(self._able(name, version, "unwrapKey"), body),
            ("POST", "certificates/create"): lambda: self._create_certificate(name, body),
            ("GET", "certificates/pending"): lambda: self._pending(name),
            ("GET", "certificates/versions"): lambda: self._listed("certificates", name, query),
            ("GET", "certificates/get"): lambda: self._shown_certificate(
                name, self._version("certificates", name, version)
            ),
            ("PATCH", "certificates/update"): lambda: self._updated("certificates", name, version, body),
            ("GET", "secrets/get"): lambda: self._secret(name),
        }
        handler = handlers.get((method, operation))
        if handler is None:
            raise RefusalError(405, "MethodNotAllowed")
        return handler()

    def _held(self, kind: str) -> dict[str, list[Version]]:
        return self.store.keys if kind == "keys" else self.store.certificates

    def _version(self, kind: str, name: str, version: str) -> Version:
        for one in self._held(kind).get(name, ()):
            if one.id == version:
                return one
        raise RefusalError(404, "KeyNotFound" if kind == "keys" else "CertificateNotFound")

    def _able(self, name: str, version: str, operation: str) -> Version:
        key = self._version("keys", name, version)
        if key.ends and operation == "sign" and self.store.now().timestamp() >= key.ends:
            raise RefusalError(403, "Forbidden", "KeyExpired")
        if not key.enabled:
            raise RefusalError(403, "Forbidden", "KeyDisabled")
        if operation not in key.operations:
            raise RefusalError(403, "Forbidden", "KeyOperationForbidden")
        return key

    def _create_key(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if body.get("kty") == "EC" and body.get("crv") == "P-384":
            private = ec.generate_private_key(ec.SECP384R1())
        elif body.get("kty") == "RSA" and body.get("key_size") in (2048, 3072, 4096):
            private = rsa.generate_private_key(65537, body["key_size"])
        else:
            raise RefusalError(400, "BadParameter")
        key = Version(secrets.token_hex(16), self.store.now(), private, tuple(body["key_ops"]))
        key.ends = body.get("attributes", {}).get("exp", 0)
        self.store.keys.setdefault(name, []).append(key)
        return self._shown_key(name, key)

    def _listed(self, kind: str, name: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        # In no order that anybody could rely on.
        versions = sorted(self._held(kind).get(name, ()), key=lambda one: one.id)
        if not versions:
            # Key Vault answers so for keys, and with an empty list for certificates; either must do.
            if kind == "keys":
                raise RefusalError(404, "KeyNotFound")
            return {"value": []}
        first = int(query.get("$skiptoken", "0"))
        member = "kid" if kind == "keys" else "id"
        shown = [
            {member: f"{self.url}/{kind}/{name}/{one.id}", "attributes": one.attributes}
            for one in versions[first : first + PAGE]
        ]
        more = first + PAGE < len(versions)
        path = f"{self.url}/{kind}/{name}/versions?api-version=7.4&$skiptoken={first + PAGE}"
        return {"value": shown, "nextLink": path if more else None}

    def _shown_key(self, name: str, key: Version) -> Mapping[str, Any]:
        public = key.private.public_key().public_numbers()
        members: dict[str, Any] = {"kid": f"{self.url}/keys/{name}/{key.id}", "key_ops": list(key.operations)}
        if isinstance(public, rsa.RSAPublicNumbers):
            members |= {"kty": "RSA-HSM", "n": _number(public.n), "e": _number(public.e)}
        else:
            size = _DIGEST_BYTES
            members |= {"kty": "EC", "crv": "P-384", "x": _number(public.x, size), "y": _number(public.y, size)}
        return {"key": members, "attributes": key.attributes, **({"tags": key.tags} if key.tags else {})}

    def _updated(self, kind: str, name: str, version: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        one = self._version(kind, name, version)
        attributes = body.get("attributes", {})
        one.enabled = bool(attributes.get("enabled", one.enabled))
        one.ends = int(attributes.get("exp", one.ends))
        one.tags = dict(body.get("tags", one.tags))
        if kind == "certificates":
            self._version("keys", name, version).enabled = one.enabled
            return self._shown_certificate(name, one)
        return self._shown_key(name, one)

    def _signed(self, key: Version, body: Mapping[str, Any]) -> Mapping[str, Any]:
        digest = decoded(body["value"])
        if len(digest) != _DIGEST_BYTES:
            raise RefusalError(400, "BadParameter")
        hashed = Prehashed(hashes.SHA384())
        if isinstance(key.private, rsa.RSAPrivateKey) and body["alg"] == "RS384":
            signature = key.private.sign(digest, padding.PKCS1v15(), hashed)
        elif isinstance(key.private, ec.EllipticCurvePrivateKey) and body["alg"] == "ES384":
            numbers = decode_dss_signature(key.private.sign(digest, ec.ECDSA(hashed)))
            signature = b"".join(number.to_bytes(_DIGEST_BYTES, "big") for number in numbers)
        else:
            raise RefusalError(400, "BadParameter")
        return {"kid": key.id, "value": encoded(signature)}

    def _wrapped(self, key: Version, body: Mapping[str, Any]) -> Mapping[str, Any]:
        assert isinstance(key.private, rsa.RSAPrivateKey)
        wrapped = key.private.public_key().encrypt(decoded(body["value"]), _oaep(body["alg"]))
        return {"kid": key.id, "value": encoded(wrapped)}

    def _unwrapped(self, key: Version, body: Mapping[str, Any]) -> Mapping[str, Any]:
        assert isinstance(key.private, rsa.RSAPrivateKey)
        try:
            return {"kid": key.id, "value": encoded(key.private.decrypt(decoded(body["value"]), _oaep(body["alg"])))}
        except ValueError:
            raise RefusalError(400, "BadParameter") from None

    def _create_certificate(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        policy = body["policy"]
        properties = policy["key_props"]
        if policy["issuer"] != {"name": "Self"} or properties["exportable"] or properties["kty"] != "RSA":
            raise RefusalError(400, "BadParameter")
        if name in self.store.pending:
            raise RefusalError(409, "Conflict")
        self.store.pending[name] = self.store.polls
        months, usage = policy["x509_props"]["validity_months"], policy["x509_props"]["key_usage"]
        private = rsa.generate_private_key(65537, properties["key_size"])
        certificate = _self_signed(private, policy["x509_props"]["subject"], self.store.now(), months)
        operations = ("wrapKey", "unwrapKey") if "keyEncipherment" in usage else ()
        self._coming = Version(secrets.token_hex(16), self.store.now(), private, operations, certificate)
        return {"id": f"{self.url}/certificates/{name}/pending", "status": "inProgress"}

    def _pending(self, name: str) -> Mapping[str, Any]:
        if name not in self.store.pending and name not in self.store.certificates:
            raise RefusalError(404, "PendingCertificateNotFound")
        if self.store.pending.get(name, 0) > 0:
            self.store.pending[name] -= 1
            return {"status": "inProgress"}
        if self.store.pending.pop(name, None) is not None:
            self.store.certificates.setdefault(name, []).append(self._coming)
            key = self._coming
            twin = Version(key.id, key.made, key.private, key.operations)
            self.store.keys.setdefault(name, []).append(twin)
        return {"status": "completed"}

    def _shown_certificate(self, name: str, one: Version) -> Mapping[str, Any]:
        identity = f"{self.url}/certificates/{name}/{one.id}"
        return {"id": identity, "cer": base64.b64encode(one.certificate).decode(), "attributes": one.attributes}

    def _secret(self, name: str) -> Mapping[str, Any]:
        if name not in self.store.secrets:
            raise RefusalError(404, "SecretNotFound")
        return {"id": f"{self.url}/secrets/{name}/{'0' * 32}", "value": self.store.secrets[name]}


def _number(value: int, size: int = 0) -> str:
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def _oaep(algorithm: str) -> padding.OAEP:
    kinds: Mapping[str, hashes.HashAlgorithm] = {"RSA-OAEP": hashes.SHA1(), "RSA-OAEP-256": hashes.SHA256()}  # noqa: S303
    if algorithm not in kinds:
        raise RefusalError(400, "BadParameter")
    return padding.OAEP(padding.MGF1(kinds[algorithm]), kinds[algorithm], None)


def _self_signed(private: rsa.RSAPrivateKey, subject: str, now: datetime, months: int) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject.removeprefix("CN="))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=10))
        .not_valid_after(now + timedelta(days=30 * months))
        .sign(private, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.DER)
