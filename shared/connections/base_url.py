"""What may be a FHIR base URL, and what it is meant to be: normalising, repairing, refusing. Pure.

All 479 production R4 endpoints in Epic's public directory are https on the default port under
`…/api/FHIR/R4`; most carry a slash at the end, launches come without it.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

_PASTED_TAILS = ("/.well-known/smart-configuration", "/metadata")
_WITHOUT_VERSION = re.compile(r"/api/FHIR$", re.IGNORECASE)
_OLDER_VERSION = re.compile(r"(/api/FHIR)/(DSTU2|STU3)$", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_LABEL = r"[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", re.ASCII)
_LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain")
_MAX_LENGTH = 500


@dataclass(frozen=True)
class BaseUrl:
    """What became of the text that somebody typed.

    `url` is empty if it cannot be repaired; `repairs` and `refusals` are codes of `messages/findings.json`.
    """

    url: str
    repairs: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


def normalise(text: str, *, allow_loopback: bool) -> BaseUrl:
    """The base URL that a text means, without slash at the end and with the host in lower case.

    Args:
        text: as typed or pasted.
        allow_loopback: accepts http and this machine's own names; for local work.
    """
    repairs: list[str] = []
    cleaned = _INVISIBLE.sub("", text)
    if cleaned != text:
        repairs.append("white_space_removed")
    if cleaned and "://" not in cleaned:
        cleaned = f"https://{cleaned}"
        repairs.append("scheme_added")
    try:
        parts = urlsplit(cleaned)
        _ = parts.port
    except ValueError:
        return BaseUrl("", (), ("not_a_url",))
    refusals = _refusals(cleaned, parts, allow_loopback=allow_loopback)
    if refusals:
        return BaseUrl("", tuple(repairs), refusals)
    path = _repaired_path(parts, repairs)
    scheme = parts.scheme.lower()
    default_port = 443 if scheme == "https" else 80
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port not in (None, default_port) else "")
    if host != parts.netloc:
        repairs.append("host_normalised")
    return BaseUrl(urlunsplit((scheme, host, path, "", "")), tuple(repairs))


def _repaired_path(parts: SplitResult, repairs: list[str]) -> str:
    path = parts.path
    while tail := next((one for one in _PASTED_TAILS if path.rstrip("/").endswith(one)), ""):
        path = path.rstrip("/").removesuffix(tail)
        repairs.append("pasted_tail_removed")
    if parts.query or parts.fragment:
        repairs.append("query_removed")
    if path.endswith("/"):
        path = path.rstrip("/")
        repairs.append("slash_removed")
    return path


def proposals(url: str) -> tuple[str, ...]:
    """URLs that may have been meant instead, likeliest first: the R4 sibling of a path without it."""
    if _WITHOUT_VERSION.search(url):
        return (f"{url}/R4",)
    older = _OLDER_VERSION.sub(r"\1/R4", url)
    return (older,) if older != url else ()


def _refusals(cleaned: str, parts: SplitResult, *, allow_loopback: bool) -> tuple[str, ...]:
    host = parts.hostname or ""
    readable = len(cleaned) <= _MAX_LENGTH and _URL_CHARACTERS.fullmatch(cleaned)
    if not readable or not host or not _is_host(host):
        return ("not_a_url",)
    refused: list[str] = []
    if parts.username is not None or parts.password is not None:
        refused.append("user_info")
    here = allow_loopback and (host == "localhost" or host.endswith(".localhost"))
    if parts.scheme.lower() != "https" and not (here and parts.scheme.lower() == "http"):
        refused.append("not_https")
    if _is_ip_literal(host):
        refused.append("ip_literal")
    elif not here and (host.rsplit(".", 1)[-1] in _LOCAL_NAMES or "." not in host):
        refused.append("local_name")
    if not here and parts.port not in (None, 443):
        refused.append("other_port")
    return tuple(refused)


def _is_host(host: str) -> bool:
    return _is_ip_literal(host) or bool(_HOST.fullmatch(host.lower()))


def _is_ip_literal(host: str) -> bool:
    """IPv4 in every spelling that resolvers take (0x7f.1, 2130706433), and IPv6."""
    if re.fullmatch(r"(0x[0-9a-f]+|\d+)(\.(0x[0-9a-f]+|\d+))*\.?", host.lower()):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_refused(url: str, *, allow_loopback: bool) -> bool:
    """Whether an endpoint that an EHR names must not be called or sent to."""
    return bool(why_refused(url, allow_loopback=allow_loopback))


def why_refused(url: str, *, allow_loopback: bool) -> tuple[str, ...]:
    """Why an address must not be called or sent to: codes of `messages/findings.json`; none if it may be."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ("not_a_url",)
    return _refusals(url, parts, allow_loopback=allow_loopback)
