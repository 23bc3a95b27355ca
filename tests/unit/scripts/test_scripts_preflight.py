"""Before anything is changed: each check has a case in which it passes, and one in which it says what to do."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from scripts import parameters, preflight
from scripts.names import stamp_names
from tests.support.commands import Command

ROOT = Path(__file__).parents[3]
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
ENVIRONMENT = {
    "AZURE_ENV_NAME": "sample",
    "AZURE_LOCATION": "westeurope",
    "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
    "AMER_REGION": "eastus2",
    "EMEA_REGION": "swedencentral",
    "API_CLIENT_ID": "cccccccc-0000-4000-8000-00000000a911",
    "PORTAL_CLIENT_ID": "cccccccc-0000-4000-8000-00000000b0a1",
    "EHR_CLIENT_ID_TEST": "pending",
    "EHR_CLIENT_ID_PRODUCTION": "pending",
    "ALERT_EMAIL": "on-call@sample-hospital.example",
    "BUDGET_START": "2026-12-01",
}
AMER = stamp_names(SUBSCRIPTION, "sample", "amer")
EMEA = stamp_names(SUBSCRIPTION, "sample", "emea")
PLENTY = 100


def usages(**left: int) -> dict[str, Any]:
    return {
        "value": [
            {"name": {"value": name, "localizedValue": name}, "limit": PLENTY, "currentValue": PLENTY - free}
            for name, free in left.items()
        ]
    }


def answers() -> dict[str, Any]:
    registered = preflight.needed_providers(in_storage=True)
    return {
        "account show": {"id": SUBSCRIPTION},
        "resource list": [],
        "list-flexconsumption-locations": [{"name": "eastus2"}, {"name": "swedencentral"}, {"name": "uksouth"}],
        "list-flexconsumption-runtimes": [{"version": "3.12"}, {"version": "3.13"}],
        "provider list": [{"namespace": name, "registrationState": "Registered"} for name in registered],
        "Microsoft.Storage/locations": usages(StorageAccounts=9),
        "Microsoft.Network/locations": usages(VirtualNetworks=9, NatGateways=9, PrivateEndpoints=9),
        "Microsoft.Web/locations": usages(Flex=9),
        "checknameavailability": {"nameAvailable": True},
        "checkNameAvailability": {"nameAvailable": True},
    }


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    command = Command(tmp_path, "az", answers())
    command.install(monkeypatch)
    return command


def problems(check: preflight.Check, **environment: str) -> list[str]:
    return list(check(preflight.Plan({**ENVIRONMENT, **environment})))


def test_all_is_well_and_nothing_was_changed(az: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert preflight.main([], ENVIRONMENT) == 0
    assert capsys.readouterr().out.splitlines() == [f"ok    {title}" for title, _ in preflight.CHECKS]
    reading = ("account show", "resource list", "functionapp list-", "provider list", "rest --method get")
    changing = [
        words for words in az.asked if not words.startswith(reading) and "nameavailability" not in words.lower()
    ]
    assert changing == []


def test_everything_that_is_wrong_is_told_at_once(az: Command, capsys: pytest.CaptureFixture[str]) -> None:
    az.fail("provider list", "ERROR: (AuthorizationFailed) The client may not read.")
    assert preflight.main([], {**ENVIRONMENT, "EMEA_REGION": "eastus2", "ALERT_EMAIL": ""}) == 1
    told = capsys.readouterr().out
    assert "ALERT_EMAIL is not set" in told
    assert "does not lie in emea" in told
    assert "`az provider list` failed: ERROR: (AuthorizationFailed)" in told
    assert told.count("STOP") == 3


def test_without_az_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert preflight.main([], ENVIRONMENT) == 1
    assert "`az` is not on PATH" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"AZURE_ENV_NAME": ""}, "AZURE_ENV_NAME is not set. `azd env set AZURE_ENV_NAME …`"),
        ({"AZURE_LOCATION": " "}, "AZURE_LOCATION is not set"),
        ({"API_CLIENT_ID": "my app"}, "API_CLIENT_ID is 'my app', no client id. Take it from the app registration."),
        ({"EHR_CLIENT_ID_TEST": ""}, "EHR_CLIENT_ID_TEST is not set. The EHR vendor issues it"),
        ({"BUDGET_START": "2026-12-24"}, "It is the first day of a month"),
        ({"ALERT_EMAIL": "on-call"}, "no address. Set one that somebody reads."),
        ({"PRODUCTION": "yes"}, "PRODUCTION is 'yes'. Set true for patients, false to try things out."),
    ],
)
def test_a_variable_that_is_missing_or_wrong(wrong: dict[str, str], told: str) -> None:
    assert problems(preflight.variables) == []
    found = problems(preflight.variables, **wrong)
    assert len(found) == 1
    assert told in found[0]


def test_another_subscription_than_the_one_that_is_meant(az: Command) -> None:
    assert problems(preflight.subscription) == []
    assert problems(preflight.subscription, AZURE_SUBSCRIPTION_ID=SUBSCRIPTION.upper()) == []
    other = "00000000-0000-4000-8000-000000000002"
    assert problems(preflight.subscription, AZURE_SUBSCRIPTION_ID=other) == [
        f"`az` is signed in to subscription {SUBSCRIPTION}. Run `az account set --subscription {other}`."
    ]
    assert az.asked


def test_a_static_web_app_is_made_where_there_are_some() -> None:
    for region in preflight.STATIC_WEB_APPS:
        assert problems(preflight.portal, AZURE_LOCATION=region) == []
        assert list(preflight.portal(preflight.Plan({**ENVIRONMENT, "AZURE_LOCATION": region}, azd=True))) == []
    assert problems(preflight.portal, AZURE_LOCATION="West Europe", PORTAL_KIND="staticWebApp") == []
    [told] = problems(preflight.portal, AZURE_LOCATION="swedencentral")
    assert told.startswith("AZURE_LOCATION is swedencentral, where no Static Web App can be. Choose one of: westus2, ")


def test_a_portal_in_storage_goes_anywhere_if_somebody_may_upload_it() -> None:
    identity = "dddddddd-0000-4000-8000-00000000c0de"
    in_storage = {"PORTAL_KIND": "storage", "AZURE_LOCATION": "swedencentral"}
    assert problems(preflight.portal, **in_storage, AZURE_PRINCIPAL_ID=identity) == []
    [told] = problems(preflight.portal, **in_storage)
    assert told.startswith("AZURE_PRINCIPAL_ID is not set, so nobody may upload the portal.")


def test_azd_is_stopped_before_it_makes_a_portal_that_it_cannot_upload(
    az: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    in_storage = {"PORTAL_KIND": "storage", "AZURE_PRINCIPAL_ID": "dddddddd-0000-4000-8000-00000000c0de"}
    assert preflight.main([], {**ENVIRONMENT, **in_storage}) == 0
    assert preflight.main(["--azd"], {**ENVIRONMENT, **in_storage}) == 1
    assert "azd cannot upload a portal in storage: deploy it with the pipeline" in capsys.readouterr().out
    assert az.asked


def test_another_kind_of_portal_is_refused() -> None:
    [told] = problems(preflight.portal, PORTAL_KIND="ftp")
    assert told == "PORTAL_KIND is 'ftp'. Set staticWebApp, or storage."


def test_a_region_outside_its_geography() -> None:
    assert problems(preflight.regions) == []
    [told] = problems(preflight.regions, EMEA_REGION="eastus2")
    assert told.startswith("EMEA_REGION is eastus2, which does not lie in emea. Choose one of: francecentral, ")


def test_no_region_at_all() -> None:
    [told] = problems(preflight.regions, EMEA_REGION="", AMER_REGION="")
    assert told.startswith("No geography has a region. Set AMER_REGION, EMEA_REGION or APAC_REGION")


def test_a_pair_that_is_not_the_pair_of_the_region() -> None:
    assert problems(preflight.regions, EMEA_STORAGE_PAIR="swedensouth") == []
    assert problems(preflight.regions, EMEA_STORAGE_PAIR="northeurope") == [
        "EMEA_STORAGE_PAIR is northeurope, not the pair of swedencentral. Set swedensouth, or nothing."
    ]
    assert problems(preflight.regions, EMEA_REGION="italynorth", EMEA_STORAGE_PAIR="northeurope") == [
        "EMEA_STORAGE_PAIR is northeurope, not the pair of italynorth. This region has none: set nothing."
    ]


def test_a_region_without_flex_consumption(az: Command) -> None:
    assert problems(preflight.flex) == []
    assert problems(preflight.flex, EMEA_REGION="qatarcentral") == [
        "qatarcentral (emea) does not offer Flex Consumption in zones. Choose another region of emea."
    ]
    assert any("--zone-redundant true" in words for words in az.asked)


def test_zones_are_only_asked_for_in_production(az: Command) -> None:
    [told] = problems(preflight.flex, EMEA_REGION="qatarcentral", PRODUCTION="false")
    assert "does not offer Flex Consumption. Choose" in told
    assert not any("--zone-redundant" in words for words in az.asked)


def test_a_region_without_our_python(az: Command) -> None:
    az.answer(**{"list-flexconsumption-runtimes … swedencentral": [{"version": "3.12"}]})
    assert problems(preflight.flex) == [
        "swedencentral (emea) does not run Python 3.13 yet. Choose another region of emea."
    ]


def test_a_provider_that_is_not_registered(az: Command) -> None:
    assert problems(preflight.providers) == []
    states = [dict(one) for one in answers()["provider list"]]
    for one in states:
        if one["namespace"] == "Microsoft.App":
            one["registrationState"] = "NotRegistered"
    az.answer(**{"provider list": states})
    assert problems(preflight.providers) == [
        "Microsoft.App is not registered. Run `az provider register --namespace Microsoft.App --wait`."
    ]


def test_front_door_is_only_needed_where_a_storage_account_serves_the_portal() -> None:
    plain = preflight.needed_providers(in_storage=False)
    assert {"Microsoft.Web", "Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.App"} <= plain
    assert preflight.needed_providers(in_storage=True) - plain == {"Microsoft.Cdn"}


@pytest.mark.parametrize(
    ("key", "left", "told"),
    [
        ("Microsoft.Storage/locations/eastus2", {"StorageAccounts": 0}, "StorageAccounts, 1 needed, 0 left"),
        ("Microsoft.Network/locations/eastus2", {"PrivateEndpoints": 3}, "PrivateEndpoints, 4 needed, 3 left"),
        ("Microsoft.Web/locations/eastus2", {"FlexConsumption cores": 0}, "FlexConsumption cores is used up"),
    ],
)
def test_a_quota_that_is_used_up(az: Command, key: str, left: dict[str, int], told: str) -> None:
    assert problems(preflight.quota) == []
    az.answer(**{key: usages(**left)})
    [found] = problems(preflight.quota)
    assert found.startswith("eastus2 (amer): ")
    assert told in found
    assert "Ask for more quota" in found


def test_a_stamp_that_is_there_already_needs_no_quota_and_no_name(az: Command) -> None:
    there = [{"name": AMER.function_app}, {"name": EMEA.function_app}]
    az.answer(**{"resource list": there, "Microsoft.Storage/locations": usages(StorageAccounts=0)})
    assert problems(preflight.quota) == []
    assert problems(preflight.names) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (EMEA.function_app, "Choose another AZURE_ENV_NAME."),
        (EMEA.storage_account, "Choose another AZURE_ENV_NAME."),
        (EMEA.vault, f"If you deleted it: `az keyvault recover --name {EMEA.vault}`."),
    ],
)
def test_a_name_that_is_taken(az: Command, name: str, told: str) -> None:
    assert problems(preflight.names) == []
    refused = {"nameAvailable": False, "reason": "AlreadyExists", "message": "It is in use."}
    # Longer than the general answer, so that it wins.
    az.answer(**{f"NameAvailability … {name}": refused, f"nameavailability … {name}": refused})
    [found] = problems(preflight.names)
    assert found.startswith(f"{name} cannot be had: It is in use. ")
    assert told in found


def test_what_a_broken_first_attempt_has_left_is_ours(az: Command) -> None:
    refused = {"nameAvailable": False, "reason": "AlreadyExists"}
    az.answer(
        **{"resource list": [{"name": EMEA.vault}], f"NameAvailability … {EMEA.vault}": refused},
    )
    assert problems(preflight.names) == []


def test_the_hook_and_the_workflow_run_it() -> None:
    lines = (ROOT / "azure.yaml").read_text("utf-8").splitlines()
    told = [line.partition("scripts.preflight")[2] for line in lines if "scripts.preflight" in line]
    assert told == [" --azd", " --azd"]
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    assert "python -m scripts.preflight\n" in release


def test_the_documentation_has_every_check() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert [title for title, _ in preflight.CHECKS if f"| {title} |" not in text] == []


def test_every_variable_that_has_no_default_is_checked() -> None:
    template = json.loads(parameters.FILE.read_text("utf-8"))
    bicep = (ROOT / "infra" / "main.bicep").read_text("utf-8")
    needed = set()
    for name, entry in template["parameters"].items():
        declaration = next(line for line in bicep.splitlines() if line.startswith(f"param {name} "))
        if "=" not in declaration and isinstance(entry["value"], str | list):
            needed |= parameters.needed(entry["value"])
    without = {name: "" for name in ENVIRONMENT if not name.endswith("_REGION")}
    told = " ".join(problems(preflight.variables, **without))
    assert {name for name in needed if f"{name} is not set" not in told} == set()
