"""`python -m scripts.preflight`: looks before a deployment changes anything, and says what to do if it would fail.

Run by `azd provision` and `azd up` (azure.yaml) and by the workflows. Reads the variables of infra/main.parameters.json
from the environment, asks Azure through `az`, and changes nothing.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.az import AzError, az, rest
from scripts.names import StampNames, stamp_names, wanted_regions

ROOT = Path(__file__).resolve().parents[1]
PYTHON = "3.13"
# Flex Consumption joins networks through it; no template names it.
_PROVIDER_OF_FLEX = "Microsoft.App"
_ALWAYS_THERE = frozenset({"Microsoft.Authorization", "Microsoft.Resources"})
_NEEDED = ("AZURE_ENV_NAME", "AZURE_LOCATION", "API_CLIENT_ID", "PORTAL_CLIENT_ID", "ALERT_EMAIL", "BUDGET_START")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Where Azure offers Microsoft.Web/staticSites. The files are served from everywhere.
STATIC_WEB_APPS = ("westus2", "centralus", "eastus2", "westeurope", "eastasia")
# What one new stamp takes, by the names that Azure gives its quotas.
_IN_STORAGE = {"StorageAccounts": 1}
_IN_NETWORK = {
    "VirtualNetworks": 1,
    "NetworkSecurityGroups": 2,
    "StandardSkuPublicIpAddresses": 1,
    "NatGateways": 1,
    "PrivateEndpoints": 4,
}


@dataclass(frozen=True)
class Plan:
    """What is to be deployed, as the environment says."""

    environment: Mapping[str, str]
    azd: bool = False

    @cached_property
    def regions(self) -> dict[str, str]:
        """Region of each geography that is wanted."""
        return wanted_regions(self.environment)

    @property
    def name(self) -> str:
        """Of this environment, as in `test`."""
        return self.environment.get("AZURE_ENV_NAME", "")

    @property
    def production(self) -> bool:
        """Whether zones, a private network and locks are wanted."""
        return self.environment.get("PRODUCTION", "").lower() != "false"

    @property
    def portal_in_storage(self) -> bool:
        """Whether a storage account serves the portal."""
        return self.environment.get("PORTAL_KIND") == "storage"

    @cached_property
    def subscription(self) -> str:
        """The id of the subscription that `az` is signed in to."""
        return str(az("account", "show")["id"])

    @cached_property
    def there_already(self) -> frozenset[str]:
        """Names of what an earlier deployment of this environment made."""
        found = az("resource", "list", "--tag", f"azd-env-name={self.name}")
        return frozenset(str(one["name"]) for one in found)

    def new_stamps(self) -> Iterator[tuple[str, str, StampNames]]:
        """Geography, region and names of each stamp of which the app is not there yet."""
        for geography, region in self.regions.items():
            names = stamp_names(self.subscription, self.name, geography)
            if names.function_app not in self.there_already:
                yield geography, region, names


def variables(plan: Plan) -> Iterator[str]:
    """Everything that has no default is set, and looks like what it is."""
    given = plan.environment
    for name in _NEEDED:
        if not given.get(name, "").strip():
            yield f"{name} is not set. `azd env set {name} …`, or the variable of the environment in GitHub."
    for name in ("API_CLIENT_ID", "PORTAL_CLIENT_ID"):
        if given.get(name) and not _GUID.fullmatch(given[name]):
            yield f"{name} is {given[name]!r}, no client id. Take it from the app registration."
    for name in ("EHR_CLIENT_ID_TEST", "EHR_CLIENT_ID_PRODUCTION"):
        if not given.get(name, "").strip():
            yield f"{name} is not set. The EHR vendor issues it; until then, set a word such as `pending`."
    if given.get("BUDGET_START") and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-01", given["BUDGET_START"]):
        yield f"BUDGET_START is {given['BUDGET_START']!r}. It is the first day of a month, as 2026-12-01."
    if given.get("ALERT_EMAIL") and "@" not in given["ALERT_EMAIL"]:
        yield f"ALERT_EMAIL is {given['ALERT_EMAIL']!r}, no address. Set one that somebody reads."
    if given.get("PRODUCTION", "").lower() not in ("", "true", "false"):
        yield f"PRODUCTION is {given['PRODUCTION']!r}. Set true for patients, false to try things out."


def portal(plan: Plan) -> Iterator[str]:
    """What serves the portal is offered where it is to be made, and somebody can upload the files."""
    kind, location = plan.environment.get("PORTAL_KIND", ""), plan.environment.get("AZURE_LOCATION", "").strip()
    if kind not in ("", "staticWebApp", "storage"):
        yield f"PORTAL_KIND is {kind!r}. Set staticWebApp, or storage."
    elif not plan.portal_in_storage:
        if location and location.replace(" ", "").lower() not in STATIC_WEB_APPS:
            choice = f"Choose one of: {', '.join(STATIC_WEB_APPS)}; stamps have regions of their own"
            yield f"AZURE_LOCATION is {location}, where no Static Web App can be. {choice}."
    elif plan.azd:
        yield "azd cannot upload a portal in storage: deploy it with the pipeline, or set PORTAL_KIND to staticWebApp."
    elif not plan.environment.get("AZURE_PRINCIPAL_ID", "").strip():
        yield "AZURE_PRINCIPAL_ID is not set, so nobody may upload the portal. Set the pipeline identity's object id."


def subscription(plan: Plan) -> Iterator[str]:
    """`az` is signed in, to the subscription that is meant."""
    meant = plan.environment.get("AZURE_SUBSCRIPTION_ID", "")
    if meant and plan.subscription.lower() != meant.lower():
        yield f"`az` is signed in to subscription {plan.subscription}. Run `az account set --subscription {meant}`."


def regions(plan: Plan) -> Iterator[str]:
    """Each region lies in its geography, and a pair to copy to is the region's own."""
    known = json.loads((ROOT / "infra" / "regions.json").read_text("utf-8"))
    if not plan.regions:
        yield "No geography has a region. Set AMER_REGION, EMEA_REGION or APAC_REGION, for each that you need."
    for geography, region in plan.regions.items():
        variable = f"{geography.upper()}_REGION"
        if region not in known[geography]:
            choice = ", ".join(known[geography])
            yield f"{variable} is {region}, which does not lie in {geography}. Choose one of: {choice}."
            continue
        pair, own = plan.environment.get(f"{geography.upper()}_STORAGE_PAIR", ""), known[geography][region]
        if pair and pair != own:
            say = f"Set {own}, or nothing" if own else "This region has none: set nothing"
            yield f"{geography.upper()}_STORAGE_PAIR is {pair}, not the pair of {region}. {say}."


