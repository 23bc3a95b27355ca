"""One set each: settings, queues, tables and containers are the same in code, template, sample file and documents."""

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.identifiers import Environment
from shared.keys import ALGORITHMS
from shared.settings import Settings
from shared.store.blobs import CONTAINERS
from shared.store.queues import QUEUES
from shared.store.tables import TABLES
from shared.telemetry import Event, log
from tests.support.bicep.profiles import INFRA, settings_of, stamp
from tests.support.bicep.rules.watching import queries
from tests.support.bicep.syntax import read
from tests.support.bicep.values import Deployed, Unknown
from tests.support.bindings import bindings, bindings_of, functions

ROOT = Path(__file__).parents[3]
NOT_IN_AZURE: Mapping[str, str] = {
    "STORAGE_CONNECTION": "a connection string holds a key; only Azurite has one",
    "STORAGE_CONNECTION__accountName": "the three endpoints are right in every cloud",
    "ALLOW_LOOPBACK_EHR": "refused in Azure",
    "LOCAL_KEY_DIRECTORY": "refused in Azure",
    "WEBSITE_INSTANCE_ID": "set by Azure itself",
}
NOT_IN_THE_SAMPLE: Mapping[str, str] = {
    "STORAGE_CONNECTION__accountName": "Azurite has a connection string",
    "STORAGE_CONNECTION__tableServiceUri": "Azurite has a connection string",
    "STORAGE_CONNECTION__queueServiceUri": "Azurite has a connection string",
    "STORAGE_CONNECTION__blobServiceUri": "Azurite has a connection string",
    "KEY_VAULT_URL": "goes with no local key directory",
    "DEPARTED_TENANTS": "empty, unless somebody has left",
    "WEBSITE_INSTANCE_ID": "set by Azure itself",
}
SET_BY_AZURE = {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "WEBSITE_INSTANCE_ID"}
OF_FLEX = {"FUNCTIONS_WORKER_RUNTIME": "stands in functionAppConfig.runtime", "AzureWebJobsStorage": "goes by identity"}


@pytest.fixture(scope="module")
def deployed() -> Deployed:
    return stamp()


def of_code() -> list[str]:
    """The names in the environment of the settings class, in its order."""
    return [known.alias or name.upper() for name, known in Settings.model_fields.items()]


def of_sample() -> Mapping[str, str]:
    values: Mapping[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    return values


def of_documents(section: str) -> list[str]:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    part = text.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE)


def last_names(deployed: Deployed, kind: str) -> set[str]:
    return {one.name.rpartition("/")[2] for one in deployed.of_type(f"Microsoft.Storage/storageAccounts/{kind}")}


def test_the_template_sets_every_setting_that_is_not_for_local_work(deployed: Deployed) -> None:
    ours = [name for name in settings_of(deployed) if name in of_code()]
    assert sorted(ours) == sorted(set(of_code()) - set(NOT_IN_AZURE))
    assert set(NOT_IN_AZURE) <= set(of_code())


def test_the_documents_list_the_settings_of_the_code() -> None:
    assert of_documents("The connector's own") == of_code()


def test_the_sample_file_has_every_setting_that_is_for_local_work() -> None:
    assert {name for name in of_sample() if name in of_code()} == set(of_code()) - set(NOT_IN_THE_SAMPLE)
    assert set(NOT_IN_THE_SAMPLE) <= set(of_code())


def test_what_the_platform_reads_is_one_set_too(deployed: Deployed) -> None:
    in_azure = set(settings_of(deployed)) - set(of_code())
    local = set(of_sample()) - set(of_code())
    assert set(of_documents("The platform's")) == in_azure | local | SET_BY_AZURE
    assert local - in_azure == (set(OF_FLEX) | SET_BY_AZURE) - {"WEBSITE_INSTANCE_ID"}


def _known(name: str, value: Any) -> str:
    """What Azure would say in place of what only it knows."""
    if not isinstance(value, Unknown):
        return str(value)
    return "cccccccc-0000-4000-8000-0000000001d0" if name.endswith("_CLIENT_ID") else "https://sample.example/"


def test_the_code_takes_the_settings_of_the_template(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_of(deployed).items():
        monkeypatch.setenv(name, _known(name, value))
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "0123")
    settings = Settings()
    assert settings.geography == "emea"
    assert settings.storage_endpoint("table") == "https://sample.example/"
    assert settings.key_vault_url is not None


def test_what_the_code_has_as_default_is_the_template_s_default(deployed: Deployed) -> None:
    given = settings_of(deployed)
    different = {
        name: (given[name], known.default)
        for name, known in ((known.alias or name.upper(), known) for name, known in Settings.model_fields.items())
        if name in given and known.default and not known.is_required() and not isinstance(given[name], Unknown)
        if str(given[name]).rstrip("/") != str(known.default).rstrip("/")
    }
    assert different == {}


