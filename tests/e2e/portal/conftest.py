"""The sandbox with the portal beside it, and people before it."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from tests.conftest import SANDBOX, _connection_string, _endpoints
from tests.e2e.browser import Person, launch
from tests.e2e.portal.support import LOCALES, PortalSandbox, Reader

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every page is photographed and examined in two themes and two sizes: that takes its time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="package")
def own_storage() -> Iterator[str]:
    """An Azurite that no other functions host listens to: a queue's message goes to whoever is first."""
    ports = [part for service in ("blob", "queue", "table") for part in (f"--{service}Port", "0")]
    with subprocess.Popen(
        ["node", "azurite.mjs", *ports, "--inMemoryPersistence", "--silent", "--exit-with-parent"],
        cwd=SANDBOX,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield _connection_string(_endpoints(process))


@pytest.fixture(scope="package")
def portal_sandbox(own_storage: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalSandbox]:
    """All processes and the portal, started once."""
    made = PortalSandbox(own_storage, tmp_path_factory.mktemp("portal"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def world(portal_sandbox: PortalSandbox) -> PortalSandbox:
    """The sandbox, as if nobody had ever been there."""
    portal_sandbox.reset()
    return portal_sandbox


@pytest.fixture(scope="package")
def browser(driver: Playwright) -> Iterator[Browser]:
    """One browser for this folder."""
    made = launch(driver)
    yield made
    made.close()


@pytest.fixture
def people(world: PortalSandbox, browser: Browser, output: Path) -> Iterator[Callable[[str], Reader]]:
    """Makes people who read a language; in the end none of them may have seen an unexpected complaint."""
    made: list[Person] = []

    def make(language: str) -> Reader:
        made.append(Person.of(browser, output / "screenshots", LOCALES[language]))
        return Reader.of(world, made[-1], language)

    yield make
    complaints = [complaint for person in made for complaint in person.complaints]
    for person in made:
        person.context.close()
    assert complaints == []
