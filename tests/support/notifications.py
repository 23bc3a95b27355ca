"""Graph's side of a rich notification: encrypting resource data, signing validation tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import load_der_x509_certificate
from jwcrypto import jwk

from shared.keys import LocalKeys
from tests.support.fakes import START
from tests.support.tokens import API, AUTHORITY, PUBLISHER, rsa_key, signed

NOW = int(START.timestamp())


def encrypted(
    keys: LocalKeys, resource: object, *, key: bytes | None = None, raw: bytes | None = None
) -> dict[str, str]:
    """The encrypted content of one item, as Graph makes it; `raw` in place of JSON."""
    name, certificate = keys.certificate()
    public = load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError
    key = key or secrets.token_bytes(32)
    padder = PKCS7(128).padder()
    plain = json.dumps(resource).encode() if raw is None else raw
    padded = padder.update(plain) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    data = encryptor.update(padded) + encryptor.finalize()
    oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice
    return {
        "data": base64.b64encode(data).decode(),
        "dataKey": base64.b64encode(public.encrypt(key, oaep)).decode(),
        "dataSignature": base64.b64encode(hmac.new(key, data, hashlib.sha256).digest()).decode(),
        "encryptionCertificateId": name,
    }


def token_claims(tenant: str, version: str = "2.0", **changes: Any) -> Mapping[str, Any]:
    """What a validation token says; a claim given as None is left out."""
    publisher = "appid" if version == "1.0" else "azp"
    issuer = f"https://sts.windows.net/{tenant}/" if version == "1.0" else f"{AUTHORITY}/{tenant}/v2.0"
    claims = {
        "iss": issuer,
        "aud": API,
        "tid": tenant,
        "ver": version,
        publisher: PUBLISHER,
        "iat": NOW - 10,
        "nbf": NOW - 10,
        "exp": NOW + 3600,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def validation_token(tenant: str, version: str = "2.0", *, key: jwk.JWK | None = None, **changes: Any) -> str:
    """A validation token."""
    return signed(key or rsa_key(), token_claims(tenant, version, **changes))
