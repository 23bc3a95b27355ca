"""The same four operations with nothing around them: RS256 check, RSA unwrap, HMAC, AES; keys loaded beforehand."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.bench.inside.rich import Rich
from tests.support.tokens import decoded


def bare_cryptography(worker: Rich) -> Callable[[], object]:
    """One notification's worth of `cryptography`."""
    token = worker.tokens[0]
    content, _, signature = token.rpartition(".")
    signed, mark = content.encode(), decoded(signature)
    public = load_pem_public_key(worker.signer.export_to_pem())
    private = load_pem_private_key(worker.certificate, None)
    if not isinstance(public, rsa.RSAPublicKey) or not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError
    wrapped, data, proof = (base64.b64decode(worker.encrypted[name]) for name in ("dataKey", "data", "dataSignature"))
    oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice

    def once() -> bytes:
        public.verify(mark, signed, padding.PKCS1v15(), SHA256())
        key = private.decrypt(wrapped, oaep)
        if not hmac.compare_digest(hmac.new(key, data, hashlib.sha256).digest(), proof):
            raise ValueError("signature")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        return decryptor.update(data) + decryptor.finalize()

    return once
