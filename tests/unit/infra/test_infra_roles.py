"""Every role of the identity is needed by a call in the code, and every call has its role.

What the code calls is read from the code: each method of a storage client, each request to the vault, each binding.
"""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.support.bicep.profiles import settings_of, stamp
from tests.support.bicep.rules.access import ASSIGNMENTS, BUILT_IN, DEFINITIONS
from tests.support.bicep.rules.secrets import of_stamps
from tests.support.bicep.values import Deployed
from tests.support.bindings import bindings

ROOT = Path(__file__).parents[3]
TABLES, BLOBS = "Storage Table Data Contributor", "Storage Blob Data Owner"
SENDER, READER = "Storage Queue Data Message Sender", "Storage Queue Data Reader"
PROCESSOR, TELEMETRY = "Storage Queue Data Message Processor", "Monitoring Metrics Publisher"

CLIENTS = {
    "azure.data.tables": ("TableServiceClient", "TableClient"),
    "azure.storage.queue": ("QueueClient",),
    "azure.storage.blob": ("ContainerClient", "BlobClient"),
}
NO_REQUEST = {"from_connection_string", "get_table_client", "get_blob_client"}
"""Methods of those clients that ask nothing of storage."""
ONLY_LOCAL = {"create_table_if_not_exists", "create_queue", "create_container"}
"""Where there is a connection string, which is Azurite's; in Azure the template makes these."""
ROLE_OF_CALL: Mapping[str, str] = {
    "list_tables": TABLES,
    "query_entities": TABLES,
    "get_entity": TABLES,
    "create_entity": TABLES,
    "upsert_entity": TABLES,
    "update_entity": TABLES,
    "delete_entity": TABLES,
    "submit_transaction": TABLES,
    "send_message": SENDER,
    "get_queue_properties": READER,
    "upload_blob": BLOBS,
    "download_blob": BLOBS,
    "delete_blob": BLOBS,
    "list_blobs": BLOBS,
    "set_blob_metadata": BLOBS,
}
ROLES_OF_BINDING: Mapping[str, set[str]] = {"queueTrigger": {READER, PROCESSOR}, "queue": {SENDER}}
"""Microsoft Learn, "Azure Queue storage trigger and bindings": permissions of an identity-based connection."""
ROLE_OF_SETTING: Mapping[str, str] = {
    "AzureWebJobsStorage__credential": BLOBS,  # the host's own storage: leases of timers and of the single instance
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": TELEMETRY,
}
ACTION_OF_REQUEST = (
    ("GET", r"keys/.*", "keys/read"),
    ("POST", r"keys/[^/]*/create", "keys/create/action"),
    ("PATCH", r"keys/.*", "keys/update/action"),
    ("POST", r"keys/[^/]*/[^/]*/sign", "keys/sign/action"),
    ("POST", r"keys/[^/]*/[^/]*/wrapkey", "keys/wrap/action"),
    ("POST", r"keys/[^/]*/[^/]*/unwrapkey", "keys/unwrap/action"),
    ("GET", r"certificates/.*", "certificates/read"),
    ("POST", r"certificates/[^/]*/create", "certificates/create/action"),
    ("PATCH", r"certificates/.*", "certificates/update/action"),
    ("GET", r"secrets/.*", "secrets/getSecret/action"),
)
"""Key Vault REST API 7.4 and "Azure permissions for Security": which data action a request needs."""
KINDS = ("keys", "certificates")


@pytest.fixture(scope="module")
def deployed() -> Deployed:
    return stamp()


