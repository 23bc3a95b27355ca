"""Our public keys, for EHRs. RFC 7517; SMART App Launch 2.2, "Registering a client with a JWKS URL"."""

import json
from typing import Any

import azure.functions as func

from functions.answers import Answer, Plain
from functions.edge import Call, door
from shared.errors import ConnectorError
from shared.identifiers import Environment

blueprint = func.Blueprint()
_KEPT_SECONDS = 300


@door(blueprint, "GET", "keys/{environment}/jwks.json")
def public_keys(call: Call[Any]) -> Answer:
    """The keys that EHRs of one environment check our signatures with."""
    try:
        environment = Environment(call.path.get("environment", ""))
    except ValueError:
        raise ConnectorError("not_found") from None
    body = json.dumps(call.connector.keys.public_keys(environment), separators=(",", ":")).encode()
    headers = {"Cache-Control": f"public, max-age={_KEPT_SECONDS}"}
    return Plain(body, "application/jwk-set+json; charset=utf-8", headers=headers)
