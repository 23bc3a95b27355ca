"""Cross-origin requests, answered by the host from the settings file's Host section, as Core Tools do."""

from collections.abc import Iterable, Mapping

Header = tuple[bytes, bytes]


class Cors:
    """Which origins may call; none listed means that the host adds nothing."""

    def __init__(self, origins: Iterable[str], *, credentials: bool) -> None:
        self._origins = frozenset(origin.lower() for origin in origins)
        self._credentials = credentials

    def is_preflight(self, method: str, headers: Mapping[str, str]) -> bool:
        """Whether the host itself answers a request; where nothing is listed, the app may."""
        asks = "origin" in headers and "access-control-request-method" in headers
        return bool(self._origins) and method == "OPTIONS" and asks

    def preflight(self, headers: Mapping[str, str]) -> list[Header]:
        """Headers of the answer to a preflight; none for an origin that is not listed."""
        added = self.headers(headers)
        if not any(name == b"access-control-allow-origin" for name, _ in added):
            return added
        added.append((b"access-control-allow-methods", headers["access-control-request-method"].encode()))
        if "access-control-request-headers" in headers:
            added.append((b"access-control-allow-headers", headers["access-control-request-headers"].encode()))
        return added

    def headers(self, headers: Mapping[str, str]) -> list[Header]:
        """Headers that an answer to this request gets."""
        origin = headers.get("origin")
        if not self._origins or origin is None:
            return []
        anyone = "*" in self._origins
        if not anyone and origin.lower() not in self._origins:
            return [(b"vary", b"Origin")]
        allowed = b"*" if anyone and not self._credentials else origin.encode()
        added = [(b"access-control-allow-origin", allowed)]
        if allowed != b"*":
            added.append((b"vary", b"Origin"))
        if self._credentials:
            added.append((b"access-control-allow-credentials", b"true"))
        return added
