"""The stamp's keys in Azure Key Vault: private keys never leave it.

Signing: the vault signs a digest (JSON Web Algorithms, RFC 7518 sections 3.3 and 3.4). Notifications: the vault
unwraps (RSA-OAEP, which there means SHA-1, as Graph prescribes) with the private key of a certificate that cannot
be exported. Data key: kept in storage, wrapped by a key of the vault; opened once for each process.
"""

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any, Protocol

from shared.clock import Clock
from shared.identifiers import Environment
from shared.keys import ALGORITHMS, DATA_KEY_BYTES, Algorithm, UnwrapError
from shared.rotation import CERTIFICATES, SIGNING
from shared.vault import Vault, VaultRefusedError, VaultUnavailableError

_LISTED_FOR = timedelta(minutes=10)
_SIGNS_AT_MOST = 2 * SIGNING.age
"""A signing key is replaced long before it ends; an alert on keys that end soon means that rotation stands still."""
_NOT_TRIED_FOR = timedelta(seconds=5)
_DATA, _NOTIFICATIONS = "data", "notifications"
_FINGERPRINT = "data-key"
_WRAPPED_WITH = "RSA-OAEP-256"
_NEW_KEYS: Mapping[str, Mapping[str, Any]] = {
    "ES384": {"kty": "EC", "crv": "P-384", "key_ops": ["sign", "verify"]},
    "RS384": {"kty": "RSA", "key_size": 3072, "key_ops": ["sign", "verify"]},
    _DATA: {"kty": "RSA", "key_size": 3072, "key_ops": ["wrapKey", "unwrapKey"]},
}
_NEW_CERTIFICATE: Mapping[str, Any] = {
    "policy": {
        "key_props": {"exportable": False, "kty": "RSA", "key_size": 2048, "reuse_key": False},
        "secret_props": {"contentType": "application/x-pkcs12"},
        "x509_props": {
            "subject": "CN=EHR connector notifications",
            "key_usage": ["keyEncipherment"],
            "validity_months": 24,
        },
        "issuer": {"name": "Self"},
        "lifetime_actions": [],
    }
}
_PUBLIC_MEMBERS: Mapping[str, Sequence[str]] = {"EC": ("crv", "x", "y"), "RSA": ("n", "e")}
_VERSION = re.compile(r"[0-9a-f]{32}")
_MADE_WITHIN_SECONDS = 60
_NOT_ALLOWED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_SWITCHED_OFF = "KeyDisabled"


class DataKeyLostError(OSError):
    """Making another data key would make everything that is sealed unreadable; somebody must look."""


class WrappedKey(Protocol):
    """Where the wrapped data key lies: a text of ours."""

    def read(self) -> str | None:
        """The text, or None. Raises OSError if storage does not answer."""
        ...

    def add(self, text: str) -> str:
        """The text that is there afterwards: this one, or that of whoever came first."""
        ...


@dataclass(frozen=True)
class _Version:
    name: str
    version: str
    made: datetime
    has_end: bool = field(compare=False)