def flex(plan: Plan) -> Iterator[str]:
    """Each region runs Flex Consumption with our Python, and in zones where they are wanted."""
    zones = ["--zone-redundant", "true"] if plan.production else []
    offered = {str(one["name"]) for one in az("functionapp", "list-flexconsumption-locations", *zones)}
    for geography, region in plan.regions.items():
        where = f"{region} ({geography})"
        if region not in offered:
            what = "Flex Consumption in zones" if zones else "Flex Consumption"
            yield f"{where} does not offer {what}. Choose another region of {geography}."
            continue
        words = ("--location", region, "--runtime", "python")
        versions = {str(one["version"]) for one in az("functionapp", "list-flexconsumption-runtimes", *words)}
        if PYTHON not in versions:
            yield f"{where} does not run Python {PYTHON} yet. Choose another region of {geography}."


def providers(plan: Plan) -> Iterator[str]:
    """The subscription may use every kind of resource that the templates name."""
    registered = {
        str(one["namespace"]).lower() for one in az("provider", "list") if one["registrationState"] == "Registered"
    }
    for name in sorted(needed_providers(in_storage=plan.portal_in_storage)):
        if name.lower() not in registered:
            yield f"{name} is not registered. Run `az provider register --namespace {name} --wait`."


def needed_providers(*, in_storage: bool) -> set[str]:
    """The namespaces in infra/: Front Door only where a storage account serves the portal."""
    files = [*(ROOT / "infra").glob("*.bicep"), *(ROOT / "infra" / "stamp").glob("*.bicep")]
    named = {found for file in files for found in re.findall(r"'(Microsoft\.\w+)/[\w/]+@", file.read_text("utf-8"))}
    return (named | {_PROVIDER_OF_FLEX}) - _ALWAYS_THERE - (set() if in_storage else {"Microsoft.Cdn"})


