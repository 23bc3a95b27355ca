"""The stamp's keys: signing keys for EHRs, the certificate for notifications, the data key.

Signing: ES384 and RS384, both required of clients by SMART App Launch 2.2 (client-confidential-asymmetric).
Certificate: RSA of 2048 bits or more (Graph, "change notifications with resource data").
"""

import base64
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from shared.identifiers import Environment
from shared.jose import sign

if TYPE_CHECKING:
    from jwcrypto import jwk

Algorithm = Literal["ES384", "RS384"]
ALGORITHMS: tuple[Algorithm, ...] = ("ES384", "RS384")
_KINDS: Mapping[Algorithm, Mapping[str, Any]] = {
    "ES384": {"kty": "EC", "crv": "P-384"},
    "RS384": {"kty": "RSA", "size": 3072},
}
_DATA_KEY_BYTES = 32
_CERTIFICATE_YEARS = 2


class UnwrapError(Exception):
    """A wrapped key was not made for this certificate, or the certificate is not ours."""


class Keys(Protocol):
    """What the stamp's keys can do. Private keys stay inside."""

    @property
    def data_key(self) -> bytes:
        """The geography's data key, 32 bytes."""
        ...

    def public_keys(self, environment: Environment) -> Mapping[str, Any]:
        """The JWK set that EHRs of the environment check our signatures with (RFC 7517)."""
        ...

    def sign(self, environment: Environment, algorithm: Algorithm, claims: Mapping[str, Any]) -> str:
        """A token signed for EHRs of the environment."""
        ...

    def certificate(self) -> tuple[str, str]:
        """The id and the base64 DER of the certificate that notifications are encrypted to."""
        ...

    def unwrap(self, certificate_id: str, wrapped: bytes) -> bytes:
        """The symmetric key of one notification: RSA-OAEP with SHA-1, as Graph prescribes. Raises UnwrapError."""
        ...


class LocalKeys:
    """Keys in files of one folder, made on first use. For local work only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._signing: dict[tuple[Environment, Algorithm], jwk.JWK] = {}
        self._lock = threading.Lock()

    @cached_property
    def data_key(self) -> bytes:
        """The geography's data key, 32 bytes."""
        return self._file("data.key", lambda: secrets.token_bytes(_DATA_KEY_BYTES))

    def public_keys(self, environment: Environment) -> Mapping[str, Any]:
        """The JWK set that EHRs of the environment check our signatures with (RFC 7517)."""
        keys = []
        for algorithm in ALGORITHMS:
            public = json.loads(self._signing_key(environment, algorithm).export_public())
            keys.append({**public, "use": "sig", "alg": algorithm})
        return {"keys": keys}

    def sign(self, environment: Environment, algorithm: Algorithm, claims: Mapping[str, Any]) -> str:
        """A token signed for EHRs of the environment."""
        return sign(self._signing_key(environment, algorithm), algorithm, claims)

    def certificate(self) -> tuple[str, str]:
        """The id and the base64 DER of the certificate that notifications are encrypted to."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

        certificate = load_pem_x509_certificate(self._notification_pem)
        der = certificate.public_bytes(Encoding.DER)
        return certificate.fingerprint(hashes.SHA256()).hex()[:32], base64.b64encode(der).decode()

    def unwrap(self, certificate_id: str, wrapped: bytes) -> bytes:
        """The symmetric key of one notification: RSA-OAEP with SHA-1, as Graph prescribes. Raises UnwrapError."""
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

        if certificate_id != self.certificate()[0]:
            raise UnwrapError
        key = load_pem_private_key(self._notification_pem, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise UnwrapError
        oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice
        try:
            return key.decrypt(wrapped, oaep)
        except ValueError as wrong:
            raise UnwrapError from wrong

    @cached_property
    def _notification_pem(self) -> bytes:
        return self._file("notifications.pem", _new_certificate)

    def _signing_key(self, environment: Environment, algorithm: Algorithm) -> "jwk.JWK":
        from jwcrypto import jwk  # noqa: PLC0415 - not on the notification path

        with self._lock:
            if (environment, algorithm) not in self._signing:
                name = f"signing-{environment.value}-{algorithm.lower()}.json"
                text = self._file(name, lambda: _new_signing_key(algorithm)).decode()
                self._signing[environment, algorithm] = jwk.JWK.from_json(text)
            return self._signing[environment, algorithm]

    def _file(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The file's content; made if it is not there, by one process only."""
        path = self._folder / name
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f".{name}.{secrets.token_hex(4)}"
            fresh.write_bytes(make())
            fresh.chmod(0o600)
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_bytes()


def _new_signing_key(algorithm: Algorithm) -> bytes:
    from jwcrypto import jwk  # noqa: PLC0415

    key = jwk.JWK.generate(**_KINDS[algorithm], kid=secrets.token_hex(8))
    return str(key.export()).encode()


def _new_certificate() -> bytes:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EHR connector notifications")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _CERTIFICATE_YEARS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
