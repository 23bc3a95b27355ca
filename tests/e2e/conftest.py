"""The sandbox of the end-to-end tests, and a freshly approved connection in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from sandbox.demo.onboarding import Onboarding
from tests.e2e.browser import IS_LONG, PATIENCE_MS
from tests.e2e.pages import Viewer, chromium_with_devices
from tests.e2e.world import Sandbox
from tests.support.processes import REPOSITORY

HERE = Path(__file__).parent
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """All that is here needs the whole sandbox, and has three minutes; what is long waits until it is asked for."""
    left_out = [] if IS_LONG else [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(180, func_only=True))


@pytest.fixture(scope="session")
def output() -> Path:
    """Where screenshots and the functions' log stay for whoever looks at the run."""
    return Path(os.environ.get("TEST_OUTPUT", REPOSITORY / "test-output"))


@pytest.fixture(scope="session")
def sandbox(azurite: str, output: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """All processes, started once."""
    made = Sandbox(azurite, tmp_path_factory.mktemp("sandbox"))
    try:
        made.start()
        yield made
    finally:
        made.stop()
        if made.log_file.exists():
            output.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made.log_file, output / f"functions-{os.environ.get('PYTEST_XDIST_WORKER', 'e2e')}.log")


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Playwright, once: it allows no second one beside itself in a process."""
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def browser_with_devices(driver: Playwright) -> Iterator[Browser]:
    """One browser with a pretend camera and microphone."""
    with chromium_with_devices(driver) as made:
        yield made


@pytest.fixture
def viewers(browser_with_devices: Browser, output: Path) -> Iterator[Callable[..., Viewer]]:
    """Makes people; their browsers are closed in the end."""
    made: list[Viewer] = []

    def make(language: str = "en", **options: Any) -> Viewer:
        made.append(Viewer.of(browser_with_devices, output / "screenshots", language, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.fixture
def world(sandbox: Sandbox) -> Sandbox:
    """The sandbox, as if nobody had ever been there."""
    sandbox.reset()
    return sandbox


@pytest.fixture
def connection(world: Sandbox) -> dict[str, Any]:
    """A freshly approved connection to the hospital's test environment, its records pasted."""
    return Onboarding(world).all_at_once()


@pytest.fixture(scope="module")
def kept_connection(sandbox: Sandbox) -> dict[str, Any]:
    """The same, for modules whose tests leave nothing behind that another would trip over."""
    sandbox.reset()
    return Onboarding(sandbox).all_at_once()
