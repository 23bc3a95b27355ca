"""Whatever goes wrong while an EHR is told comes back as an outcome: so it is tried again, and ends one day."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.connections.model import Connection, ConnectionState
from shared.connections.telling import EhrKind
from shared.ehr.kinds import Kinds
from shared.vault import VaultRefusedError, VaultUnavailableError
from shared.visits.ports import Abilities, Told
from tests.support.connections import KEY, content

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Broken:
    """A kind of EHR that cannot be told."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def abilities(self, settings: Any) -> Abilities:
        """None."""
        return Abilities()

    def tell(self, *_: Any) -> Told:
        """Fails."""
        raise self._failure

    try_out = tell


def kinds(failure: Exception) -> Kinds:
    approved = content()
    connection = Connection(KEY, approved, ConnectionState.APPROVED, NOW, approved=approved)
    return Kinds(lambda _: connection, {EhrKind.EPIC: Broken(failure)})


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (VaultUnavailableError(5.0), "shared.vault.VaultUnavailableError"),
        (VaultRefusedError(403, "Markername"), "shared.vault.VaultRefusedError"),
        (KeyError("Markername"), "builtins.KeyError"),
    ],
)
def test_trouble_of_our_own_is_tried_again_and_is_not_the_ehrs(
    failure: Exception, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broken = kinds(failure)
    message: Any = object()
    for told in (broken.tell(KEY, message), broken.try_out(KEY)):
        assert told == Told(delivered=False, retry=True, reason=reason)
        assert not told.down
    assert KEY.connection in caplog.text
    assert reason in caplog.text
    assert "Markername" not in caplog.text
