"""Keys of made-up issuers, tokens of every kind of wrongness, and settings for tests that need no process."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jwcrypto import jwk, jws

from shared.settings import Settings

API = "cccccccc-0000-4000-8000-00000000a911"
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
AUTHORITY = "https://login.example"


@cache
def rsa_key(kid: str = "one") -> jwk.JWK:
    """An RSA key, the same for the whole run."""
    return jwk.JWK.generate(kty="RSA", size=2048, kid=kid)


def public(*keys: jwk.JWK, **more: str) -> dict[str, Any]:
    """A key set; `more` goes into every key."""
    return {"keys": [{**json.loads(key.export_public()), **more} for key in keys]}


def signed(key: jwk.JWK, claims: Mapping[str, Any], alg: str = "RS256", **header: Any) -> str:
    """A compact token. Any claim may be of any kind: nothing is checked here."""
    token = jws.JWS(json.dumps(claims))
    token.allowed_algs = [alg]
    token.add_signature(key, None, json.dumps({"alg": alg, "kid": key.get("kid"), **header}))
    return str(token.serialize(compact=True))


def encoded(value: bytes | str) -> str:
    """Base64url without padding."""
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What base64url without padding stands for."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def settings(**changes: Any) -> Settings:
    """Settings of a connector that nobody runs."""
    values: dict[str, Any] = {
        "geography": "emea",
        "public_base_url": "https://connector.example",
        "portal_base_url": "https://portal.example",
        "storage_connection": "UseDevelopmentStorage=true",
        "entra_authority": AUTHORITY,
        "graph_base_url": "https://graph.example/v1.0",
        "graph_beta_base_url": "https://graph.example/beta",
        "graph_publisher_app_id": PUBLISHER,
        "api_client_id": API,
        "managed_identity_client_id": "cccccccc-0000-4000-8000-0000000001d0",
        "ehr_client_id_test": "client-test",
        "ehr_client_id_production": "client-production",
    }
    return Settings.model_validate(values | changes)
