"""Secrets in files of one folder, and the certificates among them. For local work only.

`cryptography` is imported where a certificate is first needed: the notification door needs none.
"""

import base64
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_FIRST = "notifications.pem"
_ANY = "notifications*.pem"
_VALID_FOR = timedelta(days=730)
_VALID_BEFORE = timedelta(days=1)
"""How long a certificate is valid before it is made: other clocks may be slow."""


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
    made: datetime
    key: "RSAPrivateKey"


class CertificateFiles:
    """The certificates that notifications are encrypted to. Each file is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Certificate] = {}
        self._by_id: dict[str, Certificate] = {}
        self._lock = threading.Lock()

    def newest(self) -> Certificate:
        """The one for new subscriptions; made if there is none. Another process may have made a newer one."""
        return self._all()[-1][1]

    def by_id(self, certificate_id: str) -> Certificate | None:
        """Any that is kept."""
        if certificate_id not in self._by_id:
            self._all()
        return self._by_id.get(certificate_id)

    def rotate(self, now: datetime, *, oldest: timedelta, kept: timedelta) -> None:
        """Make another when the newest is old, and delete those that were replaced long ago.

        Args:
            now: the present.
            oldest: the age at which the newest is replaced.
            kept: how long one is kept after it was replaced.
        """
        if now - self.newest().made >= oldest:
            name = f"notifications-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.pem"
            kept_file(self._folder, name, lambda: _new_certificate(now))
        for (name, old), (_, successor) in pairwise(self._all()):
            if now - successor.made > kept:
                (self._folder / name).unlink(missing_ok=True)
                self._by_id.pop(old.id, None)

    def _all(self) -> Sequence[tuple[str, Certificate]]:
        """Every certificate with the name of its file, the oldest first."""
        with self._lock:
            names = sorted(path.name for path in self._folder.glob(_ANY)) or [_FIRST]
            for name in names:
                if name not in self._read:
                    pem = kept_file(self._folder, name, lambda: _new_certificate(datetime.now(UTC)))
                    self._read[name] = _certificate(pem)
            self._by_id = {self._read[name].id: self._read[name] for name in names}
            return sorted(((name, self._read[name]) for name in names), key=lambda one: one[1].made)


def _certificate(pem: bytes) -> Certificate:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see the module's first lines
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    certificate, key = load_pem_x509_certificate(pem), load_pem_private_key(pem, None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("Graph encrypts to RSA only")
    return Certificate(
        id=certificate.fingerprint(hashes.SHA256()).hex()[:32],
        encoded=base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
        made=certificate.not_valid_before_utc + _VALID_BEFORE,
        key=key,
    )


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