def quota(plan: Plan) -> Iterator[str]:
    """Each new stamp fits into what the subscription may have in its region."""
    for geography, region, _ in plan.new_stamps():
        taken = {"Microsoft.Storage": _IN_STORAGE} | ({"Microsoft.Network": _IN_NETWORK} if plan.production else {})
        for provider, wanted in taken.items():
            for name, free in _free(provider, region).items():
                if free < wanted.get(name, 0):
                    yield f"{region} ({geography}): {name}, {wanted[name]} needed, {free} left. Ask for more quota."
        # How Azure calls this row is not public: any that speaks of Flex counts.
        for name, free in _free("Microsoft.Web", region).items():
            if "flex" in name.lower() and free <= 0:
                yield f"{region} ({geography}): {name} is used up. Ask for more quota, or choose another region."


def _free(provider: str, region: str) -> dict[str, int]:
    versions = {"Microsoft.Storage": "2024-01-01", "Microsoft.Network": "2024-05-01", "Microsoft.Web": "2024-11-01"}
    path = f"/subscriptions/{{subscriptionId}}/providers/{provider}/locations/{region}/usages"
    found = rest("get", f"{path}?api-version={versions[provider]}")
    return {str(one["name"]["value"]): int(one["limit"]) - int(one["currentValue"]) for one in found["value"]}


def names(plan: Plan) -> Iterator[str]:
    """What is named world-wide in a new stamp is not taken, nor kept back by what was deleted."""
    for _, _, stamp in plan.new_stamps():
        for provider, kind, name in (
            ("Microsoft.Web/checknameavailability?api-version=2024-11-01", "Site", stamp.function_app),
            (
                "Microsoft.Storage/checkNameAvailability?api-version=2024-01-01",
                "Microsoft.Storage/storageAccounts",
                stamp.storage_account,
            ),
            (
                "Microsoft.KeyVault/checkNameAvailability?api-version=2023-07-01",
                "Microsoft.KeyVault/vaults",
                stamp.vault,
            ),
        ):
            if name in plan.there_already:
                continue
            path = f"/subscriptions/{{subscriptionId}}/providers/{provider}"
            answer: dict[str, Any] = rest("post", path, {"name": name, "type": kind})
            if not answer["nameAvailable"]:
                yield f"{name} cannot be had: {answer.get('message') or answer.get('reason')} {_way_out(kind, name)}"


def _way_out(kind: str, name: str) -> str:
    if kind.endswith("vaults"):
        return f"If you deleted it: `az keyvault recover --name {name}`. Else choose another AZURE_ENV_NAME."
    return "Choose another AZURE_ENV_NAME."


Check = Callable[[Plan], Iterator[str]]
CHECKS: Sequence[tuple[str, Check]] = (
    ("variables are set", variables),
    ("the portal can be made and uploaded", portal),
    ("the subscription is the one that is meant", subscription),
    ("regions lie in their geographies", regions),
    ("regions offer what is needed", flex),
    ("providers are registered", providers),
    ("quota is enough", quota),
    ("names are free", names),
)


def main(words: list[str], environment: Mapping[str, str]) -> int:
    """Run every check, so that one visit to a colleague is enough; 0 if a deployment can begin."""
    parser = argparse.ArgumentParser("python -m scripts.preflight", description=__doc__)
    parser.add_argument("--azd", action="store_true", help="azd is what deploys")
    plan = Plan(environment, parser.parse_args(words).azd)
    bad = 0
    for title, check in CHECKS:
        try:
            problems = list(check(plan))
        except AzError as said:
            problems = [str(said)]
        bad += len(problems)
        print(f"{'STOP' if problems else 'ok  '}  {title}")
        for problem in problems:
            print(f"      {problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
