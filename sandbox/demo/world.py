"""The running parts as the demo sees them: connector, hospital and Microsoft, each by its own doors."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

CAST: dict[str, Any] = json.loads((Path(__file__).parents[1] / "cast.json").read_text(encoding="utf-8"))
TENANT: str = CAST["tenants"][0]["id"]
PATIENCE_SECONDS = 20.0
Found = TypeVar("Found")


class UnexpectedAnswerError(Exception):
    """Somebody answered otherwise than they should."""


class World:
    """Origins of the parts, and what is asked of them again and again."""

    def __init__(self, connector: str, hospital: str, microsoft: str) -> None:
        self.connector = connector
        self.hospital = hospital
        self.microsoft = microsoft
        self.http = httpx.Client(timeout=40.0, trust_env=False)

    @classmethod
    def of(cls, addresses: Path) -> "World":
        """The parts that an addresses file names."""
        found = json.loads(addresses.read_text(encoding="utf-8"))
        return cls(found["connector"], found["hospital"], found["microsoft"])

    def user(self, key: str) -> dict[str, Any]:
        """A Microsoft user of the cast."""
        users = (user for tenant in CAST["tenants"] for user in tenant["users"])
        return dict(next(user for user in users if user["key"] == key))

    def token(self, user: str, tenant: str = TENANT) -> str:
        """An access token for our API, as that user's portal would hold it."""
        answer = self._post(f"{self.microsoft}/control/tokens", {"tenant": tenant, "user": user})
        return str(answer["access_token"])

    def api(
        self, user: str, method: str, path: str, body: dict[str, Any] | None = None, http: httpx.Client | None = None
    ) -> dict[str, Any]:
        """Call our API as a user; anything but success is an UnexpectedAnswerError."""
        answer = self.request(user, method, path, body, http)
        if not answer.is_success:
            raise UnexpectedAnswerError(f"{method} {path}: {answer.status_code} {answer.text}")
        return dict(answer.json())

    def request(
        self, user: str, method: str, path: str, body: dict[str, Any] | None = None, http: httpx.Client | None = None
    ) -> httpx.Response:
        """Call our API as a user and take whatever comes."""
        headers = {"Authorization": f"Bearer {self.token(user)}"}
        return (http or self.http).request(method, f"{self.connector}/api{path}", json=body, headers=headers)

    def paste_records(self, environment: str, records: list[dict[str, Any]]) -> None:
        """An analyst pastes integration records into the EHR, which has a field for the context token in any case."""
        for record in records:
            body = {name: record[name] for name in ("kind", "launchUrl", "clientId", "contextToken")}
            body["contextToken"] = body["contextToken"] or "intent=video-visit"
            self._post(f"{self.hospital}/control/records", {"environment": environment, **body})

    def launch_url(self, role: str, user: str, appointment: str, environment: str = "test", **more: Any) -> str:
        """The address that the EHR's button opens."""
        body = {"environment": environment, "role": role, "user": user, "appointment": appointment, **more}
        return str(self._post(f"{self.hospital}/control/launches", body)["url"])

    def status_calls(self, environment: str = "test") -> list[dict[str, Any]]:
        """What the EHR was told, in order of arrival."""
        answer = self.http.get(f"{self.hospital}/control/status-calls", params={"environment": environment})
        return list(answer.raise_for_status().json()["calls"])

    def meetings(self) -> list[dict[str, Any]]:
        """All Teams meetings."""
        answer = self.http.get(f"{self.microsoft}/control/meetings")
        return list(answer.raise_for_status().json()["meetings"])

    def subscriptions(self) -> list[dict[str, Any]]:
        """All Graph subscriptions."""
        answer = self.http.get(f"{self.microsoft}/control/subscriptions")
        return list(answer.raise_for_status().json()["subscriptions"])

    def act(self, meeting: str, act: str, **participant: str) -> dict[str, Any]:
        """Somebody does something in a meeting."""
        body: dict[str, Any] = {"act": act}
        if participant:
            body["participant"] = participant
        return self._post(f"{self.microsoft}/control/meetings/{meeting}/acts", body)

    def tune_notifications(self, **how: Any) -> None:
        """How Graph notifies from now on: duplicates, disorder, silences."""
        self._post(f"{self.microsoft}/control/notifications", how)

    def notifications_settled(self) -> None:
        """Wait until Graph has nothing more to say, and the connector has had time to do what it says."""
        time.sleep(0.8)
        self._post(f"{self.microsoft}/control/notifications/wait", {})
        time.sleep(2.5)

    def run_timer(self, function: str) -> None:
        """Run a timer function now, as an operator can."""
        answer = self.http.post(f"{self.connector}/admin/functions/{function}", json={})
        answer.raise_for_status()

    def until(self, what: str, look: Callable[[], Found | None], patience: float = PATIENCE_SECONDS) -> Found:
        """Look again and again until there is something; UnexpectedAnswerError if there is nothing in time."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        raise UnexpectedAnswerError(f"not seen within {patience:.0f} s: {what}")

    def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(url, json=body)
        if not answer.is_success:
            raise UnexpectedAnswerError(f"POST {httpx.URL(url).path}: {answer.status_code} {answer.text}")
        return dict(answer.json()) if answer.content else {}
