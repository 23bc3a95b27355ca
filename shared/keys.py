"""The stamp's keys: signing keys for EHRs, the certificate for notifications, the data key.

Signing: ES384 and RS384, both required of clients by SMART App Launch 2.2 (client-confidential-asymmetric).
Certificate: RSA of 2048 bits or more (Graph, "change notifications with resource data").
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from shared.clock import Clock, utc_now
from shared.identifiers import Environment
from shared.jose import sign
from shared.key_files import Made, certificate_files, kept_file, signing_files
from shared.rotation import CERTIFICATES, SIGNING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from jwcrypto import jwk

Algorithm = Literal["ES384", "RS384"]
ALGORITHMS: tuple[Algorithm, ...] = ("ES384", "RS384")
DATA_KEY_BYTES = 32
_KINDS: Mapping[Algorithm, Mapping[str, Any]] = {
    "ES384": {"kty": "EC", "crv": "P-384"},
    "RS384": {"kty": "RSA", "size": 3072},
}


class UnwrapError(Exception):
    """A wrapped key was not made for this certificate, or the certificate is not ours."""


class Keys(Protocol):
    """What the stamp's keys can do. Private keys stay inside."""

    @property
    def data_key(self) -> bytes:
        """The geography's data key, 32 bytes."""
        ...

    def public_keys(self, environment: Environment) -> Mapping[str, Any]:
        """The JWK set that EHRs of the environment check our signatures with (RFC 7517).

        With the key that signs: those that will, and those that did until a short time ago.
        """
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

    def rotate(self, now: datetime) -> None:
        """Make newer keys and a newer certificate if it is time; let go of those that nothing can refer to."""
        ...


class LocalKeys:
    """Keys in files of one folder, made on first use. For local work only."""

    def __init__(self, folder: Path, now: Clock = utc_now) -> None:
        self._folder = folder
        self._now = now
        self._certificates = certificate_files(folder)
        self._opening: dict[str, RSAPrivateKey] = {}
        self._signing = {
            (environment, algorithm): signing_files(
                folder, f"signing-{environment.value}-{algorithm.lower()}", _KINDS[algorithm]
            )
            for environment in Environment
            for algorithm in ALGORITHMS
        }

    @cached_property
    def data_key(self) -> bytes:
        """The geography's data key, 32 bytes."""
        return kept_file(self._folder, "data.key", lambda: secrets.token_bytes(DATA_KEY_BYTES))

    def public_keys(self, environment: Environment) -> Mapping[str, Any]:
        """The JWK set that EHRs of the environment check our signatures with (RFC 7517)."""
        keys = []
        for algorithm in ALGORITHMS:
            versions = self._versions(environment, algorithm)
            for one in versions[SIGNING.gone([one.made for one in versions], self._now()) :]:
                public = json.loads(one.value.export_public())
                keys.append({**public, "use": "sig", "alg": algorithm})
        return {"keys": keys}

    def sign(self, environment: Environment, algorithm: Algorithm, claims: Mapping[str, Any]) -> str:
        """A token signed for EHRs of the environment."""
        # The EHR that gets this may fetch all keys before it answers, and waits a few seconds: they are made by now.
        versions = {each: self._versions(environment, each) for each in ALGORITHMS}[algorithm]
        key = versions[SIGNING.used([one.made for one in versions], self._now())]
        return sign(key.value, algorithm, claims)

    def certificate(self) -> tuple[str, str]:
        """The id and the base64 DER of the newest certificate, for new subscriptions."""
        newest = self._certificates.all(self._now)[-1].value
        return newest.id, newest.encoded

    def unwrap(self, certificate_id: str, wrapped: bytes) -> bytes:
        """The symmetric key of one notification: RSA-OAEP with SHA-1, as Graph prescribes. Raises UnwrapError."""
        if certificate_id not in self._opening:
            self._opening = {one.value.id: one.value.key for one in self._certificates.all(self._now)}
        try:
            return self._opening[certificate_id].decrypt(wrapped, _oaep())
        except (KeyError, ValueError) as wrong:
            raise UnwrapError from wrong

    def rotate(self, now: datetime) -> None:
        """Make newer keys and a newer certificate if it is time; delete those that nothing can refer to."""
        for files in self._signing.values():
            files.rotate(now, SIGNING)
        self._certificates.rotate(now, CERTIFICATES)
        self._opening = {}

    def _versions(self, environment: Environment, algorithm: Algorithm) -> "Sequence[Made[jwk.JWK]]":
        return self._signing[environment, algorithm].all(self._now)


@cache
def _oaep() -> "OAEP":
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415

    return OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice
