"""What the proofs start from: no waiting for real where fakes are at work."""

import logging

import pytest

from shared.visits import tries


@pytest.fixture(autouse=True)
def no_pause_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fakes are there at once: who meets a conflict need not wait for real."""
    monkeypatch.setattr(tries, "_LONGEST_PAUSE_SECONDS", 0.0)


@pytest.fixture
def silence(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of log lines that nobody reads cost more than what is tested."""
    caplog.set_level(logging.CRITICAL, "connector")
