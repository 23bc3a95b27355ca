"""A rich notification with all that its worker needs: certificate, token, Entra's keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from jwcrypto import jwk

from shared.clock import utc_now
from shared.jose import KeySource
from shared.keys import LocalKeys
from shared.microsoft.notifications import Notifications
from shared.wiring import Connector
from tests.bench import notes
from tests.support.connections import TENANT
from tests.support.notifications import encrypted
from tests.support.tokens import public, rsa_key, signed


@dataclass(frozen=True)
class Rich:
    """One rich notification, and who opens it."""

    notifications: Notifications
    certificate: bytes
    signer: jwk.JWK
    tokens: tuple[str, ...]
    encrypted: dict[str, str]
    received: datetime


def rich(parts: Connector) -> Rich:
    """As Graph sends one: one token, one encrypted item."""
    folder = parts.settings.local_key_directory
    if folder is None or not isinstance(parts.keys, LocalKeys):
        raise TypeError
    signer = rsa_key()
    issuer = f"{str(parts.settings.entra_authority).rstrip('/')}/{TENANT.tenant}/v2.0"
    source = KeySource(lambda: public(signer, issuer=issuer), utc_now)
    now = int(utc_now().timestamp())
    claims = {
        "iss": issuer,
        "aud": parts.settings.api_client_id,
        "tid": TENANT.tenant,
        "ver": "2.0",
        "azp": parts.settings.graph_publisher_app_id,
        "iat": now - 10,
        "nbf": now - 10,
        "exp": now + 24 * 3600,
    }
    content = encrypted(parts.keys, notes.call_event())
    return Rich(
        notifications=Notifications(parts.keys, source, parts.settings),
        certificate=(folder / "notifications.pem").read_bytes(),
        signer=signer,
        tokens=(signed(signer, claims),),
        encrypted=content,
        received=datetime.now(UTC),
    )
