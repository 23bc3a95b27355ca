"""The stamps that tests look at: the secure one, and others that differ from it in a few parameters."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.bicep.evaluate import deploy
from tests.support.bicep.values import Deployed

INFRA = Path(__file__).parents[3] / "infra"
_EMPTY = {"amer": "", "emea": "", "apac": ""}
ONE_STAMP: Mapping[str, Any] = {
    "environmentName": "sample",
    "location": "westeurope",
    "regions": {**_EMPTY, "emea": "swedencentral"},
    "apiClientId": "cccccccc-0000-4000-8000-00000000a911",
    "portalClientId": "cccccccc-0000-4000-8000-00000000b0a1",
    "ehrClientIdTest": "eeeeeeee-0000-4000-8000-00000000e0e5",
    "ehrClientIdProduction": "eeeeeeee-0000-4000-8000-00000000e0e6",
    "alertEmails": ["on-call@sample-hospital.example"],
    "budgetStart": "2026-12-01",
}


def in_geography(geography: str, value: str) -> dict[str, str]:
    """A value for one geography, and none for the others."""
    return {**_EMPTY, geography: value}


def stamp(**other: Any) -> Deployed:
    """One stamp with its portal; `other` are parameters of main.bicep."""
    return deploy(INFRA / "main.bicep", {**ONE_STAMP, **other})


def settings_of(deployed: Deployed) -> Mapping[str, Any]:
    """The app settings of its function app."""
    settings: Mapping[str, Any] = deployed.of_type("Microsoft.Web/sites/config")[0].body["properties"]
    return settings
