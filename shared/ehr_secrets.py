"""Passwords that an EHR gave us, for EHRs that take no token. An engineer puts them in place; they are no settings.

A name is made from the connection's id, which carries its tenant: nobody can name another's.
"""

from pathlib import Path
from typing import Protocol

from shared.identifiers import ConnectionKey


class SecretsUnavailableError(Exception):
    """Whether there is such a secret cannot be told now."""


class Secrets(Protocol):
    """Where secrets are read from."""

    def read(self, name: str) -> str | None:
        """The secret of that name, or None if there is none. Raises SecretsUnavailableError."""
        ...


class FileSecrets:
    """Secrets in files of one folder, one each. For local work only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> str | None:
        """The file's content, without the line end that an editor leaves."""
        try:
            return (self._folder / name).read_text(encoding="utf-8").rstrip("\r\n") or None
        except (FileNotFoundError, UnicodeDecodeError):
            return None


def secret_name(connection: ConnectionKey) -> str:
    """The name of a connection's one secret."""
    return f"ehr-{connection.connection}"
