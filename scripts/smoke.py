"""`python -m scripts.smoke stamp URL …` or `… portal URL …`: whether what was deployed answers, as its callers need it.

It takes nothing but what anybody may ask from outside: no token, nobody's data, nothing is written.
"""

import argparse
import json
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from scripts import outputs

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})
_PORTAL_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "Strict-Transport-Security": "max-age=",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_BETWEEN = 5.0


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 if nothing did."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON, {} if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def header(self, name: str) -> str:
        """A header, in whatever case it came."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Stamp:
    """One stamp as it should be."""

    url: str
    build: str
    geography: str
    portal: str = ""


def ask(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One request; a POST if there is a body."""
    request = urllib.request.Request(url, body, dict(headers or {}))  # noqa: S310 - the address is an argument of ours
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return Answer(answer.status, dict(answer.headers.items()), answer.read())
    except urllib.error.HTTPError as problem:
        with problem:
            return Answer(problem.code, dict(problem.headers.items()), problem.read())
    except OSError:
        return Answer(0)


def stamp_problems(stamp: Stamp, patience: float, sleep: Callable[[float], None] = time.sleep) -> list[str]:
    """What is wrong with a stamp, in sentences; nothing else is asked while another build answers."""
    waited = 0.0
    while (found := _build(stamp)) != stamp.build:
        if waited >= patience:
            return [f"{stamp.url}/api/version tells {found or 'nothing'}, not {stamp.build}, after {patience:.0f} s"]
        sleep(_BETWEEN)
        waited += _BETWEEN
    checks = (_health, _keys, _handshake, _portal_may_call)
    return [f"{stamp.url}{problem}" for check in checks for problem in check(stamp)]


def _build(stamp: Stamp) -> str:
    return str(ask(f"{stamp.url}/api/version").json().get("build", ""))


def _health(stamp: Stamp) -> Iterator[str]:
    answer = ask(f"{stamp.url}/api/health")
    told = answer.json()
    if answer.status != HTTPStatus.OK:
        yield f"/api/health: {answer.status}, {told.get('status', 'no status')}"
    elif told.get("geography") != stamp.geography:
        yield f"/api/health: this is the stamp of {told.get('geography')}, not of {stamp.geography}"


def _keys(stamp: Stamp) -> Iterator[str]:
    for environment in ("test", "production"):
        path = f"/api/keys/{environment}/jwks.json"
        answer = ask(stamp.url + path)
        keys = answer.json().get("keys", [])
        if answer.status != HTTPStatus.OK or not keys:
            yield f"{path}: {answer.status}, no keys: no EHR can check our signatures"
        elif any(_PRIVATE & set(key) for key in keys):
            yield f"{path}: a private key is published. Take the stamp off, and replace its keys"


def _handshake(stamp: Stamp) -> Iterator[str]:
    for door in ("notifications", "lifecycle"):
        word = f"smoke test {secrets.token_urlsafe(12)}"
        query = urllib.parse.urlencode({"validationToken": word})
        answer = ask(f"{stamp.url}/api/graph/{door}?{query}", b"", {"Content-Type": "text/plain"})
        kind = answer.header("Content-Type").partition(";")[0]
        if (answer.status, kind, answer.body) != (HTTPStatus.OK, "text/plain", word.encode()):
            yield f"/api/graph/{door}: {answer.status}, the word is not echoed: Graph will refuse subscriptions"


def _portal_may_call(stamp: Stamp) -> Iterator[str]:
    if not stamp.portal:
        return
    allowed = ask(f"{stamp.url}/api/version", headers={"Origin": stamp.portal}).header("Access-Control-Allow-Origin")
    if allowed != stamp.portal:
        yield f"/api/version: the portal at {stamp.portal} may not call it (CORS allows {allowed or 'nobody'})"


def portal_problems(
    url: str, apis: Sequence[str], patience: float, sleep: Callable[[float], None] = time.sleep
) -> list[str]:
    """What is wrong with the portal, in sentences. The edge of a static site may take minutes to change."""
    problems = list(_portal(url, apis))
    waited = 0.0
    while problems and waited < patience:
        sleep(_BETWEEN)
        waited += _BETWEEN
        problems = list(_portal(url, apis))
    return problems


def _portal(url: str, apis: Sequence[str]) -> Iterator[str]:
    page = ask(f"{url}/")
    if page.status != HTTPStatus.OK or b"<html" not in page.body.lower():
        yield f"{url}/: {page.status}, no page"
        return
    for name, part in _PORTAL_HEADERS.items():
        if part not in page.header(name):
            yield f"{url}/: the header {name} is {page.header(name)!r}, without {part!r}"
    configuration = ask(f"{url}/config.json").json()
    authority = urllib.parse.urlsplit(str(configuration.get("authority", "")))
    if not authority.netloc:
        yield f"{url}/config.json: it does not say where people sign in"
    sign_in = [f"{authority.scheme}://{authority.netloc}"] if authority.netloc else []
    allowed = _may_be_called(page.header("Content-Security-Policy"))
    yield from (f"{url}/: its policy lets no script call {one}" for one in [*sign_in, *apis] if one not in allowed)
    told = {one.get("apiBaseUrl") for one in configuration.get("regions", [])}
    for api in apis:
        if api not in told:
            yield f"{url}/config.json: {api} is not in it"


def _may_be_called(policy: str) -> set[str]:
    directives = [directive.split() for directive in policy.split(";")]
    return {source.rstrip("/") for words in directives if words[:1] == ["connect-src"] for source in words[1:]}


def main(words: list[str]) -> int:
    """Print what is wrong; 0 if nothing is."""
    parser = argparse.ArgumentParser("python -m scripts.smoke", description=__doc__)
    parser.add_argument("--patience", type=float, default=300, metavar="SECONDS", help="how long the new may take")
    kinds = parser.add_subparsers(dest="kind", required=True)
    stamp = kinds.add_parser("stamp", help="one geography's connector")
    stamp.add_argument("url")
    stamp.add_argument("--build", required=True, help="what GET /api/version must tell")
    stamp.add_argument("--geography", required=True)
    stamp.add_argument("--portal", default="", help="origin of the portal, which must be allowed to call")
    portal = kinds.add_parser("portal", help="the administrators' portal")
    portal.add_argument("url", nargs="?", help="left out, it and the origins are those that the deployment told")
    portal.add_argument("--api", action="append", default=[], help="origin of a stamp that it must know")
    portal.add_argument("--outputs", type=Path, help="what the deployment told (default: azd's environment)")
    chosen = parser.parse_args(words)
    if chosen.kind == "portal" and chosen.url is None:
        told = outputs.read(chosen.outputs)
        chosen.url, chosen.api = told.portal, [one["apiBaseUrl"].rstrip("/") for one in told.portal_config["regions"]]
    if chosen.kind == "stamp":
        wanted = Stamp(chosen.url.rstrip("/"), chosen.build, chosen.geography, chosen.portal)
        problems = stamp_problems(wanted, chosen.patience)
    else:
        problems = portal_problems(chosen.url.rstrip("/"), chosen.api, chosen.patience)
    for problem in problems:
        print(problem)
    print(f"{chosen.url}: {'not as it should be' if problems else 'as it should be'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
