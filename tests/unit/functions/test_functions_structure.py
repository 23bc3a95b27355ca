"""The house as the host sees it: exactly these functions, these routes, these queues; and what settings there are."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.edge import Access, doors
from functions.openapi import document
from sandbox.host.settings import seconds
from shared.inbox import AGAIN_AFTER
from shared.settings import Settings
from shared.store.queues import QUEUES

ROOT = Path(__file__).resolve().parents[3]
DOORS = """
GET    connections                            anyone of a tenant
POST   connections                            administrator
POST   connections/check                      administrator
GET    connections/{id}                       reader
PUT    connections/{id}                       administrator
DELETE connections/{id}                       administrator
POST   connections/{id}/suspend               administrator
POST   connections/{id}/resume                administrator
GET    connections/{id}/history               reader
GET    connections/{id}/records               reader
POST   connections/{id}/records/compare       reader
GET    connections/{id}/webhook-secret        administrator
POST   connections/{id}/test-launch           reader
POST   connections/{id}/ehr-sign-in           anyone of a tenant
POST   connections/{id}/approve               anyone of a tenant
POST   connections/{id}/send-back             anyone of a tenant
GET    tenant                                 anyone of a tenant
GET    consent                                reader
POST   consent                                administrator
GET    tenant/export                          administrator
GET    tenant/departure                       administrator
POST   tenant/departure                       administrator
GET    visits/funnel                          reader
GET    writebacks                             reader
POST   writebacks/replay                      administrator
POST   writebacks/{id}/replay                 administrator
GET    assets/{name}                          anyone
GET    board                                  anyone
GET    device-test                            anyone
GET    consent/callback                       anyone
GET    ehr-sign-in/callback                   anyone
GET    health                                 anyone
GET    keys/{environment}/jwks.json           anyone
GET    launch/callback                        anyone
GET    launch/{id}/device-test                anyone
GET    launch/{id}/patient                    anyone
GET    launch/{id}/provider                   anyone
GET    openapi.json                           anyone
GET    privacy                                anyone
GET    sign-in/callback                       anyone
GET    version                                anyone
GET    visit                                  anyone
GET    visits/current                         anyone
GET    visits/current/board                   anyone
POST   graph/lifecycle                        anyone
POST   graph/notifications                    anyone
POST   visits/current/board/handled           anyone
POST   visits/current/devices                 anyone
POST   visits/current/help                    anyone
POST   visits/current/join                    anyone
"""
WORKERS = {
    "deliver_writebacks": "writebacks",
    "park_writebacks": "writebacks-poison",
    "work_notifications": "notifications",
    "park_notifications": "notifications-poison",
}
TIMERS = {
    "renew_subscriptions",
    "sweep_writebacks",
    "reconcile_visits",
    "settle_visits",
    "remove_orphans",
    "rotate_keys",
    "forget_departed",
    "bring_back_parked",
    "bring_back_given_up",
}
HEAVY = ("msal", "azure.identity", "azure.storage.blob", "jwcrypto", "jinja2")
# The host's and the libraries' own; the connector does not read them.
PLATFORM = {
    "FUNCTIONS_WORKER_RUNTIME",
    "PYTHON_THREADPOOL_THREAD_COUNT",
    "AzureWebJobsStorage",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
}
# The same, where the host reaches its storage and telemetry as an identity.
PLATFORM_IN_AZURE = {
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "STORAGE_CONNECTION__credential",
    "STORAGE_CONNECTION__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
}
# Only ever set in Azure: by the platform, and in place of Azurite's connection string.
AZURE_ONLY = {
    "WEBSITE_INSTANCE_ID",
    "KEY_VAULT_URL",
    "DEPARTED_TENANTS",
    "STORAGE_CONNECTION__accountName",
    "STORAGE_CONNECTION__tableServiceUri",
    "STORAGE_CONNECTION__queueServiceUri",
    "STORAGE_CONNECTION__blobServiceUri",
}
WORDS = {
    Access.ANYONE: "anyone",
    Access.TENANT: "anyone of a tenant",
    Access.READER: "reader",
    Access.ADMIN: "administrator",
}


def bindings_of(function: Any) -> list[dict[str, Any]]:
    return [dict(binding.get_dict_repr()) for binding in function.get_bindings()]


@pytest.fixture(scope="module")
def functions() -> dict[str, list[dict[str, Any]]]:
    """Every function that the host would index, with its bindings."""
    from function_app import app  # noqa: PLC0415 - what importing it costs is another test's business

    found = app.get_functions()
    by_name = {str(one.get_function_name()): bindings_of(one) for one in found}
    assert len(by_name) == len(found)
    return by_name


def of_kind(functions: dict[str, list[dict[str, Any]]], kind: str) -> dict[str, dict[str, Any]]:
    return {name: one for name, all_bindings in functions.items() for one in all_bindings if one["type"] == kind}


def test_the_doors_are_these_and_open_to_these(functions: dict[str, list[dict[str, Any]]]) -> None:
    listed = {tuple(re.split(r"\s{2,}|(?<=T|E)\s+", line.strip(), maxsplit=2)) for line in DOORS.strip().splitlines()}
    assert {(one.method, one.route, WORDS[one.access]) for one in doors.all} == listed
    assert len(doors.all) == len(listed)
    triggers = of_kind(functions, "httpTrigger")
    indexed = {(name, one["methods"][0].value, one["route"]) for name, one in triggers.items()}
    assert indexed == {(one.name, one.method, one.route) for one in doors.all}
    assert all(len(one["methods"]) == 1 for one in triggers.values())
    # Who may come in is decided in the decorator and not by keys of the host.
    assert {one["authLevel"].value for one in triggers.values()} == {"anonymous"}


def test_nothing_else_is_indexed(functions: dict[str, list[dict[str, Any]]]) -> None:
    assert set(functions) == {one.name for one in doors.all} | WORKERS.keys() | TIMERS
    assert set(of_kind(functions, "timerTrigger")) == TIMERS


def test_every_queue_has_its_worker_and_its_poison_worker(functions: dict[str, list[dict[str, Any]]]) -> None:
    queues = {name: one["queueName"] for name, one in of_kind(functions, "queueTrigger").items()}
    assert queues == WORKERS
    assert set(queues.values()) == set(QUEUES)
    plain = {name for name in queues.values() if not name.endswith("-poison")}
    assert {f"{name}-poison" for name in plain} == set(queues.values()) - plain
    outputs = of_kind(functions, "queue")
    assert {one["queueName"] for one in outputs.values()} <= plain
    assert set(outputs) == {"graph_notifications", "graph_lifecycle"}
    every = [*outputs.values(), *of_kind(functions, "queueTrigger").values()]
    assert {one["connection"] for one in every} == {"STORAGE_CONNECTION"}


def test_what_is_put_back_by_itself_waits_as_long_as_the_host_would() -> None:
    queues = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["queues"]
    assert seconds(queues["visibilityTimeout"]) == AGAIN_AFTER.total_seconds()


def test_timers_do_not_run_when_an_instance_starts(functions: dict[str, list[dict[str, Any]]]) -> None:
    timers = of_kind(functions, "timerTrigger").values()
    assert {one["runOnStartup"] for one in timers} == {False}
    assert len({one["schedule"] for one in timers}) == len(TIMERS)


def test_more_specific_routes_are_no_connections() -> None:
    """`connections/check` beside `connections/{id}`: a connection id can never be such a word."""
    taken = {one.route.split("/")[1] for one in doors.all if re.fullmatch(r"connections/\w+", one.route)}
    assert taken
    assert all(len(word) != 40 for word in taken)


def names_of_model() -> set[str]:
    return {field.alias or name.upper() for name, field in Settings.model_fields.items()}


def test_the_sample_file_names_every_setting() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))
    assert set(sample["Values"]) == (names_of_model() - AZURE_ONLY) | PLATFORM
    assert all(isinstance(value, str) and value for value in sample["Values"].values())
    assert sample["IsEncrypted"] is False


def test_the_sample_file_makes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))
    for name, value in sample["Values"].items():
        monkeypatch.setenv(name, value)
    found = Settings()
    assert found.allow_loopback_ehr
    assert found.storage_connection == "UseDevelopmentStorage=true"


def test_the_document_names_every_setting() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    # The document also lists what is set per connection, in camelCase.
    documented = set(re.findall(r"^\|\s*`([A-Z][A-Za-z_]+)`\s*\|", text, re.MULTILINE))
    assert documented == names_of_model() | PLATFORM | PLATFORM_IN_AZURE


def test_every_setting_says_what_it_is_for() -> None:
    assert all(len(field.description or "") > 20 for field in Settings.model_fields.values())


def test_importing_the_app_loads_nothing_heavy() -> None:
    code = f"import sys, function_app; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


ORDINARY = """
import sys
from function_app import app
from shared.microsoft.door import client_state
from shared.identifiers import ConnectionKey, TenantKey, VisitKey, new_connection_id
from shared.wiring import connector
parts = connector()
tenant = TenantKey(parts.settings.geography, "11111111-2222-4333-8444-555555555555")
key = VisitKey(ConnectionKey(tenant, new_connection_id(tenant.tenant)), "a" * 32)
item = {"clientState": client_state(parts.sealer, key), "tenantId": tenant.tenant, "encryptedContent": {}}
taken = parts.take_in({"value": [item]})
batch = parts.batches.open(taken.message)
parts.batches.forget(batch)
print(len(batch.items), "azure.storage.blob" in sys.modules, "azure.storage" in sys.modules)
"""


def test_an_ordinary_notification_loads_nothing_of_storage(tmp_path: Path) -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))
    environment = {**os.environ, **sample["Values"], "LOCAL_KEY_DIRECTORY": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ORDINARY],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("1 False False", 0), done.stderr


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        inner = {one for part in value.values() for one in references(part)}
        return inner | ({value["$ref"]} if isinstance(value.get("$ref"), str) else set())
    return {one for part in value for one in references(part)} if isinstance(value, list) else set()


CONTENT = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "object", "required": ["schema"], "properties": {"schema": {"type": "object"}}},
}
# What OpenAPI 3.1.0, sections 4.8.1 to 4.8.27, asks of the objects that we use.
OPENAPI_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "properties": {"title": {"type": "string"}, "version": {"type": "string"}},
        },
        "paths": {
            "type": "object",
            "propertyNames": {"pattern": "^/"},
            "additionalProperties": {
                "type": "object",
                "propertyNames": {"enum": ["get", "put", "post", "delete", "patch"]},
                "additionalProperties": {"$ref": "#/$defs/operation"},
            },
        },
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "schemas": {"type": "object", "propertyNames": {"pattern": r"^[a-zA-Z0-9._-]+$"}},
                "securitySchemes": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["type", "scheme"],
                        "properties": {"type": {"const": "http"}, "scheme": {"const": "bearer"}},
                    },
                },
            },
        },
    },
    "$defs": {
        "operation": {
            "type": "object",
            "required": ["operationId", "responses"],
            "additionalProperties": False,
            "properties": {
                "operationId": {"type": "string"},
                "summary": {"type": "string", "minLength": 1},
                "parameters": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/parameter"}},
                "requestBody": {
                    "type": "object",
                    "required": ["content"],
                    "additionalProperties": False,
                    "properties": {"required": {"type": "boolean"}, "content": CONTENT},
                },
                "responses": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": r"^([1-5](\d\d|XX)|default)$"},
                    "additionalProperties": {
                        "type": "object",
                        "required": ["description"],
                        "additionalProperties": False,
                        "properties": {"description": {"type": "string"}, "content": CONTENT},
                    },
                },
                "security": {"type": "array", "items": {"type": "object"}},
            },
        },
        "parameter": {
            "type": "object",
            "required": ["name", "in", "schema"],
            "properties": {"in": {"enum": ["path", "query", "header", "cookie"]}, "schema": {"type": "object"}},
            "if": {"properties": {"in": {"const": "path"}}},
            "then": {"required": ["required"], "properties": {"required": {"const": True}}},
        },
    },
}


def test_the_openapi_document_is_valid() -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    whole = json.loads(json.dumps(document()))
    faults = [f"{one.json_path}: {one.message}" for one in Draft202012Validator(OPENAPI_SCHEMA).iter_errors(whole)]
    assert faults == []
    for schema in whole["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in references(whole):
        kind, _, name = reference.removeprefix("#/components/").partition("/")
        assert name in whole["components"][kind], reference
    schemes = set(whole["components"]["securitySchemes"])
    operations = [one for methods in whole["paths"].values() for one in methods.values()]
    assert {name for one in operations for part in one.get("security", []) for name in part} == schemes
    assert whole["info"]["version"] == (ROOT / "shared" / "VERSION").read_text(encoding="utf-8").strip()


def test_the_openapi_document_lists_every_door() -> None:
    whole = document()
    listed = {
        (method.upper(), path): one for path, methods in whole["paths"].items() for method, one in methods.items()
    }
    assert set(listed) == {(one.method, f"/api/{one.route}") for one in doors.all}
    for one in doors.all:
        operation = listed[one.method, f"/api/{one.route}"]
        assert operation["operationId"] == one.name
        assert ("security" in operation) == (one.access is not Access.ANYONE)
        assert ("requestBody" in operation) == (one.body is not None)
        declared = [part["name"] for part in operation["parameters"] if part["in"] == "path"]
        assert declared == re.findall(r"{(\w+)}", one.route)
        assert operation["summary"]
    assert len({one["operationId"] for one in listed.values()}) == len(listed)


def test_what_the_portal_takes_for_standard_settings_is_what_the_api_says() -> None:
    kept = ROOT / "portal" / "admin" / "src" / "api" / "default-settings.json"
    wanted = document()["components"]["schemas"]["ConnectionIn"]["properties"]["settings"]["default"]
    assert json.loads(kept.read_text("utf-8")) == wanted
