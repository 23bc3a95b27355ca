"""Calls out: one way to make a client, with limits on time and size, and a guard on where it may connect.

The guard looks at the address at the moment of connecting, after name resolution, so that a name that
changes its mind between a check and the call (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

MAX_ANSWER_BYTES = 512 * 1024
MAX_SECONDS = 15.0
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)
_REACHABLE = ipaddress.ip_network("2000::/3")
_6TO4 = ipaddress.ip_network("2002::/16")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

__all__ = [
    "MAX_ANSWER_BYTES",
    "MAX_SECONDS",
    "AnswerTooLargeError",
    "ForbiddenAddressError",
    "client",
    "guarded_client",
    "json_object",
    "read",
]


class ForbiddenAddressError(Exception):
    """The name resolves to an address that must not be called: private, loopback, link-local, reserved."""


class AnswerTooLargeError(Exception):
    """The answer is longer than the limit."""


class _GuardedBackend(httpcore.SyncBackend):
    """Connects only to addresses that are globally reachable."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as unresolved:
            raise httpcore.ConnectError("the name does not resolve") from unresolved
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not addresses or not all(is_public(address) for address in addresses):
            raise ForbiddenAddressError
        for address in addresses[:-1]:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def is_public(address: str) -> bool:
    """Whether an IP address is globally reachable and no multicast (RFC 6890)."""
    parsed = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        elif parsed in _NAT64:
            parsed = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        elif parsed not in _REACHABLE or parsed in _6TO4:
            return False
    return parsed.is_global and not parsed.is_multicast


def client(*, base_url: str = "") -> httpx.Client:
    """A client for endpoints that our own settings name (Microsoft). Follows no redirect."""
    return httpx.Client(base_url=base_url, timeout=_TIMEOUT, limits=_LIMITS, follow_redirects=False)


def guarded_client(*, allow_loopback: bool) -> httpx.Client:
    """A client for endpoints that a customer's configuration names (EHRs). Follows no redirect.

    Args:
        allow_loopback: switches the guard off; for local work, where the EHR is a stand-in on this machine.
    """
    if allow_loopback:
        return client()
    transport = httpx.HTTPTransport(limits=_LIMITS)
    # httpx has no public way to hand a network backend to its pool.
    transport._pool = httpcore.ConnectionPool(  # noqa: SLF001
        ssl_context=ssl.create_default_context(),
        max_connections=_LIMITS.max_connections,
        max_keepalive_connections=_LIMITS.max_keepalive_connections,
        network_backend=_GuardedBackend(),
    )
    return httpx.Client(transport=transport, timeout=_TIMEOUT, follow_redirects=False, trust_env=False)


def read(http: httpx.Client, method: str, url: str, **arguments: Any) -> httpx.Response:
    """Send a request and read its answer up to MAX_ANSWER_BYTES, for MAX_SECONDS at most.

    Raises:
        AnswerTooLargeError: the answer is longer.
        httpx.ReadTimeout: the whole answer took longer than MAX_SECONDS, however often a byte came.
        ForbiddenAddressError: the guard refused the address.
        httpx.TransportError: no connection, or it broke, or it took too long.
    """
    deadline = time.monotonic() + MAX_SECONDS
    with http.stream(method, url, **arguments) as response:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise AnswerTooLargeError
            # The client's own limit starts anew with every byte that drips in.
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the answer never ends", request=response.request)
        response._content = bytes(body)  # noqa: SLF001 - lets callers use .json() on a bounded body
        # Not the charset that the answer names: Python knows some that are no text at all, and fail when read as one.
        response.encoding = "utf-8"
    return response


def json_object(answer: httpx.Response) -> dict[str, Any] | None:
    """The JSON object that an answer holds, or None if it holds none."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
