"""The portal in the sandbox of the end-to-end tests, and people who use it: words by key, axe, screenshots."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import DESKTOP, PHONE, Person
from tests.e2e.world import SAMPLE, Sandbox
from tests.support.processes import REPOSITORY, Process, free_port, node_stand_in, python_stand_in

ADMIN_PORTAL = REPOSITORY / "portal" / "admin"
AXE = ADMIN_PORTAL / "node_modules" / "axe-core" / "axe.min.js"
MESSAGES = ADMIN_PORTAL / "src" / "messages"
LOCALES = {"en": "en-GB", "zh-CN": "zh-CN"}
BOTH = ("light", "dark")


class PortalSandbox(Sandbox):
    """The whole sandbox with the built portal beside it, on ports of their own."""

    def __init__(self, storage: str, folder: Path) -> None:
        super().__init__(storage, folder)
        self._portal_port = free_port()
        self._file = folder / "local.settings.json"
        self._portal: Process | None = None

    @property
    def portal(self) -> str:
        """The portal's origin."""
        return f"http://localhost:{self._portal_port}"

    @property
    def settings(self) -> dict[str, str]:
        """As without a portal, and where it is."""
        return {**super().settings, "PORTAL_BASE_URL": self.portal}

    def start(self) -> None:
        """Everything, told of each other."""
        where = {
            "CONNECTOR_URL": self.connector,
            "HOSPITAL_URL": self.hospital,
            "MICROSOFT_URL": self.microsoft,
            "PORTAL_URL": self.portal,
        }
        for name, port in (("hospital", self._ports.hospital), ("microsoft", self._ports.microsoft)):
            self._stand_ins.append(node_stand_in(name, environment=where, port=port, seconds=50))
        self._portal = node_stand_in("portal", environment=where, port=self._portal_port, seconds=50)
        self.start_functions()

    def start_functions(self, **more: str) -> None:
        """The functions, with the portal as the one origin that may call from elsewhere."""
        content = json.loads(SAMPLE.read_text(encoding="utf-8"))
        content["Host"]["CORS"] = self.portal
        self._file.write_text(json.dumps(content), encoding="utf-8")
        self._functions = python_stand_in(
            "sandbox.host",
            *("--port", str(self._ports.functions), "--settings", str(self._file), "--no-timers"),
            *("--log-file", str(self.log_file)),
            environment={**self.settings, **more},
            seconds=50,
        )
        self.http.get(f"{self.connector}/api/health").raise_for_status()

    def stop(self) -> None:
        """Everything."""
        super().stop()
        if self._portal:
            self._portal.stop()


