"""Opening a change notification: who published it, then its encrypted content.

Graph, "Change notifications that include resource data": validation tokens, then HMAC-SHA-256 before AES-256-CBC.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from shared.jose import (
    CheckedSignatures,
    Expectation,
    KeyNotYetKnownError,
    KeySource,
    KeysUnavailableError,
    TokenRefusedError,
    unverified_claims,
    verify,
)
from shared.keys import Keys, UnwrapError
from shared.settings import Settings

_AES_KEY_BYTES = 32
_IV_BYTES = 16
_ISSUER_V1 = "https://sts.windows.net"


class NotificationRefusedError(Exception):
    """The notification cannot be believed or read; `reason` says why, and holds nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Tenants:
    """For whom the tokens of a batch vouch.

    Whose token cannot be judged yet is `undecided`, with the reason. Nothing else may rest on that: it is only what
    the token says of itself.
    """

    vouched: frozenset[str]
    undecided: Mapping[str, Exception]


class Notifications:
    """Checks and opens change notifications."""

    def __init__(self, keys: Keys, entra_keys: KeySource, settings: Settings) -> None:
        self._keys = keys
        self._entra_keys = entra_keys
        self._settings = settings
        self._authority = str(settings.entra_authority).rstrip("/")
        self._checked = CheckedSignatures()

    def vouched_tenants(self, tokens: tuple[str, ...], received: datetime) -> Tenants:
        """The tenants for which a valid token of Graph's publisher came along, or one that may turn out to be.

        Args:
            tokens: as they came with the notifications.
            received: when that was. A token that has expired since, while the batch waited, was good.
        """
        vouched: set[str] = set()
        undecided: dict[str, Exception] = {}
        for token in tokens:
            try:
                vouched.add(self._tenant(token, received))
            except (KeyNotYetKnownError, KeysUnavailableError) as not_yet:
                # Keys are rotated in the middle of visits: this is tried again, so that nothing is lost.
                undecided[_named_tenant(token)] = not_yet
            except TokenRefusedError:
                continue
        return Tenants(frozenset(vouched), {one: why for one, why in undecided.items() if one not in vouched})

    def open(self, encrypted: Mapping[str, str]) -> Mapping[str, Any]:
        """The resource data of one notification. Raises NotificationRefusedError."""
        try:
            data = base64.b64decode(encrypted["data"], validate=True)
            wrapped = base64.b64decode(encrypted["dataKey"], validate=True)
            signature = base64.b64decode(encrypted["dataSignature"], validate=True)
            key = self._keys.unwrap(encrypted["encryptionCertificateId"], wrapped)
        except (KeyError, ValueError, UnwrapError):
            raise NotificationRefusedError("cannot be unwrapped") from None
        if len(key) != _AES_KEY_BYTES:
            raise NotificationRefusedError("cannot be unwrapped")
        if not hmac.compare_digest(hmac.new(key, data, hashlib.sha256).digest(), signature):
            raise NotificationRefusedError("signature")
        return _decrypted(key, data)

    def _tenant(self, token: str, received: datetime) -> str:
        """The tenant of a validation token. Version 1 and 2 tokens differ in issuer and publisher claim."""
        unverified = unverified_claims(token)
        tenant, version = str(unverified.get("tid", "")), unverified.get("ver")
        if version == "1.0":
            issuer, publisher = f"{_ISSUER_V1}/{tenant}/", "appid"
        elif version == "2.0":
            issuer, publisher = f"{self._authority}/{tenant}/v2.0", "azp"
        else:
            raise TokenRefusedError("ver")
        expected = Expectation(
            issuers={issuer},
            audiences={self._settings.api_client_id},
            algorithms=("RS256",),
            required=("exp", "tid"),
            equal={publisher: self._settings.graph_publisher_app_id},
        )
        return str(verify(token, self._entra_keys, expected, received, self._checked)["tid"]).lower()


def _named_tenant(token: str) -> str:
    """The tenant that a token names, whoever made it."""
    return str(unverified_claims(token).get("tid", "")).lower()


def _decrypted(key: bytes, data: bytes) -> Mapping[str, Any]:
    """AES-256-CBC, PKCS#7, the first 16 bytes of the key as IV: Graph's choice, safe only behind the HMAC."""
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_IV_BYTES])).decryptor()
        padded = decryptor.update(data) + decryptor.finalize()
        unpadder = PKCS7(algorithms.AES.block_size).unpadder()
        value = json.loads(unpadder.update(padded) + unpadder.finalize())
    except (ValueError, RecursionError):
        raise NotificationRefusedError("cannot be decrypted") from None
    if not isinstance(value, dict):
        raise NotificationRefusedError("no object")
    return value
