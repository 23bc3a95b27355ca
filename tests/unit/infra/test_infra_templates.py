"""The templates as text and in every profile: they parse, names resolve, guards hold, parameters and outputs fit."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pycep import BicepParser

from tests.support.bicep.evaluate import deploy
from tests.support.bicep.profiles import INFRA, in_geography, stamp
from tests.support.bicep.rules.access import PORTAL_HEADERS, the_door
from tests.support.bicep.rules.every import files, fits, parses, resolves
from tests.support.bicep.rules.secrets import stays_in_the_region
from tests.support.bicep.schema import MODELS, problems
from tests.support.bicep.syntax import errors, read, source
from tests.support.bicep.values import Deployed, RefusedError, WrongError

HOSPITAL = ["192.0.2.0/24"]
GRAPH = ["198.51.100.0/24"]


def site(deployed: Deployed) -> dict[str, Any]:
    properties: dict[str, Any] = deployed.of_type("Microsoft.Web/sites")[0].body["properties"]
    return properties


def test_both_parsers_read_every_template() -> None:
    assert set(files(INFRA)) == set(INFRA.rglob("*.bicep"))
    assert len(files(INFRA)) >= 18
    assert parses(INFRA) == []


@pytest.mark.parametrize("path", files(INFRA), ids=lambda path: path.relative_to(INFRA).as_posix())
def test_both_parsers_find_the_same_declarations(path: Path) -> None:
    template = read(path)
    other: dict[str, Any] = dict(BicepParser().parse(text=source(path)))
    kinds = {"param": "parameters", "var": "variables", "module": "modules", "output": "outputs"}
    for kind, section in kinds.items():
        assert {one.name for one in template.of_kind(kind)} == set(other.get(section, {}))
    outermost = {one.name: one.of for one in template.of_kind("resource") if one.parent is None}
    found = {name: f"{one['type']}@{one['api_version']}" for name, one in other.get("resources", {}).items()}
    assert {name: found[name] for name in outermost} == outermost


def test_every_name_leads_somewhere_and_is_described() -> None:
    assert resolves(INFRA) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("var a = {\n", "line 1"),
        ("var a = b ? c : d.e\n", "brackets are missing"),
        ("var a = b ? c : d[e]\n", "brackets are missing"),
        ("var a = b ? c : (d.e)\n", ""),
    ],
)
def test_what_the_grammar_would_misread_is_an_error(text: str, wrong: str) -> None:
    found = errors(text)
    assert bool(found) == bool(wrong)
    assert all(wrong in one for one in found)


def test_white_space_at_the_end_of_a_string_is_read(tmp_path: Path) -> None:
    file = tmp_path / "sample.bicep"
    file.write_text("var a = join(['b', 'c'], ' ')\noutput d string = '${a} '\noutput e string = ''\n", "utf-8")
    assert deploy(file).outputs == {"d": "b c ", "e": ""}


PROFILES: dict[str, dict[str, Any]] = {
    "for trying out": {"production": False},
    "portal in storage": {"portalKind": "storage", "principalId": "dddddddd-0000-4000-8000-00000000c0de"},
    "copied to the pair": {"storagePairs": in_geography("emea", "swedensouth")},
    "only some come in": {
        "allowedAddresses": HOSPITAL,
        "graphAddresses": GRAPH,
        "blockedAddresses": ["203.0.113.7/32"],
    },
    "behind Front Door": {"frontDoorId": "dddddddd-0000-4000-8000-0000000fd001"},
    "only the pipeline deploys": {"deployerAddresses": ["192.0.2.10/32"]},
    "with its own names": {"publicBaseUrls": in_geography("emea", "https://visits.sample-hospital.example")},
}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_fits_the_models_and_lets_graph_in(profile: str) -> None:
    deployed = stamp(**PROFILES[profile])
    assert fits(deployed) == []
    assert list(the_door(deployed)) == []
    assert list(stays_in_the_region(deployed)) == []


# The door


def test_an_address_list_that_shuts_graph_out_is_refused() -> None:
    with pytest.raises(RefusedError, match="shuts Graph out"):
        stamp(allowedAddresses=HOSPITAL)


def test_who_comes_in() -> None:
    config = site(stamp(**PROFILES["only some come in"]))["siteConfig"]
    assert config["ipSecurityRestrictionsDefaultAction"] == "Deny"
    assert [(one["action"], one["ipAddress"]) for one in config["ipSecurityRestrictions"]] == [
        ("Deny", "203.0.113.7/32"),
        ("Allow", "192.0.2.0/24"),
        ("Allow", "198.51.100.0/24"),
        ("Allow", "ApplicationInsightsAvailability"),
    ]
    config = site(stamp(**PROFILES["behind Front Door"]))["siteConfig"]
    assert config["ipSecurityRestrictionsDefaultAction"] == "Deny"
    (rule,) = config["ipSecurityRestrictions"]
    assert rule["headers"] == {"x-azure-fdid": ["dddddddd-0000-4000-8000-0000000fd001"]}
    config = site(stamp(**PROFILES["only the pipeline deploys"]))["siteConfig"]
    assert config["ipSecurityRestrictionsDefaultAction"] == "Allow"
    assert config["scmIpSecurityRestrictionsDefaultAction"] == "Deny"


def test_a_stamp_for_trying_out_costs_no_network_and_locks_nothing() -> None:
    kinds = {one.type for one in stamp(production=False).resources}
    assert "Microsoft.Network/virtualNetworks" not in kinds
    assert "Microsoft.Authorization/locks" not in kinds
    assert site(stamp(production=False))["virtualNetworkSubnetId"] is None


# Parameters and outputs


@pytest.mark.parametrize(
    "wrong",
    [
        {"apiClientId": "connector"},
        {"alertEmails": []},
        {"budgetStart": "december"},
        {"dailyCapGb": 0},
        {"logDays": 7},
        {"portalKind": "ftp"},
        {"production": "yes"},
        {"environmentName": ""},
        {"capacity": {"alwaysReady": 2}},
    ],
)
def test_what_cannot_be_right_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        stamp(**wrong)


def test_a_parameter_that_is_not_there_is_an_error() -> None:
    with pytest.raises(WrongError, match="no parameter colour"):
        stamp(colour="blue")


def test_azd_gives_every_parameter_that_is_needed_and_none_that_is_not_there() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    known = {one.name: one for one in read(INFRA / "main.bicep").of_kind("param")}
    assert set(given) <= set(known)
    assert {name for name, one in known.items() if one.value is None} <= set(given)


def test_the_parameters_of_azd_are_taken() -> None:
    text = (INFRA / "main.parameters.json").read_text(encoding="utf-8")
    values = {
        "AZURE_ENV_NAME": "sample",
        "AZURE_LOCATION": "westeurope",
        "EMEA_REGION": "swedencentral",
        "ALERT_EMAIL": "on-call@sample-hospital.example",
        "BUDGET_START": "2026-12-01",
        "EHR_CLIENT_ID_TEST": "t",
        "EHR_CLIENT_ID_PRODUCTION": "p",
        "API_CLIENT_ID": "cccccccc-0000-4000-8000-00000000a911",
        "PORTAL_CLIENT_ID": "cccccccc-0000-4000-8000-00000000b0a1",
    }
    filled = re.sub(r"\$\{(\w+)(?:=(\w*))?\}", lambda one: values.get(one[1], one[2] or ""), text)
    given = {name: one["value"] for name, one in json.loads(filled)["parameters"].items()}
    given["production"] = given["production"] == "true"  # azd turns it into what the parameter is
    assert [one["geography"] for one in deploy(INFRA / "main.bicep", given).outputs["STAMPS"]] == ["emea"]


def test_the_outputs_are_what_app_pipeline_and_portal_need() -> None:
    outputs = stamp().outputs
    (one,) = outputs["STAMPS"]
    assert one["publicBaseUrl"] == f"https://{one['functionApp']}.azurewebsites.net"
    assert one["keyVaultUrl"].endswith(".properties.vaultUri")
    assert one["identityPrincipalId"].endswith(".properties.principalId")
    assert one["outboundAddress"].endswith(".properties.ipAddress")
    assert outputs["PORTAL_BASE_URL"].startswith("https://")
    assert outputs["PORTAL_CONFIG"] == {
        "regions": [{"geography": "emea", "apiBaseUrl": one["publicBaseUrl"]}],
        "authority": "https://login.microsoftonline.com/organizations/v2.0",
        "clientId": "cccccccc-0000-4000-8000-00000000b0a1",
        "scope": "api://cccccccc-0000-4000-8000-00000000a911/access_as_user",
    }


def test_the_portal_reads_a_config_of_that_shape() -> None:
    file = Path(__file__).parents[3] / "portal" / "admin" / "public" / "config.json"
    local = json.loads(file.read_text(encoding="utf-8"))
    made = stamp().outputs["PORTAL_CONFIG"]
    assert set(made) == set(local)
    assert set(made["regions"][0]) == set(local["regions"][0])


def test_a_static_web_app_sends_the_same_headers() -> None:
    file = Path(__file__).parents[3] / "portal" / "admin" / "public" / "staticwebapp.config.json"
    assert set(json.loads(file.read_text(encoding="utf-8"))["globalHeaders"]) == PORTAL_HEADERS


def test_names_are_short_enough_and_of_the_right_letters() -> None:
    deployed = stamp(environmentName="a" * 24)
    rules = {
        "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
        "Microsoft.KeyVault/vaults": r"[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]",
        "Microsoft.Web/sites": r"[a-zA-Z0-9-]{2,60}",
        "Microsoft.ManagedIdentity/userAssignedIdentities": r"[a-zA-Z0-9][\w-]{2,127}",
    }
    for kind, pattern in rules.items():
        names = [one.name for one in deployed.of_type(kind)]
        assert names
        assert all(re.fullmatch(pattern, name) for name in names), names
    group = deployed.of_type("Microsoft.Insights/actionGroups")[0].body["properties"]["groupShortName"]
    assert len(group) <= 12


# The checks themselves


def _objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield path
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _objects(inner, (*path, key))


def test_a_member_that_does_not_exist_is_noticed_wherever_it_stands() -> None:
    deployed = stamp(portalKind="storage")
    kinds = {(one.type, one.symbol): one for one in deployed.resources}
    unnoticed = []
    for one in kinds.values():
        for path in _objects(one.body):
            body = copy.deepcopy(dict(one.body))
            place: Any = body
            for key in path:
                place = place[key]
            place["noSuchMember"] = 1
            if not problems(one.type, body):
                unnoticed.append((one.type, *path))
    assert len(kinds) > 40
    assert unnoticed == []


def test_every_type_is_checked_against_a_model() -> None:
    used = {one.type for one in (*stamp().resources, *stamp(portalKind="storage").resources)}
    assert used == set(MODELS)