@dataclass
class Reader:
    """Somebody before the portal, in a language; counts what they type and which screens they meet."""

    world: PortalSandbox
    person: Person
    language: str
    page: Page
    typed: int = 0
    screens: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, world: PortalSandbox, person: Person, language: str) -> "Reader":
        """A reader who has opened nothing yet."""
        person.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=world.portal)
        page = person.context.new_page()
        page.emulate_media(reduced_motion="reduce")
        return cls(world, person, language, page)

    def say(self, key: str, **values: object) -> str:
        """A message of the portal in this language."""
        sentence = str(json.loads((MESSAGES / f"{self.language}.json").read_text(encoding="utf-8"))[key])
        return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), sentence)

    def button(self, key: str, **values: object) -> Locator:
        """The button of that name."""
        return self.page.get_by_role("button", name=self.say(key, **values), exact=True)

    def link(self, key: str) -> Locator:
        """The link of that name."""
        return self.page.get_by_role("link", name=self.say(key), exact=True)

    def text(self, key: str, **values: object) -> Locator:
        """Where the message stands."""
        return self.page.get_by_text(self.say(key, **values), exact=True)

    def field(self, key: str) -> Locator:
        """The form field of that label."""
        return self.page.get_by_label(self.say(key), exact=False).and_(self.page.locator("input, textarea, select"))

    def type(self, key: str, text: str) -> None:
        """Fill a field, and count it."""
        self.field(key).fill(text)
        self.typed += 1

    def heading(self, key: str) -> None:
        """Wait for the page with that title."""
        expect(self.page.get_by_role("heading", level=1, name=self.say(key), exact=True)).to_be_visible()
        self.screens.append(key)

    def go(self, path: str, heading: str) -> None:
        """A page of the portal by its address, as a bookmark would open it."""
        self.page.goto(f"{self.world.portal}{path}")
        self.heading(heading)

    def sign_in(self, user: str, path: str = "/") -> None:
        """From the address to the page, by way of Microsoft's sign-in."""
        self.page.goto(f"{self.world.portal}{path}")
        self.heading("landing.invitedTitle" if path.startswith("/approve/") else "landing.title")
        self.button("landing.signIn").click()
        self.pick(user)

    def pick(self, user: str) -> None:
        """Choose an account on Microsoft's page."""
        self.screens.append("microsoft")
        oid = self.world.user(user)["oid"]
        self.page.locator(f"button[name=account][value$='{oid}']").click()
        self.page.wait_for_url(f"{self.world.portal}/**")

    def copied(self) -> str:
        """What is on the clipboard."""
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def see(self, name: str) -> None:
        """Pictures of the page as it is, and nothing that axe finds, dark on a desktop and light on a phone."""
        self.person.shoot(self.page, f"portal-{self.language}-{name}", schemes=BOTH)
        self.page.emulate_media(color_scheme="dark")
        self._nothing_found("dark", name)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        self._nothing_found("light", f"{name}, phone")
        self.page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})

    def _nothing_found(self, theme: str, where: str) -> None:
        expect(self.page.locator(f".provider[data-theme={theme}]")).to_be_attached()
        found = findings(self.page)
        assert not found, "\n".join([f"{where}, {theme}", *found])


def findings(page: Page) -> list[str]:
    """What axe finds: each rule, why, and the elements that break it."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # Fluent puts empty guards at the ends of an open menu, which only pass the focus on.
    where = {"exclude": [["[data-tabster-dummy]"]]}
    found = page.evaluate("where => window.axe.run(where, {resultTypes: ['violations']})", where)
    return [_told(one) for one in found["violations"]]


def _told(violation: dict[str, Any]) -> str:
    nodes = [f"{node['html'][:300]} ({node.get('failureSummary', '')})" for node in violation["nodes"]]
    return "\n".join([violation["id"], *nodes])


People = Callable[[str], Reader]


def base_url(world: PortalSandbox, environment: str = "test") -> str:
    """The FHIR base URL of the pretend hospital, as it is stored."""
    prefix = {"test": "interconnect-test-oauth", "production": "interconnect-prd-oauth"}[environment]
    return f"{world.hospital}/{prefix}/api/FHIR/R4"


def submit(admin: Reader) -> str:
    """The administrator submits the test connection; returns the link of the invitation."""
    admin.sign_in("admin")
    admin.heading("connections.title")
    admin.button("connections.addFirst").click()
    admin.type("field.url", base_url(admin.world))
    expect(admin.text("doctor.well")).to_be_visible()
    admin.type("field.approver", admin.world.user("analyst")["userName"])
    admin.button("connections.submit").click()
    expect(admin.text("connections.submitted")).to_be_visible()
    admin.button("invitation.copyLink").click()
    return admin.copied()


def approve(analyst: Reader) -> None:
    """The analyst, before the connection, signs in at the EHR and approves."""
    analyst.button("decision.signIn").click()
    analyst.page.locator("button[name=user][value=analyst]").click()
    analyst.page.wait_for_url(f"{analyst.world.portal}/approve/*?ehr=done")
    expect(analyst.text("decision.signedIn")).to_be_visible()
    analyst.button("decision.approve").click()
    expect(analyst.text("approve.isApproved")).to_be_visible()
