"""What every test of the visits starts from."""

import pytest

from shared.visits import tries


@pytest.fixture(autouse=True)
def no_pause_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fakes are there at once: who meets a conflict need not wait for real."""
    monkeypatch.setattr(tries, "_LONGEST_PAUSE_SECONDS", 0.0)
