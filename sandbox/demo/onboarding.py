"""From nothing to integration records in the EHR: submit, EHR sign-in, approve, paste."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.demo.browser import Browser
from sandbox.demo.world import World

PREFIXES = {"test": "interconnect-test-oauth", "production": "interconnect-prd-oauth"}
# The pretend hospital has a third status, for waiting; Epic's own codes are not public.
SETTINGS: dict[str, Any] = {"statusCall": {"codeWaiting": "3"}}


@dataclass(frozen=True)
class Onboarding:
    """One connection on its way to approval."""

    world: World
    environment: str = "test"
    kind: str = "epic"
    settings: dict[str, Any] = field(default_factory=lambda: SETTINGS)

    @property
    def base_url(self) -> str:
        """The FHIR base URL as the hospital publishes it."""
        return f"{self.world.hospital}/{PREFIXES[self.environment]}/api/FHIR/R4/"

    def submit(self, base_url: str = "", settings: dict[str, Any] | None = None) -> dict[str, Any]:
        """The administrator enters the connection."""
        body = {
            "fhirBaseUrl": base_url or self.base_url,
            "environment": self.environment,
            "approver": self.world.user("analyst")["userName"],
            "ehrKind": self.kind,
            "settings": self.settings if settings is None else settings,
        }
        return self.world.api("admin", "POST", "/connections", body)

    def edit(self, connection: dict[str, Any]) -> dict[str, Any]:
        """The administrator enters it as it should be."""
        body = {
            "fhirBaseUrl": self.base_url,
            "environment": self.environment,
            "approver": self.world.user("analyst")["userName"],
            "ehrKind": self.kind,
            "settings": self.settings,
            "version": connection["version"],
        }
        return self.world.api("admin", "PUT", f"/connections/{connection['id']}", body)

    def sign_in_at_ehr(self, connection: dict[str, Any], browser: Browser) -> str:
        """The analyst signs in at the EHR; the answer is the page of the portal that they come back to."""
        path = f"/connections/{connection['id']}/ehr-sign-in"
        start = self.world.api("analyst", "POST", path, {}, browser.http)
        browser.open(start["authorizeUrl"])
        browser.press("user", "analyst", until="/approve/")
        return browser.hops[-1]

    def approve(self, connection: dict[str, Any], browser: Browser) -> dict[str, Any]:
        """The analyst approves what they saw, in the same browser."""
        path = f"/connections/{connection['id']}/approve"
        body = {"fingerprint": connection["fingerprint"]}
        return self.world.api("analyst", "POST", path, body, browser.http)

    def records(self, connection: dict[str, Any]) -> list[dict[str, Any]]:
        """The integration records."""
        answer = self.world.api("analyst", "GET", f"/connections/{connection['id']}/records")
        return list(answer["records"])

    def all_at_once(self, settings: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole way; nothing is done again if the tenant has the connection already."""
        present = self.world.api("admin", "GET", "/connections")["connections"]
        mine = [one for one in present if one["environment"] == self.environment]
        connection = mine[0] if mine else self.submit(settings=settings)
        if connection["state"] != "approved":
            browser = Browser()
            self.sign_in_at_ehr(connection, browser)
            connection = self.approve(connection, browser)
        self.world.paste_records(self.environment, self.records(connection))
        return connection
