"""Set-Cookie values as the Functions host writes them: from typed cookies, not from the app's own text.

The host gets name, value and a fixed set of attributes; ASP.NET Core then percent-encodes the value and
writes `domain` and `path` even when the app left them out (empty, which browsers read as left out).
"""

from datetime import datetime
from http.cookies import Morsel, SimpleCookie
from urllib.parse import quote

SAME_SITE = {"lax": "lax", "strict": "strict", "none": "none"}


def set_cookie(
    name: str,
    value: str,
    *,
    domain: str | None,
    path: str | None,
    expires: datetime | None,
    max_age: float | None,
    secure: bool,
    http_only: bool,
    same_site: str,
) -> str:
    """One Set-Cookie value, its attributes in the order ASP.NET Core has them."""
    parts = [f"{name}={quote(value, safe='')}"]
    if expires is not None:
        parts.append(f"expires={expires:%a, %d %b %Y %H:%M:%S} GMT")
    if max_age is not None:
        parts.append(f"max-age={int(max_age)}")
    if domain is not None:
        parts.append(f"domain={domain}")
    if path is not None:
        parts.append(f"path={path}")
    if secure:
        parts.append("secure")
    if same_site in SAME_SITE.values():
        parts.append(f"samesite={same_site}")
    if http_only:
        parts.append("httponly")
    return "; ".join(parts)


def from_simple_cookie(cookie: SimpleCookie) -> list[str]:
    """The same from what the SDK parsed; raises ValueError where the real worker does."""
    return [_from_morsel(name, morsel) for name, morsel in cookie.items()]


def _from_morsel(name: str, morsel: Morsel[str]) -> str:
    expires, max_age = morsel["expires"], morsel["max-age"]
    return set_cookie(
        name,
        morsel.value,
        domain=morsel["domain"],
        path=morsel["path"],
        expires=datetime.strptime(expires, "%a, %d %b %Y %H:%M:%S GMT") if expires else None,  # noqa: DTZ007 - GMT by its format
        max_age=float(max_age) if max_age else None,
        secure=bool(morsel["secure"]),
        http_only=bool(morsel["httponly"]),
        same_site=SAME_SITE.get(morsel["samesite"].lower(), ""),
    )
