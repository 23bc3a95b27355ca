"""Tokens of the managed identity: as App Service gives them, and kept while they are good."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from shared.identity import IdentityUnavailableError, ManagedIdentity
from tests.support.fakes import Clock

PLACE = {"IDENTITY_ENDPOINT": "http://localhost:4141/msi/token", "IDENTITY_HEADER": "secret of the instance"}
CLIENT = "cccccccc-0000-4000-8000-0000000001d0"


class Endpoint:
    """What the platform offers each instance."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[httpx.Request] = []
        self.says: httpx.Response | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        expires = int(self.clock().timestamp()) + 3600
        body = {"access_token": f"token {len(self.asked)}", "expires_on": str(expires), "token_type": "Bearer"}
        return self.says or httpx.Response(200, json=body)


def made(place: Mapping[str, str] = PLACE) -> tuple[ManagedIdentity, Endpoint]:
    clock = Clock()
    endpoint = Endpoint(clock)
    http = httpx.Client(transport=httpx.MockTransport(endpoint))
    return ManagedIdentity(http, CLIENT, clock, place), endpoint


def test_it_asks_as_the_platform_wants_to_be_asked() -> None:
    identity, endpoint = made()
    assert identity.token("https://storage.azure.com") == "token 1"
    (request,) = endpoint.asked
    assert dict(request.url.params) == {
        "api-version": "2019-08-01",
        "resource": "https://storage.azure.com",
        "client_id": CLIENT,
    }
    assert request.headers["X-IDENTITY-HEADER"] == "secret of the instance"


def test_a_token_is_kept_for_each_resource_until_shortly_before_its_end() -> None:
    identity, endpoint = made()
    assert [identity.token(one) for one in ("a", "b", "a", "b")] == ["token 1", "token 2", "token 1", "token 2"]
    endpoint.clock.forward(minutes=55)
    assert identity.token("a") == "token 1"
    endpoint.clock.forward(seconds=1)
    assert identity.token("a") == "token 3"


def test_libraries_of_azure_get_the_same_token() -> None:
    identity, endpoint = made()
    got = identity.get_token("https://storage.azure.com/.default", enable_cae=True)
    assert got.token == identity.token("https://storage.azure.com")
    assert got.expires_on == int(endpoint.clock().timestamp()) + 3600


@pytest.mark.parametrize(
    "says",
    [
        httpx.Response(400, json={"statusCode": 400, "message": "No such identity found"}),
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"access_token": "x"}),
        httpx.Response(200, json={"access_token": "x", "expires_on": "tomorrow"}),
        httpx.Response(200, json={"expires_on": "1"}),
    ],
)
def test_without_a_token_it_is_unavailable_and_asked_again(says: httpx.Response) -> None:
    identity, endpoint = made()
    endpoint.says = says
    with pytest.raises(IdentityUnavailableError):
        identity.token("a")
    endpoint.says = None
    assert identity.token("a") == "token 2"


@pytest.mark.parametrize("missing", PLACE)
def test_where_there_is_no_identity_nobody_is_asked(missing: str) -> None:
    place: dict[str, Any] = {name: value for name, value in PLACE.items() if name != missing}
    identity, endpoint = made(place)
    with pytest.raises(IdentityUnavailableError, match="not set"):
        identity.token("a")
    assert endpoint.asked == []
