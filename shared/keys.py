"""The stamp's keys: signing keys for EHRs, the certificate for notifications, the data key.

Signing: ES384 and RS384, both required of clients by SMART App Launch 2.2 (client-confidential-asymmetric).
Certificate: RSA of 2048 bits or more (Graph, "change notifications with resource data").
"""

import json
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from shared.identifiers import Environment
from shared.jose import sign
from shared.key_files import CertificateFiles, kept_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP
    from jwcrypto import jwk

Algorithm = Literal["ES384", "RS384"]
ALGORITHMS: tuple[Algorithm, ...] = ("ES384", "RS384")
_KINDS: Mapping[Algorithm, Mapping[str, Any]] = {
    "ES384": {"kty": "EC", "crv": "P-384"},
    "RS384": {"kty": "RSA", "size": 3072},
}
_DATA_KEY_BYTES = 32
CERTIFICATE_AGE = timedelta(days=90)
"""When a certificate is replaced. New subscriptions take the new one; the others end with theirs."""
CERTIFICATE_KEPT = (
    timedelta(hours=72)  # the longest visit, whose subscription is prolonged with the certificate it began with
    + timedelta(minutes=4230)  # the longest subscription, which may outlive its visit
    + timedelta(hours=4)  # Graph sends for so long what we did not take
    + timedelta(days=7)  # a queue message's life
    + timedelta(hours=76)  # what could not be worked through is tried for so long
    + timedelta(days=30)  # and then kept, to be brought back by hand
    + timedelta(days=7)  # into the queue
)
"""How long a certificate is kept after it was replaced: until nothing can refer to it any more."""


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
        """The id and the base64 DER of the newest certificate, for new subscriptions."""
        ...

    def unwrap(self, certificate_id: str, wrapped: bytes) -> bytes:
        """The symmetric key of one notification, wrapped for any certificate that is kept.

        RSA-OAEP with SHA-1, as Graph prescribes. Raises UnwrapError.
        """
        ...

    def rotate_certificate(self, now: datetime) -> None:
        """Make a newer certificate if it is time, and delete those that nothing can refer to any more."""
        ...


class LocalKeys:
    """Keys in files of one folder, made on first use. For local work only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._certificates = CertificateFiles(folder)
        self._signing: dict[tuple[Environment, Algorithm], jwk.JWK] = {}
        self._lock = threading.Lock()

    @cached_property
    def data_key(self) -> bytes:
        """The geography's data key, 32 bytes."""
        return kept_file(self._folder, "data.key", lambda: secrets.token_bytes(_DATA_KEY_BYTES))

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
        """The id and the base64 DER of the newest certificate, for new subscriptions."""
        newest = self._certificates.newest()
        return newest.id, newest.encoded

    def unwrap(self, certificate_id: str, wrapped: bytes) -> bytes:
        """The symmetric key of one notification: RSA-OAEP with SHA-1, as Graph prescribes. Raises UnwrapError."""
        certificate = self._certificates.by_id(certificate_id)
        if certificate is None:
            raise UnwrapError
        try:
            return certificate.key.decrypt(wrapped, _oaep())
        except ValueError as wrong:
            raise UnwrapError from wrong

    def rotate_certificate(self, now: datetime) -> None:
        """Make a newer certificate if it is time, and delete those that nothing can refer to any more."""
        self._certificates.rotate(now, oldest=CERTIFICATE_AGE, kept=CERTIFICATE_KEPT)

    def _signing_key(self, environment: Environment, algorithm: Algorithm) -> "jwk.JWK":
        from jwcrypto import jwk  # noqa: PLC0415 - not on the notification path

        with self._lock:
            if (environment, algorithm) not in self._signing:
                name = f"signing-{environment.value}-{algorithm.lower()}.json"
                text = kept_file(self._folder, name, lambda: _new_signing_key(algorithm)).decode()
                self._signing[environment, algorithm] = jwk.JWK.from_json(text)
            return self._signing[environment, algorithm]


def _new_signing_key(algorithm: Algorithm) -> bytes:
    from jwcrypto import jwk  # noqa: PLC0415

    key = jwk.JWK.generate(**_KINDS[algorithm], kid=secrets.token_hex(8))
    return str(key.export()).encode()


@cache
def _oaep() -> "OAEP":
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415

    return OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice
