"""Tokens: checking those of others, signing our own. RFC 7515, 7517, 7519; SMART App Launch 2.2 section 5.

`jwcrypto` is imported when first used, so that the notification door never pays for it.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NewType

if TYPE_CHECKING:
    from jwcrypto import jwk

VerifiedClaims = NewType("VerifiedClaims", dict[str, Any])
"""Claims whose signature, issuer, audience and times have been checked."""

LEEWAY = timedelta(seconds=60)
_MAX_TOKEN_CHARACTERS = 32 * 1024
_END_OF_TIME = 2.0**53


class TokenRefusedError(Exception):
    """A token is not acceptable; `claim` names what is wrong with it, and never holds its value."""

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim


class KeyNotYetKnownError(TokenRefusedError):
    """The issuer has not published such a key so far. A new key is not known everywhere at once: it may come yet."""


class KeysUnavailableError(Exception):
    """The issuer's keys cannot be read now, so nothing can be said of the token yet."""


@dataclass(frozen=True)
class Expectation:
    """What a token must say to be accepted."""

    issuers: Collection[str]
    audiences: Collection[str]
    algorithms: Collection[str]
    required: Collection[str] = ("exp", "iat")
    equal: Mapping[str, str] = field(default_factory=dict)


class PublicKey:
    """One published key: its members as they came, and what jwcrypto makes of them, made once."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.members = dict(members)

    @cached_property
    def jwk(self) -> "jwk.JWK":
        """The key to check with. Raises an exception of jwcrypto's if it is none."""
        from jwcrypto import jwk  # noqa: PLC0415 - see the module's first lines

        return jwk.JWK(**self.members)


class CheckedSignatures:
    """Tokens whose signature was found right, by hash: an issuer that sends many sends the same ones for a while.

    An entry is good for the very key that it was checked with, and says nothing of the claims: who asks again
    checks those again. So a token ends when it expires, and a key when it is not published any more.
    """

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._payloads: dict[bytes, tuple[PublicKey, bytes]] = {}

    def payload(self, token: str, key: PublicKey) -> bytes | None:
        """The payload of a token that this key was found to have signed, or None."""
        checked_with, payload = self._payloads.get(_digest(token), (None, b""))
        return payload if checked_with is key else None

    def add(self, token: str, key: PublicKey, payload: bytes) -> None:
        """Remember it; when there are too many, forget them all."""
        if len(self._payloads) >= self._most:
            self._payloads = {}
        self._payloads[_digest(token)] = (key, payload)


def _digest(token: str) -> bytes:
    # What is no text at all is no token either, but must not break off here.
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


class KeySource:
    """The keys of one issuer, fetched when needed and kept.

    An unknown key id makes one new fetch, at most once per cool-down, so that a flood of made-up key ids
    cannot hammer the issuer. When a fetch fails the keys held so far stay in use.
    """

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, Any]],
        now: Callable[[], datetime],
        *,
        lifetime: timedelta = timedelta(hours=24),
        cool_down: timedelta = timedelta(seconds=30),
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._lifetime = lifetime
        self._cool_down = cool_down
        self._lock = threading.Lock()
        self._keys: dict[str, PublicKey] = {}
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._failed = False

    def key(self, key_id: str) -> PublicKey:
        """The public key with that id.

        Raises:
            KeyNotYetKnownError: "kid": the issuer has no such key; a later try may find it.
            KeysUnavailableError: the issuer could not be asked; try again later.
        """
        with self._lock:
            stale = self._fetched_at is None or self._now() - self._fetched_at > self._lifetime
            if (stale or key_id not in self._keys) and self._may_try():
                self._refresh()
            try:
                return self._keys[key_id]
            except KeyError:
                if self._failed:
                    raise KeysUnavailableError from None
                raise KeyNotYetKnownError("kid") from None

    def _may_try(self) -> bool:
        return self._tried_at is None or self._now() - self._tried_at >= self._cool_down

    def _refresh(self) -> None:
        self._tried_at = self._now()
        try:
            keys = self._fetch()["keys"]
            found = {str(key["kid"]): PublicKey(key) for key in keys if "kid" in key}
        except Exception:  # noqa: BLE001 - whatever went wrong out there, the old keys are better than none
            found = {}
        if not found:
            self._failed = True
            return
        self._failed = False
        self._keys = found
        self._fetched_at = self._now()


