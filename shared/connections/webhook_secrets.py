"""What events to a webhook are signed with: derived, so that no secret is stored anywhere.

Standard Webhooks, "Signature scheme": a symmetric secret has 24 to 64 bytes, and is shown as base64 after `whsec_`.
"""

import base64
from dataclasses import dataclass

from shared.identifiers import ConnectionKey
from shared.sealing import Sealer

_PURPOSE = "webhook secret"


@dataclass(frozen=True)
class WebhookSecrets:
    """Secrets of all connections of a geography: one for each connection and version."""

    sealer: Sealer

    def key(self, connection: ConnectionKey, version: int) -> bytes:
        """The secret itself, 32 bytes."""
        return self.sealer.keyed_bytes(_PURPOSE, connection.tenant.tenant, connection.connection, str(version))

    def shown(self, connection: ConnectionKey, version: int) -> str:
        """The secret as a receiver is given it."""
        return f"whsec_{base64.b64encode(self.key(connection, version)).decode()}"
