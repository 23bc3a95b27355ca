"""Secrets in files of one folder, and keys among them that have several versions. For local work only.

`cryptography` and `jwcrypto` are imported where a key is first needed: the notification door needs none.
"""

import base64
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from shared.clock import Clock
from shared.rotation import Overlap

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from jwcrypto import jwk

_VALID_FOR = timedelta(days=730)
_VALID_BEFORE = timedelta(days=1)
"""How long a certificate is valid before it is made: other clocks may be slow."""
_ALWAYS_THERE = "1970-01-01T00:00:00+00:00"

T = TypeVar("T")


def kept_file(folder: Path, name: str, make: Callable[[], bytes]) -> bytes:
    """The file's content; made if it is not there, by one process only."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{name}.{secrets.token_hex(4)}"
        fresh.write_bytes(make())
        fresh.chmod(0o600)
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


@dataclass(frozen=True)
class Certificate:
    """A certificate with its private key. `encoded` is its DER in base64, as Graph takes it."""

    id: str
    encoded: str
    key: "RSAPrivateKey"


@dataclass(frozen=True)
class Made(Generic[T]):
    """One version of a key: the name of its file, when it was made, and what it holds."""

    file: str
    made: datetime
    value: T


class KeyFiles(Generic[T]):
    """All versions of one key, a file each. Another process may make or delete some. Each file is read once."""

    def __init__(
        self, folder: Path, name: str, make: Callable[[datetime], bytes], read: Callable[[bytes], tuple[datetime, T]]
    ) -> None:
        """`name` is that of the first version's file; `read` gives when a version was made, and the key."""
        self._folder = folder
        self._first = Path(name)
        self._make = make
        self._read = read
        self._known: dict[str, Made[T]] = {}
        self._lock = threading.Lock()

    def all(self, now: Clock) -> Sequence[Made[T]]:
        """Every version, the oldest first; made if there is none."""
        pattern = f"{self._first.stem}*{self._first.suffix}"
        with self._lock:
            names = sorted(path.name for path in self._folder.glob(pattern)) or [self._first.name]
            for name in names:
                if name not in self._known:
                    content = kept_file(self._folder, name, lambda: self._make(now()))
                    self._known[name] = Made(name, *self._read(content))
            return sorted((self._known[name] for name in names), key=lambda one: one.made)

    def rotate(self, now: datetime, overlap: Overlap) -> None:
        """Make another when the newest is old, and delete those that nothing can refer to any more."""
        versions = self.all(lambda: now)
        made = [one.made for one in versions]
        if overlap.is_old(made, now):
            name = f"{self._first.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{self._first.suffix}"
            kept_file(self._folder, name, lambda: self._make(now))
        for one in versions[: overlap.gone(made, now)]:
            (self._folder / one.file).unlink(missing_ok=True)


def certificate_files(folder: Path) -> KeyFiles[Certificate]:
    """The certificates that notifications are encrypted to."""
    return KeyFiles(folder, "notifications.pem", _new_certificate, _certificate)


def signing_files(folder: Path, name: str, kind: Mapping[str, Any]) -> KeyFiles["jwk.JWK"]:
    """The versions of one signing key, of a kind as jwcrypto makes it."""
    return KeyFiles(folder, f"{name}.json", lambda now: _new_signing_key(kind, now), _signing_key)


def _certificate(pem: bytes) -> tuple[datetime, Certificate]:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see the module's first lines
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    certificate, key = load_pem_x509_certificate(pem), load_pem_private_key(pem, None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("Graph encrypts to RSA only")
    encoded = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    made = certificate.not_valid_before_utc + _VALID_BEFORE
    return made, Certificate(certificate.fingerprint(hashes.SHA256()).hex()[:32], encoded, key)


def _new_certificate(now: datetime) -> bytes:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EHR connector notifications")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALID_BEFORE)
        .not_valid_after(now + _VALID_FOR)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _signing_key(content: bytes) -> tuple[datetime, "jwk.JWK"]:
    from jwcrypto import jwk  # noqa: PLC0415

    members = json.loads(content)
    made = datetime.fromisoformat(members.pop("made", _ALWAYS_THERE))
    return made, jwk.JWK(**members)


def _new_signing_key(kind: Mapping[str, Any], now: datetime) -> bytes:
    from jwcrypto import jwk  # noqa: PLC0415

    key = jwk.JWK.generate(**kind, kid=secrets.token_hex(16))
    return json.dumps({**json.loads(key.export()), "made": now.isoformat()}).encode()
