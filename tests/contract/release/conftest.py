"""The stand-in, served."""

from collections.abc import Iterator

import pytest

from tests.contract.release.stand_in import World, running


@pytest.fixture
def world() -> Iterator[World]:
    """An app in Azure, as far as a release sees it."""
    with running(World()) as found:
        yield found
