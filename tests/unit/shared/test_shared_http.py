"""Calls out: where the guard lets a connection go, and how much and how long is read."""

import gzip
import itertools
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shared import http
from shared.http import AnswerTooLargeError, ForbiddenAddressError, guarded_client, is_public, json_object, read

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address that must not be called
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2001:db8::1",
    "2001::1",
    "100::1",
]


class Network:
    """Names resolve as told; connections are noted and never made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[str] = []
        self.trouble: Exception | None = None
        self.connected: list[str] = []
        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)
        monkeypatch.setattr(socket, "create_connection", self._connect)

    def _resolve(self, host: str, port: int, *_: object, **__: object) -> list[Any]:
        if self.trouble:
            raise self.trouble
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in self.answers]

    def _connect(self, address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        self.connected.append(address[0])
        raise ConnectionRefusedError

    def call(self, *answers: str, url: str = "https://ehr.example/metadata") -> None:
        self.answers = list(answers)
        with guarded_client(allow_loopback=False) as client:
            read(client, "GET", url)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_connection_to_an_address_that_is_not_public(network: Network, address: str) -> None:
    assert not is_public(address)
    with pytest.raises(ForbiddenAddressError):
        network.call(address)
    assert network.connected == []


@pytest.mark.parametrize("address", [*PUBLIC, "::ffff:8.8.8.8", "64:ff9b::808:808", "8.8.8.8"])
def test_public_addresses_are_called(network: Network, address: str) -> None:
    with pytest.raises(httpx.ConnectError):
        network.call(address)
    assert network.connected == [address]


@pytest.mark.parametrize("order", list(itertools.permutations((PUBLIC[0], "10.0.0.1", PUBLIC[1]))))
def test_one_private_address_among_public_ones_refuses_all(network: Network, order: tuple[str, ...]) -> None:
    with pytest.raises(ForbiddenAddressError):
        network.call(*order)
    assert network.connected == []


def test_the_checked_address_is_the_one_connected_to_and_the_next_is_tried(network: Network) -> None:
    with pytest.raises(httpx.ConnectError):
        network.call(PUBLIC[1], PUBLIC[0], PUBLIC[1])
    assert network.connected == [PUBLIC[1], PUBLIC[0]]


def test_an_address_in_the_url_itself_is_checked_too(network: Network) -> None:
    with pytest.raises(ForbiddenAddressError):
        network.call("127.0.0.1", url="https://127.0.0.1/")
    with pytest.raises(ForbiddenAddressError):
        network.call("::1", url="https://[::1]/")


@pytest.mark.parametrize("trouble", [socket.gaierror(), UnicodeError("label empty or too long")])
def test_a_name_that_does_not_resolve_is_no_connection(network: Network, trouble: Exception) -> None:
    network.trouble = trouble
    with pytest.raises(httpx.ConnectError):
        network.call()


def test_no_address_at_all_is_refused(network: Network) -> None:
    with pytest.raises(ForbiddenAddressError):
        network.call()


def test_the_guard_takes_no_proxy_from_the_environment(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:3128")
    with pytest.raises(httpx.ConnectError):
        network.call(PUBLIC[0])
    assert network.connected == [PUBLIC[0]]


def answering(response: httpx.Response) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(lambda _: response))


def test_an_answer_is_read_up_to_the_limit_and_no_further() -> None:
    fits = read(answering(httpx.Response(200, content=b"x" * http.MAX_ANSWER_BYTES)), "GET", "https://ehr.example")
    assert len(fits.content) == http.MAX_ANSWER_BYTES
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 65_536

    with pytest.raises(AnswerTooLargeError):
        read(answering(httpx.Response(200, content=endless())), "GET", "https://ehr.example")
    assert sent == http.MAX_ANSWER_BYTES // 65_536 + 1


def test_the_limit_is_of_what_comes_out_of_a_compressed_answer() -> None:
    packed = gzip.compress(b"0" * (http.MAX_ANSWER_BYTES + 1))
    assert len(packed) < 10_000
    bomb = httpx.Response(200, content=iter([packed]), headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerTooLargeError):
        read(answering(bomb), "GET", "https://ehr.example")


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    present = 0.0

    def drip() -> Iterator[bytes]:
        nonlocal present
        while True:
            present += 9
            yield b"x"

    monkeypatch.setattr("shared.http.time.monotonic", lambda: present)
    with pytest.raises(httpx.TimeoutException):
        read(answering(httpx.Response(200, content=drip())), "GET", "https://ehr.example")
    assert present <= http.MAX_SECONDS + 9


def test_redirects_are_not_followed() -> None:
    calls: list[str] = []

    def elsewhere(request: httpx.Request) -> httpx.Response:
        calls.append(str(request.url))
        return httpx.Response(302, headers={"Location": "http://169.254.169.254/"})

    for client in (http.client(), guarded_client(allow_loopback=False), guarded_client(allow_loopback=True)):
        assert client.follow_redirects is False
        client.close()
    with httpx.Client(transport=httpx.MockTransport(elsewhere)) as mocked:
        assert read(mocked, "GET", "https://ehr.example").status_code == 302
    assert calls == ["https://ehr.example"]


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"null", b"<html>", b"\xff\xfe\x00", b"{", b"[" * 100_000])
def test_what_is_no_json_object_is_none(content: bytes) -> None:
    assert json_object(httpx.Response(200, content=content)) is None


def test_a_json_object_is_read() -> None:
    assert json_object(httpx.Response(200, content=b'{"a":[1]}')) == {"a": [1]}


@pytest.mark.parametrize("charset", ["base64", "rot13", "idna", "undefined", "utf-16", "x", "latin-1"])
def test_an_answers_charset_cannot_make_its_text_unreadable(charset: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(400, headers=headers, content=b"NO")))
    assert read(client, "GET", "https://ehr.example/").text == "NO"
