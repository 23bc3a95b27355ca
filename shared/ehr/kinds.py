"""The kinds of EHR: each is a module of its own, and this one chooses between them, connection by connection."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from shared.connections.model import Connection, ConnectionSettings, Content
from shared.connections.telling import EhrKind
from shared.ehr.answers import FAILURES, given_up, of_failure
from shared.errors import name_of
from shared.identifiers import ConnectionKey
from shared.telemetry import Event, log
from shared.visits.ports import Abilities, StatusMessage, Told


@dataclass(frozen=True)
class Addressee:
    """Whom to tell: the connection, and what of it is approved."""

    key: ConnectionKey
    content: Content

    @property
    def settings(self) -> ConnectionSettings:
        """The approved settings."""
        return self.content.settings


def event_id(message: StatusMessage) -> str:
    """An id of the transition: the same on every try, 32 hexadecimal digits, none the beginning of another."""
    return hashlib.sha256(message.key.encode()).hexdigest()[:32]


class Kind(Protocol):
    """How one kind of EHR is told of transitions. Both calls may raise `shared.ehr.answers.FAILURES`."""

    def abilities(self, settings: ConnectionSettings) -> Abilities:
        """What an EHR with these settings can be told."""
        ...

    def tell(self, to: Addressee, message: StatusMessage) -> Told:
        """Tell it, once."""
        ...

    def try_out(self, to: Addressee) -> Told:
        """A call that changes nothing in the EHR; delivered if telling would find the EHR ready."""
        ...


class Kinds:
    """The real StatusTeller. A connection whose kind is none of these is told nothing."""

    def __init__(self, connection: Callable[[ConnectionKey], Connection | None], kinds: Mapping[EhrKind, Kind]) -> None:
        self._connection = connection
        self._kinds = kinds

    def abilities(self, connection: ConnectionKey) -> Abilities:
        """What this connection's EHR can be told."""
        chosen = self._chosen(connection)
        return chosen[0].abilities(chosen[1].settings) if chosen else Abilities()

    def tell(self, connection: ConnectionKey, message: StatusMessage) -> Told:
        """Tell it, once; never raises."""
        return self._tried(connection, lambda kind, to: kind.tell(to, message))

    def try_out(self, connection: ConnectionKey) -> Told:
        """A call that changes nothing in the EHR; delivered if telling would find the EHR ready. Never raises."""
        return self._tried(connection, lambda kind, to: kind.try_out(to))

    def _tried(self, key: ConnectionKey, attempt: Callable[[Kind, Addressee], Told]) -> Told:
        chosen = self._chosen(key)
        if chosen is None:
            return given_up("connection is gone")
        try:
            return attempt(*chosen)
        except FAILURES as failed:
            return of_failure(failed)
        except Exception as failed:  # noqa: BLE001 - trouble of our own (the vault, a fault) is tried again, and ends
            log(Event.REQUEST_FAILED, level=logging.ERROR, connection=key.connection, error_type=name_of(failed))
            return Told(delivered=False, retry=True, reason=name_of(failed))

    def _chosen(self, key: ConnectionKey) -> tuple[Kind, Addressee] | None:
        connection = self._connection(key)
        content = connection.approved if connection else None
        kind = self._kinds.get(content.ehr_kind) if content else None
        return (kind, Addressee(key, content)) if content and kind else None