class VaultKeys:
    """Keys in a vault."""

    def __init__(self, vault: Vault, wrapped: WrappedKey, now: Clock, sleep: Callable[[float], None]) -> None:
        self._vault = vault
        self._wrapped = wrapped
        self._now = now
        self._sleep = sleep
        self._lock = threading.RLock()
        self._lists: dict[str, tuple[datetime, Sequence[_Version]]] = {}
        self._public: dict[_Version, Mapping[str, Any]] = {}
        self._certificates: dict[_Version, str] = {}
        self._not_before = datetime.min.replace(tzinfo=UTC)

    @property
    def data_key(self) -> bytes:
        """The geography's data key, 32 bytes. Raises OSError while vault or storage do not answer."""
        with self._lock:
            # Whoever waits for it waits on the event loop: one that failed just now is not tried by everybody again.
            if self._now() < self._not_before:
                raise VaultUnavailableError
            try:
                return self._data_key
            except OSError:
                self._not_before = self._now() + _NOT_TRIED_FOR
                raise

    @cached_property
    def _data_key(self) -> bytes:
        """What lies in storage must be what the vault remembers: else it was lost or changed there."""
        key = self._versions("keys", _DATA, _DATA)[0]
        # In this order: where the vault remembers one, it was in storage before.
        fingerprint, text = self._fingerprint(key), self._wrapped.read()
        if text is None:
            if fingerprint:
                raise DataKeyLostError("the wrapped data key is gone from storage: restore it")
            text = self._wrapped.add(self._new_data_key(key))
        if not fingerprint:
            self._vault.send("PATCH", f"keys/{_DATA}/{key.version}", {"tags": {_FINGERPRINT: _fingerprint_of(text)}})
        elif fingerprint != _fingerprint_of(text):
            raise DataKeyLostError("the wrapped data key in storage is not the one that was made: restore it")
        kept = json.loads(text)
        path = f"keys/{_DATA}/{kept['version']}/unwrapkey"
        return _decoded(self._vault.send("POST", path, {"alg": kept["alg"], "value": kept["value"]})["value"])

    def _fingerprint(self, key: _Version) -> str:
        tags = self._vault.send("GET", f"keys/{_DATA}/{key.version}").get("tags") or {}
        return str(tags.get(_FINGERPRINT, ""))

    def public_keys(self, environment: Environment) -> Mapping[str, Any]:
        """The JWK set that EHRs of the environment check our signatures with (RFC 7517).

        With the key that signs: those that will, and those that did until a short time ago.
        """
        published = []
        for algorithm in ALGORITHMS:
            versions = self._versions("keys", _signing_name(environment, algorithm), algorithm)
            gone = SIGNING.gone([one.made for one in versions], self._now())
            published += [{**self._public_key(one), "use": "sig", "alg": algorithm} for one in versions[gone:]]
        return {"keys": published}

    def sign(self, environment: Environment, algorithm: Algorithm, claims: Mapping[str, Any]) -> str:
        """A token signed for EHRs of the environment."""
        versions = self._versions("keys", _signing_name(environment, algorithm), algorithm)
        key = versions[SIGNING.used([one.made for one in versions], self._now())]
        header = {"alg": algorithm, "kid": key.version, "typ": "JWT"}
        content = ".".join(
            _encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, dict(claims))
        )
        digest = _encoded(hashlib.sha384(content.encode()).digest())
        answer = self._vault.send("POST", f"keys/{key.name}/{key.version}/sign", {"alg": algorithm, "value": digest})
        return f"{content}.{answer['value']}"

    def certificate(self) -> tuple[str, str]:
        """The id and the base64 DER of the newest certificate, for new subscriptions."""
        newest = self._versions("certificates", _NOTIFICATIONS)[-1]
        if newest not in self._certificates:
            answer = self._vault.send("GET", f"certificates/{newest.name}/{newest.version}")
            self._certificates[newest] = str(answer["cer"])
        return newest.version, self._certificates[newest]

    def unwrap(self, certificate_id: str, wrapped: bytes) -> bytes:
        """The symmetric key of one notification: RSA-OAEP with SHA-1, as Graph prescribes. Raises UnwrapError."""
        if not _VERSION.fullmatch(certificate_id):
            raise UnwrapError
        path = f"keys/{_NOTIFICATIONS}/{certificate_id}/unwrapkey"
        try:
            answer = self._vault.send("POST", path, {"alg": "RSA-OAEP", "value": _encoded(wrapped)})
        except VaultRefusedError as refused:
            if refused.status in _NOT_ALLOWED and refused.code != _SWITCHED_OFF:
                # A role is missing: nothing is wrong with the notification, and it must not be dropped.
                raise
            raise UnwrapError from refused
        return _decoded(answer["value"])

    def rotate(self, now: datetime) -> None:
        """Make newer keys and a newer certificate if it is time; switch off those that nothing can refer to."""
        for environment in Environment:
            for algorithm in ALGORITHMS:
                name = _signing_name(environment, algorithm)
                versions = self._read("keys", name)
                if SIGNING.is_old([one.made for one in versions], now):
                    self._make_key(name, algorithm)
                gone = SIGNING.gone([one.made for one in versions], now)
                self._switch_off("keys", versions[:gone])
                self._give_end(versions[gone:], now)
        certificates = self._read("certificates", _NOTIFICATIONS)
        if CERTIFICATES.is_old([one.made for one in certificates], now):
            self._make_certificate()
        self._switch_off("certificates", certificates[: CERTIFICATES.gone([one.made for one in certificates], now)])
        self._lists.clear()

    def _switch_off(self, kind: str, versions: Sequence[_Version]) -> None:
        """A version cannot be deleted on its own; one that is not enabled does nothing and is not published."""
        for one in versions:
            self._vault.send("PATCH", f"{kind}/{one.name}/{one.version}", {"attributes": {"enabled": False}})

    def _give_end(self, versions: Sequence[_Version], now: datetime) -> None:
        """Signing keys of the template or of a person have no end. They get one, counted from now: one may sign yet."""
        end = int((now + _SIGNS_AT_MOST).timestamp())
        for one in versions:
            if not one.has_end:
                self._vault.send("PATCH", f"keys/{one.name}/{one.version}", {"attributes": {"exp": end}})

    def _versions(self, kind: str, name: str, algorithm: str = "") -> Sequence[_Version]:
        """All enabled versions, the oldest first; made if there is none. Those known so far while the vault is away."""
        with self._lock:
            read_at, known = self._lists.get(name, (datetime.min.replace(tzinfo=UTC), ()))
            if known and self._now() - read_at < _LISTED_FOR:
                return known
            try:
                found = self._read(kind, name)
                if not found:
                    self._make(kind, name, algorithm)
                    found = self._read(kind, name)
            except VaultUnavailableError:
                if not known:
                    raise
                found = known
            self._lists[name] = (self._now(), found)
            return found

    def _read(self, kind: str, name: str) -> Sequence[_Version]:
        try:
            items = [one for one in self._vault.listed(f"{kind}/{name}/versions") if one["attributes"]["enabled"]]
        except VaultRefusedError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            items = []
        versions = [
            _Version(
                name,
                str(one.get("kid") or one["id"]).rpartition("/")[2],
                datetime.fromtimestamp(one["attributes"]["created"], UTC),
                one["attributes"].get("exp") is not None,
            )
            for one in items
        ]
        return sorted(versions, key=lambda one: (one.made, one.version))

    def _make(self, kind: str, name: str, algorithm: str) -> None:
        if kind == "certificates":
            self._make_certificate()
        else:
            self._make_key(name, algorithm)

    def _make_key(self, name: str, kind: str) -> None:
        """The data key's own key never ends: what it wrapped would be lost."""
        ends = {} if kind == _DATA else {"attributes": {"exp": int((self._now() + _SIGNS_AT_MOST).timestamp())}}
        self._vault.send("POST", f"keys/{name}/create", {**_NEW_KEYS[kind], **ends})

    def _make_certificate(self) -> None:
        """Begin, and wait until the vault has signed it. Another process may be about it already."""
        try:
            self._vault.send("POST", f"certificates/{_NOTIFICATIONS}/create", _NEW_CERTIFICATE)
        except VaultRefusedError as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
        for _ in range(_MADE_WITHIN_SECONDS):
            pending = self._vault.send("GET", f"certificates/{_NOTIFICATIONS}/pending")
            if pending.get("status") == "completed":
                return
            self._sleep(1)
        raise VaultUnavailableError

    def _public_key(self, key: _Version) -> Mapping[str, Any]:
        if key not in self._public:
            found = self._vault.send("GET", f"keys/{key.name}/{key.version}")["key"]
            kind = str(found["kty"]).removesuffix("-HSM")
            members = {name: found[name] for name in _PUBLIC_MEMBERS[kind]}
            self._public[key] = {"kty": kind, "kid": key.version, **members}
        return self._public[key]

    def _new_data_key(self, key: _Version) -> str:
        fresh = _encoded(secrets.token_bytes(DATA_KEY_BYTES))
        path = f"keys/{_DATA}/{key.version}/wrapkey"
        value = self._vault.send("POST", path, {"alg": _WRAPPED_WITH, "value": fresh})["value"]
        return json.dumps({"version": key.version, "alg": _WRAPPED_WITH, "value": value})


def _fingerprint_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _signing_name(environment: Environment, algorithm: Algorithm) -> str:
    return f"signing-{environment.value}-{algorithm.lower()}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
