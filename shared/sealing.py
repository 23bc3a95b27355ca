"""The geography's data key at work: sealing what must stay secret, and keyed hashes of what must stay unknown.

AES-256-GCM (NIST SP 800-38D) with a key of its own for each purpose (HKDF, RFC 5869).
"""

import base64
import binascii
import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_HASH_HEX = 32


class SealBrokenError(Exception):
    """What was handed in was not sealed by this key for this purpose, or was changed since."""


class Sealer:
    """Seals and opens with one data key of 32 bytes.

    A purpose ("launch", "visit ticket", "session id" …) is bound in: what was sealed for one purpose
    cannot be opened for another.
    """

    def __init__(self, data_key: bytes) -> None:
        self._derive = lru_cache(maxsize=64)(lambda purpose: _derived(data_key, purpose))
        self._cipher = lru_cache(maxsize=64)(lambda purpose: AESGCM(self._derive(purpose)))

    def seal(self, purpose: str, plain: str) -> str:
        """The text, encrypted, as base64url without padding."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher(purpose).encrypt(nonce, plain.encode(), purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def seal_the_same(self, purpose: str, plain: str) -> str:
        """As seal, but the same text gives the same result (a synthetic nonce, as in RFC 8452's idea).

        For storage, where a value that did not change must not look changed. It shows whether two values of
        one purpose are equal, so a purpose used with it names its row.
        """
        nonce = hmac.digest(self._derive(f"{purpose} nonce"), plain.encode(), "sha256")[:_NONCE_BYTES]
        sealed = self._cipher(purpose).encrypt(nonce, plain.encode(), purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, purpose: str, sealed: str) -> str:
        """The text that was sealed. Raises SealBrokenError, whatever the reason."""
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
            return self._cipher(purpose).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode()).decode()
        except (binascii.Error, ValueError, InvalidTag) as broken:
            raise SealBrokenError from broken

    def keyed_hash(self, purpose: str, *parts: str) -> str:
        """HMAC-SHA-256 of the parts, cut to 128 bits, as 32 lower-case hexadecimal digits."""
        return self.keyed_bytes(purpose, *parts).hex()[:_HASH_HEX]

    def keyed_bytes(self, purpose: str, *parts: str) -> bytes:
        """HMAC-SHA-256 of the parts, 32 bytes: a secret of that purpose that need not be stored."""
        # JSON from outside can hold halves of surrogate pairs, and they too must give a hash.
        encoded = [part.encode(errors="surrogatepass") for part in parts]
        message = b"".join([len(part).to_bytes(4, "big") + part for part in encoded])
        return hmac.digest(self._derive(purpose), message, "sha256")

    def is_keyed_hash(self, candidate: str, purpose: str, *parts: str) -> bool:
        """Whether the candidate is the keyed hash of the parts; takes the same time either way."""
        return hmac.compare_digest(candidate.encode(errors="replace"), self.keyed_hash(purpose, *parts).encode())


def _derived(data_key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(data_key)
