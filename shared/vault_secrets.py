"""Passwords that EHRs gave us, in Azure Key Vault: an engineer puts them there, and the connector only reads them."""

import threading
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.ehr_secrets import SecretsUnavailableError
from shared.vault import Vault, VaultRefusedError, VaultUnavailableError

_KEPT_FOR = timedelta(minutes=1)
_NOT_FOUND = 404


class VaultSecrets:
    """Secrets of one vault, each asked for at most once a minute."""

    def __init__(self, vault: Vault, now: Clock) -> None:
        self._vault = vault
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, str | None]] = {}

    def read(self, name: str) -> str | None:
        """The newest version of the secret, or None if there is none. Raises SecretsUnavailableError."""
        with self._lock:
            kept = self._kept.get(name)
        if kept and self._now() - kept[0] < _KEPT_FOR:
            return kept[1]
        found = self._asked(name)
        with self._lock:
            self._kept[name] = (self._now(), found)
        return found

    def _asked(self, name: str) -> str | None:
        try:
            value = self._vault.send("GET", f"secrets/{name}").get("value")
        except VaultUnavailableError as failed:
            raise SecretsUnavailableError from failed
        except VaultRefusedError as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise SecretsUnavailableError from refused
        return value if isinstance(value, str) and value else None
