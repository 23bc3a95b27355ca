"""The pretend Microsoft as a process of its own, and a receiver for what it sends."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.microsoft.stand_in import (
    CONNECTOR,
    Browser,
    Certificate,
    Json,
    Microsoft,
    Receiver,
    subscription_body,
)
from tests.support.processes import node_stand_in


@pytest.fixture(scope="session")
def running() -> Iterator[Microsoft]:
    """One process for all tests."""
    environment = {"CONNECTOR_URL": CONNECTOR, "PORTAL_URL": "http://localhost:7070", "MICROSOFT_URL": ""}
    with node_stand_in("microsoft", environment=environment) as process:
        microsoft = Microsoft(process.url)
        with microsoft.http:
            yield microsoft


@pytest.fixture
def microsoft(running: Microsoft) -> Microsoft:
    """The stand-in, put back to its start."""
    running.control("reset")
    return running


@pytest.fixture
def browser(microsoft: Microsoft) -> Iterator[Browser]:
    """A browser without any cookie."""
    with Browser(microsoft) as fresh:
        yield fresh


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A notification URL of this test's own."""
    fresh = Receiver()
    yield fresh
    fresh.close()


@pytest.fixture(scope="session")
def certificate() -> Certificate:
    """A subscriber's certificate."""
    return Certificate()


@pytest.fixture
def meeting(microsoft: Microsoft) -> Json:
    """A meeting of clinician one."""
    return microsoft.create_or_get()


@pytest.fixture
def subscribe(microsoft: Microsoft, meeting: Json, receiver: Receiver, certificate: Certificate) -> Callable[..., Json]:
    """Subscribes to the meeting's call events."""

    def make(**more: object) -> Json:
        body = subscription_body(meeting, receiver, certificate, **more)
        answer = microsoft.graph("POST", "/subscriptions", body, version="beta")
        assert answer.status_code == 201, answer.text
        subscription: Json = answer.json()
        return subscription

    return make
