"""Publishes a deployment package to one function app on Flex Consumption, as it is, and waits until it is in place.

The call is the one that Azure's own clients make: the zip to `/api/publish` of the app's deployment site, then its
state from `/api/deployments/{id}`. Azure's command line cannot be used: it always asks for a build of Python apps.
"""

import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from scripts.az import az

BUILD = "shared/BUILD"
_PATIENCE, _BETWEEN = 900.0, 2.0
_BUSY_TRIES, _BUSY_WAIT = 10, 30.0
_EARLY = 10
_SUCCESS, _IN_PROGRESS = 4, (0, 1, 2)
_ENDINGS = {-1: "was cancelled", 3: "failed", 5: "gave way to another one", 6: "succeeded only in part"}


class PublishError(Exception):
    """The package is not in place; the message says why."""


@dataclass(frozen=True)
class DeploymentSite:
    """Where packages of one app go, and the right to send one."""

    url: str
    token: str


def build_of(package: Path) -> str:
    """What GET /api/version will tell once this package runs."""
    with zipfile.ZipFile(package) as archive:
        return archive.read(BUILD).decode("ascii").strip()


def site_of(resource_group: str, app: str) -> DeploymentSite:
    """The app's deployment site, with the token of whoever is signed in to `az`. Raises AzError."""
    shown = az("functionapp", "show", "--resource-group", resource_group, "--name", app)
    hosts = [one["name"] for one in shown["hostNameSslStates"] if one["hostType"] == "Repository"]
    return DeploymentSite(f"https://{hosts[0]}", str(az("account", "get-access-token")["accessToken"]))


def publish(site: DeploymentSite, package: Path, sleep: Callable[[float], None] = time.sleep) -> None:
    """Send the package and wait until it is in place. Raises PublishError."""
    content = package.read_bytes()
    for _ in range(_BUSY_TRIES):
        status, body = _call(site, "/api/publish?RemoteBuild=false", content)
        if status != HTTPStatus.CONFLICT:
            break
        sleep(_BUSY_WAIT)
    if status != HTTPStatus.ACCEPTED:
        raise PublishError(f"{site.url} did not take the package: {status} {body[:500]!r}")
    _wait(site, str(json.loads(body)), sleep)


def _wait(site: DeploymentSite, deployment: str, sleep: Callable[[float], None]) -> None:
    seen = False
    for turn in range(int(_PATIENCE / _BETWEEN)):
        status, body = _call(site, f"/api/deployments/{deployment}")
        if status == HTTPStatus.NOT_FOUND and seen:
            # The deployment site is taken away when it has done its work: the smoke test will tell.
            return
        if status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            seen = True
            told: dict[str, Any] = json.loads(body)
            if told["status"] == _SUCCESS:
                return
            if told["status"] not in _IN_PROGRESS:
                ending = _ENDINGS.get(told["status"], f"ended with status {told['status']}")
                raise PublishError(f"The deployment {ending}: {told.get('status_text') or 'Azure does not say why'}")
        elif status != HTTPStatus.NOT_FOUND or turn >= _EARLY:
            raise PublishError(f"{site.url} does not know how the deployment goes: {status} {body[:500]!r}")
        sleep(_BETWEEN)
    raise PublishError(f"{site.url}: the deployment did not end within {_PATIENCE / 60:.0f} minutes")


def _call(site: DeploymentSite, path: str, content: bytes | None = None) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {site.token}", "Accept": "application/json"}
    if content is not None:
        headers["Content-Type"] = "application/zip"
    request = urllib.request.Request(site.url + path, content, headers)  # noqa: S310 - https, from Azure
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, problem.read()
    except OSError as problem:
        raise PublishError(f"{site.url} cannot be reached: {problem}") from problem