@cache
def code() -> Mapping[str, ast.Module]:
    files = [*sorted((ROOT / "shared").rglob("*.py")), *sorted((ROOT / "functions").rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def storage_calls() -> Iterator[str]:
    """Methods of storage clients that the code calls: in the store, and elsewhere on the connector's `tables`."""
    known = {
        name
        for module, classes in CLIENTS.items()
        for one in classes
        for name in dir(getattr(importlib.import_module(module), one))
        if not name.startswith("_") and name != "close"
    }
    for file, module in code().items():
        for node in ast.walk(module):
            if not isinstance(node, ast.Attribute) or node.attr not in known:
                continue
            if file.startswith("shared/store/") or ast.unparse(node.value).endswith(".tables"):
                yield node.attr


def vault_requests() -> Iterator[tuple[str, str]]:
    """Method and path of every request to the vault; what is filled in stands as `*`, each kind of object by itself."""
    for file, module in code().items():
        if file == "shared/vault.py":
            continue  # sends what it is told
        for function in ast.walk(module):
            if isinstance(function, ast.FunctionDef):
                yield from _requests_of(function)


def _requests_of(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    paths = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith(("_vault.send", "_vault.listed")):
            continue
        method, path = ("GET", node.args[0]) if ast.unparse(node.func).endswith("listed") else _method(node)
        path = paths.get(path.id, path) if isinstance(path, ast.Name) else path
        for kind in KINDS:
            text = _path(path, kind)
            if text.startswith(f"{kind}/") or kind == KINDS[0]:
                yield method, text


def _method(call: ast.Call) -> tuple[str, ast.expr]:
    method, path = call.args[0], call.args[1]
    assert isinstance(method, ast.Constant)
    return str(method.value), path


def _path(path: ast.expr, kind: str) -> str:
    """`kind` goes where the code fills in the kind of object, in front."""
    if isinstance(path, ast.Constant):
        return str(path.value)
    assert isinstance(path, ast.JoinedStr), ast.unparse(path)
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in path.values)
    return kind + text[1:] if text.startswith("*/") else text


def actions_needed() -> set[str]:
    needed = set()
    for method, path in vault_requests():
        found = [
            action for verb, pattern, action in ACTION_OF_REQUEST if verb == method and re.fullmatch(pattern, path)
        ]
        assert found, f"no role is known for {method} {path}"
        needed.update(found)
    return needed


def actions_given(deployed: Deployed) -> set[str]:
    (role,) = deployed.of_type(DEFINITIONS)
    (permission,) = role.body["properties"]["permissions"]
    return {action.removeprefix("Microsoft.KeyVault/vaults/") for action in permission["dataActions"]}


def roles_given(deployed: Deployed) -> list[str]:
    ids = [one.body["properties"]["roleDefinitionId"].rpartition("/")[2] for one in of_stamps(deployed, ASSIGNMENTS)]
    return [BUILT_IN[one] for one in ids if one in BUILT_IN]


def roles_needed(deployed: Deployed) -> set[str]:
    kinds = {binding["type"] for binding in bindings()}
    return (
        {ROLE_OF_CALL[call] for call in storage_calls() if call in ROLE_OF_CALL}
        | {role for kind in kinds for role in ROLES_OF_BINDING.get(kind, ())}
        | {role for setting, role in ROLE_OF_SETTING.items() if setting in settings_of(deployed)}
    )


def test_for_every_call_to_storage_a_role_is_known() -> None:
    calls = set(storage_calls())
    assert calls - NO_REQUEST - ONLY_LOCAL - set(ROLE_OF_CALL) == set()
    assert len(calls) > 10


def test_what_only_azurite_is_asked_stands_behind_its_connection_string() -> None:
    for file, module in code().items():
        for function in ast.walk(module):
            if isinstance(function, ast.FunctionDef):
                makes = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)} & ONLY_LOCAL
                assert not makes or "this is for local work" in (ast.get_docstring(function) or ""), file


def test_the_roles_are_those_that_the_calls_need(deployed: Deployed) -> None:
    given = roles_given(deployed)
    assert len(given) == len(set(given))
    assert set(given) == roles_needed(deployed)


def test_the_data_actions_at_the_vault_are_those_that_the_requests_need(deployed: Deployed) -> None:
    assert actions_given(deployed) == actions_needed()


def test_every_role_is_given_where_the_calls_go(deployed: Deployed) -> None:
    for one in of_stamps(deployed, ASSIGNMENTS):
        role = BUILT_IN.get(one.body["properties"]["roleDefinitionId"].rpartition("/")[2], "Key Vault")
        place = "Microsoft.KeyVault/vaults" if role == "Key Vault" else "Microsoft.Storage/storageAccounts"
        assert one.scope.startswith(f"<{'Microsoft.Insights/components' if role == TELEMETRY else place}:")