def test_the_tables_are_those_of_the_code(deployed: Deployed) -> None:
    assert last_names(deployed, "tableServices/tables") == set(TABLES)


def test_the_queues_are_those_of_the_code(deployed: Deployed) -> None:
    assert last_names(deployed, "queueServices/queues") == set(QUEUES)


def test_the_containers_are_those_of_the_code_and_that_of_the_package(deployed: Deployed) -> None:
    made = last_names(deployed, "blobServices/containers")
    (site,) = deployed.of_type("Microsoft.Web/sites")
    package = site.body["properties"]["functionAppConfig"]["deployment"]["storage"]["value"]
    assert {name for name in made - set(CONTAINERS) if package.endswith(name)} == made - set(CONTAINERS)
    assert set(CONTAINERS) < made


def test_the_queues_of_the_functions_are_made_and_the_connection_is_set(deployed: Deployed) -> None:
    queued = [binding for binding in bindings() if binding["type"] in ("queueTrigger", "queue")]
    assert {binding["queueName"] for binding in queued} == last_names(deployed, "queueServices/queues")
    for connection in {binding["connection"] for binding in queued}:
        assert settings_of(deployed)[f"{connection}__credential"] == "managedidentity"
        assert f"{connection}__queueServiceUri" in settings_of(deployed)


def test_the_keys_are_those_of_the_code(deployed: Deployed) -> None:
    signing = {f"signing-{env.value}-{algorithm.lower()}" for env in Environment for algorithm in ALGORITHMS}
    made = {one.name.rpartition("/")[2] for one in deployed.of_type("Microsoft.KeyVault/vaults/keys")}
    assert made == signing | {"data"}


def test_nothing_is_deleted_from_where_the_wrapped_data_key_lies(deployed: Deployed) -> None:
    for policy in deployed.of_type("Microsoft.Storage/storageAccounts/managementPolicies"):
        for rule in policy.body["properties"]["policy"]["rules"]:
            prefixes = rule["definition"]["filters"]["prefixMatch"]
            assert prefixes
            assert not [prefix for prefix in prefixes if "keys/".startswith(prefix) or prefix.startswith("keys")]


def test_no_log_line_that_an_alert_waits_for_is_left_out_by_sampling() -> None:
    logging = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["logging"]
    assert logging["applicationInsights"]["samplingSettings"]["isEnabled"] is False
    assert logging["logLevel"]["Function"] == "Information"


def test_the_documents_explain_every_alert_and_no_other(deployed: Deployed) -> None:
    kinds = ("Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts")
    alerts = {one.name.rpartition("-")[0]: one.body["properties"] for kind in kinds for one in deployed.of_type(kind)}
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z]+(?:-[a-z]+)+)` \| (\d) \|", text, re.MULTILINE)
    assert {name: int(severity) for name, severity in told} == {name: one["severity"] for name, one in alerts.items()}
    assert len(told) == len(alerts)


def of_deploy(header: str) -> list[str]:
    """The first column of the table of docs/deploy.md that has this header."""
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    table = text.partition(f"| {header} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_the_documents_explain_every_parameter_and_output() -> None:
    template = read(INFRA / "main.bicep")
    assert of_deploy("Parameter") == [one.name for one in template.of_kind("param")]
    assert of_deploy("Output") == list(template.outputs)


def test_a_parameter_that_must_be_set_stands_as_such_in_the_documents() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    needed = {one.name for one in read(INFRA / "main.bicep").of_kind("param") if one.value is None}
    assert set(re.findall(r"^\| `(\w+)` \| - \|", text, re.MULTILINE)) == needed


def test_the_documents_name_every_module_of_a_stamp() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    modules = {path.name for path in (INFRA / "stamp").glob("*.bicep")} - {"main.bicep"}
    assert modules <= set(re.findall(r"`(\w+\.bicep)`", text))


def test_a_log_line_begins_as_the_alerts_expect(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="connector"):
        log(Event.UPKEEP_DONE, function="rotate_keys", reason="on time")
    assert caplog.messages[-1].startswith("upkeep_done {")
    assert "rotate_" in caplog.messages[-1]


def test_the_timers_that_an_alert_waits_for_are_there(deployed: Deployed) -> None:
    timers = {
        str(function.get_function_name())
        for function in functions()
        if any(binding["type"] == "timerTrigger" for binding in bindings_of(function))
    }
    prefixes = {prefix for query in queries(deployed) for prefix in re.findall(r'Message has "(\w+)"', query)}
    assert prefixes
    assert all(any(name.startswith(prefix) for name in timers) for prefix in prefixes)
