"""Our pages as people meet them: a browser with pretend devices, screenshots in every size, axe, what was requested."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Request

from sandbox.demo.browser import Browser as PlainBrowser
from sandbox.demo.onboarding import SETTINGS, Onboarding
from tests.e2e.browser import PATIENCE_MS, is_worth_a_picture
from tests.e2e.visit import Visit
from tests.e2e.world import Sandbox, oid
from tests.support.processes import REPOSITORY

AXE = REPOSITORY / "portal" / "visit" / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOCALES = {"en": "en-GB", "zh-CN": "zh-CN"}
SIZES = {"desktop": (1280, 800), "phone": (390, 844), "narrow": (320, 640)}
LOGO = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGUlEQVR4nGPgzjtDEmIY1TCqYVTD0NUA"
    "AErjTl8+n4BoAAAAAElFTkSuQmCC"
)
BRANDING = {
    "name": "Sample Hospital (pretend)",
    "sentence": "Please have your list of medicines at hand.",
    "clinicNumber": "+1 202 555 0100",
    "logo": LOGO,
}


@contextmanager
def chromium_with_devices(driver: Playwright) -> Iterator[Browser]:
    """A browser with a pretend camera and microphone; permission for them is each test's own matter."""
    path = os.environ.get("CHROMIUM_PATH") or ("/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)
    arguments = ["--use-fake-device-for-media-stream"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    browser = driver.chromium.launch(executable_path=path, args=arguments)
    yield browser
    browser.close()


@dataclass
class Viewer:
    """One person's browser, and all that it asked for and complained of."""

    context: BrowserContext
    folder: Path
    language: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, browser: Browser, folder: Path, language: str = "en", **options: Any) -> "Viewer":
        """A fresh one."""
        width, height = SIZES["desktop"]
        view = {"viewport": {"width": width, "height": height}, **options}
        context = browser.new_context(locale=LOCALES[language], **view)
        context.set_default_timeout(PATIENCE_MS)
        viewer = cls(context, folder, language)
        context.on("request", lambda request: viewer.requests.append(request))  # noqa: PLW0108 - a bound method is refused
        context.on("weberror", lambda error: viewer.complaints.append(str(error.error)))
        context.on(
            "console",
            lambda message: viewer.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        return viewer

    def open(self, url: str) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.goto(url)
        return page

    def allow_devices(self) -> None:
        """As somebody does who follows the page's instructions."""
        self.context.grant_permissions(["camera", "microphone"])

    def foreign(self, origin: str) -> list[str]:
        """Requests to anybody else."""
        urls = [one.url for one in self.requests if not one.url.startswith(("data:", "blob:"))]
        return [url for url in urls if not url.startswith(origin)]

    def look(self, page: Page, name: str) -> None:
        """Screenshots in every size, light and dark; no page is wider than its screen; axe finds nothing in any."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                file = self.folder / f"{name}-{self.language}-{size}-{scheme}.png"
                if is_worth_a_picture(scheme, size):
                    page.screenshot(path=file, full_page=True, animations="disabled")
                assert too_wide(page) <= 0, f"{name} is wider than a {size} screen"
            assert axe(page) == [], f"{name}, {scheme}"
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": SIZES["desktop"][0], "height": SIZES["desktop"][1]})


def too_wide(page: Page) -> int:
    """By how many pixels one has to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def axe(page: Page) -> list[str]:
    """What axe-core finds, as one line for each finding."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", AXE_TAGS)
    return [
        f"{one['id']}: {node['html'][:150]} {node.get('failureSummary', '')[:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def branded(world: Sandbox, **settings: Any) -> dict[str, Any]:
    """An approved connection whose clinic shows its name, its number and its logo; its records are in the EHR."""
    onboarding = Onboarding(world)
    connection = onboarding.submit(settings={**SETTINGS, "branding": BRANDING, **settings})
    browser = PlainBrowser()
    onboarding.sign_in_at_ehr(connection, browser)
    connection = onboarding.approve(connection, browser)
    world.paste_records("test", onboarding.records(connection))
    return connection


def patient_page(world: Sandbox, viewer: Viewer, who: str = "patient-one", appointment: str = "one-to-one") -> Page:
    """The patient presses the button in the portal and is on our page."""
    page = viewer.open(world.launch_url("patient", who, appointment))
    assert urlsplit(page.url).path == "/api/visit", page.url
    return page


def clinician_board(world: Sandbox, viewer: Viewer, appointment: str = "one-to-one") -> Page:
    """The clinician presses the button in the EHR, signs in at Microsoft if asked, and is on the arrival board."""
    page = viewer.open(world.launch_url("provider", "provider-one", appointment))
    if "/sign-in/" in page.url:
        page.locator(f"button[name=account][value$='{oid('clinician-one')}']").click()
    page.wait_for_url(f"{world.connector}/api/board?*")
    return page


def answering(page: Page, answer: dict[str, Any]) -> Callable[[], None]:
    """From now on the page is told this of its visit; call what comes back to end that."""
    page.route("**/api/visits/current?*", lambda route: route.fulfill(json=answer))
    return page.unroute_all


def opened_by_clinician(world: Sandbox, appointment: str = "one-to-one") -> Visit:
    """A clinician opens the visit elsewhere."""
    visit = Visit(world, appointment)
    visit.clinician()
    return visit
