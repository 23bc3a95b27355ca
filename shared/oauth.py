"""The authorisation code flow's small change: PKCE (RFC 7636), state and nonce."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

SigningAlgorithm = Literal["auto", "ES384", "RS384"]
"""What we sign with when we prove who we are: what the server names, or one that was chosen for it."""


@dataclass(frozen=True)
class Proof:
    """What we make up for one sign-in and demand back: state, nonce and PKCE verifier, 256 random bits each."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        """The S256 code challenge (RFC 7636 section 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_proof() -> Proof:
    """A fresh proof for one sign-in."""
    return Proof(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32))
