"""Fixtures that every kind of test may use."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from sandbox.host.settings import EMULATOR_ACCOUNT, EMULATOR_KEY

# A busy machine is slow, and that is no fault of what is tested.
settings.register_profile("patient", deadline=None)
# For `dev.py mutate`: only whether a test fails counts, and the same mutants must fail each time.
settings.register_profile(
    "mutation", deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "patient"))

SANDBOX = Path(__file__).resolve().parent.parent / "sandbox"
LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """The connection string of an Azurite of this test run's own, empty at first, on free ports."""
    with running_azurite() as connection_string:
        yield connection_string


@contextmanager
def running_azurite() -> Iterator[str]:
    """The connection string of one more Azurite, for as long as it is needed."""
    ports = [part for service in ("blob", "queue", "table") for part in (f"--{service}Port", "0")]
    process = subprocess.Popen(
        ["node", "azurite.mjs", *ports, "--inMemoryPersistence", "--silent", "--exit-with-parent"],
        cwd=SANDBOX,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # Popen's context closes the pipes, and that is what ends Azurite.
    with process:
        yield _connection_string(_endpoints(process))


def _endpoints(process: subprocess.Popen[str]) -> dict[str, str]:
    endpoints: dict[str, str] = {}
    for line in process.stdout or ():
        if found := LISTENING.search(line):
            endpoints[found[1]] = found[2]
        if len(endpoints) == 3:
            return endpoints
    raise RuntimeError("Azurite did not start; is sandbox/node_modules installed (npm ci in sandbox/)?")


def _connection_string(endpoints: dict[str, str]) -> str:
    account = f"DefaultEndpointsProtocol=http;AccountName={EMULATOR_ACCOUNT};AccountKey={EMULATOR_KEY}"
    parts = [f"{service}Endpoint={url}/{EMULATOR_ACCOUNT}" for service, url in endpoints.items()]
    return ";".join([account, *parts])
