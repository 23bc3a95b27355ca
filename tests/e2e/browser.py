"""People in a real browser: each with a context of their own, what went wrong in it, and its screenshots."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

DEFAULT = "/usr/bin/chromium"
DESKTOP, PHONE = (1280, 800), (390, 844)
PATIENCE_MS = 30_000
"""How long a page may take for anything: whoever waits for what comes loses nothing, and machines are busy at times."""
SIZES = {"desktop": DESKTOP, "phone": PHONE}


IS_LONG = bool(os.environ.get("TEST_LONG"))
"""Set by `dev.py test --long`: everything in every language, size and scheme."""
LANGUAGES = ["en", pytest.param("zh-CN", marks=pytest.mark.long)]
"""For states of pages whose whole flow has its own test in both languages."""


def is_worth_a_picture(scheme: str, size: str) -> bool:
    """Every combination costs seconds: each scheme and each size has one, and all of them on demand."""
    usual = {("light", "desktop"), ("light", "narrow"), ("dark", "phone")}
    return IS_LONG or (scheme, size) in usual


def launch(playwright: Playwright) -> Browser:
    """The browser that the environment names, else the one of the system, else Playwright's own."""
    path = os.environ.get("CHROMIUM_PATH") or (DEFAULT if Path(DEFAULT).exists() else None)
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    # As root, in a container, Chromium's own sandbox cannot be made.
    arguments = ["--no-sandbox"] if is_root else []
    return playwright.chromium.launch(executable_path=path, args=arguments)


@dataclass
class Person:
    """One person's browser."""

    context: BrowserContext
    folder: Path
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, browser: Browser, folder: Path, locale: str = "en-GB") -> "Person":
        """A fresh one, for a language."""
        width, height = DESKTOP
        context = browser.new_context(locale=locale, viewport={"width": width, "height": height})
        context.set_default_timeout(PATIENCE_MS)
        person = cls(context, folder)
        context.on("console", person._note)
        context.on("weberror", lambda error: person.complaints.append(f"error: {error.error}"))
        return person

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def open(self, url: str) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.goto(url)
        return page

    def shoot(self, page: Page, name: str, *, schemes: tuple[str, ...] = ("light",)) -> None:
        """Screenshots of the page in every size; a page must never be wider than the screen."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for scheme in schemes:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                file = self.folder / "-".join([name, size, *([scheme] if len(schemes) > 1 else [])])
                if is_worth_a_picture(scheme, size):
                    page.screenshot(path=f"{file}.png", full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, f"{name} is {wide} pixels wider than a {size} screen"
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