def verify(
    token: str,
    keys: KeySource,
    expected: Expectation,
    now: datetime,
    checked: CheckedSignatures | None = None,
) -> VerifiedClaims:
    """Check a signed token and return its claims.

    The algorithm comes from the expectation, never from the token alone; header members that point to
    other keys (`jku`, `jwk`, `x5u`) are not looked at (RFC 8725 sections 3.1 and 3.10).

    Args:
        token: the token, compact.
        keys: its issuer's.
        expected: what it must say.
        now: the moment at which it must be valid.
        checked: where signatures that were found right are remembered, if they are.

    Raises:
        TokenRefusedError: with the name of the first claim or header member that is wrong.
        KeyNotYetKnownError: its issuer publishes no such key so far, and nothing else is wrong with it.
        KeysUnavailableError: nothing can be said of it now.
    """
    if len(token) > _MAX_TOKEN_CHARACTERS or token.count(".") != 2:  # noqa: PLR2004 - three parts
        raise TokenRefusedError("form")
    header = _json_part(token.split(".", maxsplit=1)[0])
    if header.get("alg") not in expected.algorithms:
        raise TokenRefusedError("alg")
    if header.get("kid") in (None, ""):
        raise TokenRefusedError("kid")
    try:
        key = keys.key(str(header["kid"]))
    except KeyNotYetKnownError:
        # What would be refused with any key shall not wait for one.
        _check(unverified_claims(token), expected, now)
        raise
    payload = checked.payload(token, key) if checked else None
    if payload is None:
        payload = _signed_payload(token, key, expected.algorithms)
        if checked:
            checked.add(token, key, payload)
    claims = _json_bytes(payload)
    _check(claims, expected, now)
    if "issuer" in key.members and not _may_sign_for(str(key.members["issuer"]), claims):
        raise TokenRefusedError("iss")
    return VerifiedClaims(claims)


def _signed_payload(token: str, key: PublicKey, algorithms: Collection[str]) -> bytes:
    from jwcrypto import jws  # noqa: PLC0415 - see the module's first lines

    signed = jws.JWS()
    try:
        signed.allowed_algs = list(algorithms)
        signed.deserialize(token, key=key.jwk)
    except Exception as wrong:
        raise TokenRefusedError("signature") from wrong
    return bytes(signed.payload)


def _may_sign_for(issuer: str, claims: Mapping[str, Any]) -> bool:
    """Whether a key that Entra publishes for one issuer may sign for the token's.

    Version 1 tokens name another issuer than their keys do; the tenant is the same.
    """
    tenant = str(claims.get("tid", ""))
    named = issuer.replace("{tenantid}", tenant)
    return named == claims["iss"] or (claims.get("ver") == "1.0" and f"/{tenant}/" in named)


def _check(claims: dict[str, Any], expected: Expectation, now: datetime) -> None:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or issuer not in expected.issuers:
        raise TokenRefusedError("iss")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not set(expected.audiences) & {value for value in audiences if isinstance(value, str)}:
        raise TokenRefusedError("aud")
    for name in expected.required:
        if claims.get(name) in (None, ""):
            raise TokenRefusedError(name)
    _check_times(claims, now)
    for name, value in expected.equal.items():
        if claims.get(name) != value:
            raise TokenRefusedError(name)


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    times: dict[str, float] = {}
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        if value is None:
            continue
        # Python's JSON knows NaN and Infinity, which compare as never expired.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _END_OF_TIME:
            raise TokenRefusedError(name)
        times[name] = value
    moment = now.timestamp()
    leeway = LEEWAY.total_seconds()
    if times.get("exp", moment) < moment - leeway:
        raise TokenRefusedError("exp")
    for name in ("nbf", "iat"):
        if times.get(name, moment) > moment + leeway:
            raise TokenRefusedError(name)


def unverified_claims(token: str) -> dict[str, Any]:
    """The claims as the token states them, to choose a key set by; nothing else may rest on them."""
    parts = token.split(".")
    if len(token) > _MAX_TOKEN_CHARACTERS or len(parts) != 3:  # noqa: PLR2004
        raise TokenRefusedError("form")
    return _json_part(parts[1])


def _json_part(part: str) -> dict[str, Any]:
    try:
        return _json_bytes(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as wrong:
        raise TokenRefusedError("form") from wrong


def _json_bytes(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as wrong:
        raise TokenRefusedError("form") from wrong
    if not isinstance(value, dict):
        raise TokenRefusedError("form")
    return value


def sign(key: "jwk.JWK", algorithm: str, claims: Mapping[str, Any], *, header: Mapping[str, str] | None = None) -> str:
    """A compact signed token with `alg`, `kid` and `typ` in its header (SMART 2.2, client-confidential-asymmetric)."""
    from jwcrypto import jwt  # noqa: PLC0415

    full = {"alg": algorithm, "kid": key.get("kid"), "typ": "JWT", **(header or {})}
    token = jwt.JWT(header=full, claims=dict(claims))
    token.make_signed_token(key)
    return str(token.serialize())
