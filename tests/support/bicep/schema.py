"""What Microsoft's own models (`azure-mgmt-*`) say of a resource type: members, which must be there, and enum values.

Two generations of generated models are read: the older with `_attribute_map`, the newer with typed class members.
"""

import enum
import importlib
import re
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

_ESCAPED_DOT = "\\."
MODELS: Mapping[str, str] = {
    "Microsoft.Authorization/locks": "resource.locks:ManagementLockObject",
    "Microsoft.Authorization/roleAssignments": "authorization.v2022_04_01:RoleAssignmentCreateParameters",
    "Microsoft.Authorization/roleDefinitions": "authorization.v2022_04_01:RoleDefinition",
    "Microsoft.Cdn/profiles": "cdn:Profile",
    "Microsoft.Cdn/profiles/afdEndpoints": "cdn:AFDEndpoint",
    "Microsoft.Cdn/profiles/afdEndpoints/routes": "cdn:Route",
    "Microsoft.Cdn/profiles/originGroups": "cdn:AFDOriginGroup",
    "Microsoft.Cdn/profiles/originGroups/origins": "cdn:AFDOrigin",
    "Microsoft.Cdn/profiles/ruleSets": "cdn:RuleSet",
    "Microsoft.Cdn/profiles/ruleSets/rules": "cdn:Rule",
    "Microsoft.Consumption/budgets": "consumption:Budget",
    "Microsoft.Insights/actionGroups": "monitor.v2023_01_01:ActionGroupResource",
    "Microsoft.Insights/components": "applicationinsights.v2020_02_02:ApplicationInsightsComponent",
    "Microsoft.Insights/diagnosticSettings": "monitor.v2021_05_01_preview:DiagnosticSettingsResource",
    "Microsoft.Insights/metricAlerts": "monitor.v2018_03_01:MetricAlertResource",
    "Microsoft.Insights/scheduledQueryRules": "monitor.v2022_08_01_preview:ScheduledQueryRuleResource",
    "Microsoft.Insights/webtests": "applicationinsights.v2022_06_15:WebTest",
    "Microsoft.KeyVault/vaults": "keyvault:VaultCreateOrUpdateParameters",
    "Microsoft.KeyVault/vaults/keys": "keyvault:KeyCreateParameters",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "msi.v2024_11_30:Identity",
    "Microsoft.Network/natGateways": "network:NatGateway",
    "Microsoft.Network/networkSecurityGroups": "network:NetworkSecurityGroup",
    "Microsoft.Network/privateDnsZones": "privatedns:PrivateZone",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "privatedns:VirtualNetworkLink",
    "Microsoft.Network/privateEndpoints": "network:PrivateEndpoint",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "network:PrivateDnsZoneGroup",
    "Microsoft.Network/publicIPAddresses": "network:PublicIPAddress",
    "Microsoft.Network/virtualNetworks": "network:VirtualNetwork",
    "Microsoft.OperationalInsights/workspaces": "loganalytics:Workspace",
    "Microsoft.Resources/resourceGroups": "resource.resources:ResourceGroup",
    "Microsoft.Storage/storageAccounts": "storage:StorageAccountCreateParameters",
    "Microsoft.Storage/storageAccounts/blobServices": "storage:BlobServiceProperties",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "storage:BlobContainer",
    "Microsoft.Storage/storageAccounts/managementPolicies": "storage:ManagementPolicy",
    "Microsoft.Storage/storageAccounts/queueServices": "storage:QueueServiceProperties",
    "Microsoft.Storage/storageAccounts/queueServices/queues": "storage:StorageQueue",
    "Microsoft.Storage/storageAccounts/tableServices": "storage:TableServiceProperties",
    "Microsoft.Storage/storageAccounts/tableServices/tables": "storage:Table",
    "Microsoft.Web/serverfarms": "web:AppServicePlan",
    "Microsoft.Web/sites": "web:Site",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "web:CsmPublishingCredentialsPoliciesEntity",
    "Microsoft.Web/sites/config": "web:StringDictionary",
    "Microsoft.Web/staticSites": "web:StaticSiteARMResource",
}
"""Type of resource to package and class. None lacks anything that the templates use, so there are no exceptions."""


def problems(kind: str, body: Mapping[str, Any]) -> list[str]:
    """What of a resource its model does not know."""
    if kind not in MODELS:
        return [f"{kind}: no model"]
    spec = _model(MODELS[kind])
    content = {name: value for name, value in body.items() if name != "name"}
    return list(_check(content, spec, kind))


@cache
def _model(where: str) -> type:
    package, _, name = where.partition(":")
    return typing.cast("type", getattr(importlib.import_module(f"azure.mgmt.{package}.models"), name))


def _check(value: Any, spec: Any, path: str) -> Iterator[str]:
    if value is None or spec is Any:
        return
    if isinstance(spec, _Tree) or _is_model(spec):
        yield from _members(value, spec, path)
    elif isinstance(spec, _Listed):
        if not isinstance(value, list):
            yield f"{path}: not an array"
            return
        for number, one in enumerate(value):
            yield from _check(one, spec.of, f"{path}[{number}]")
    elif isinstance(spec, _Keyed):
        if not isinstance(value, Mapping):
            yield f"{path}: not an object"
            return
        for name, one in value.items():
            yield from _check(one, spec.of, f"{path}.{name}")
    elif isinstance(spec, type) and issubclass(spec, enum.Enum):
        if value not in [one.value for one in spec]:
            yield f"{path}: {value!r} is none of {', '.join(sorted(str(one.value) for one in spec))}"
    elif isinstance(spec, type) and not _fits(value, spec):
        yield f"{path}: {value!r} is no {spec.__name__}"


def _fits(value: Any, kind: type) -> bool:
    if kind in (float, Decimal):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return kind not in (str, bool) or isinstance(value, kind)


def _members(value: Any, spec: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: not an object"
        return
    if not isinstance(spec, _Tree):
        spec = _subtype(spec, value)
    tree = spec if isinstance(spec, _Tree) else _tree(spec)
    for name, inner in value.items():
        if name not in tree.members:
            yield f"{path}.{name}: not in the model"
        elif name in tree.read_only:
            yield f"{path}.{name}: can only be read"
        else:
            yield from _check(inner, tree.members[name], f"{path}.{name}")
    yield from (f"{path}.{name}: must be there" for name in sorted(tree.required - set(value)))


class _Tree:
    """The members of an object: of a model, or of what a model flattens."""

    def __init__(self) -> None:
        self.members: dict[str, Any] = {}
        self.required: set[str] = set()
        self.read_only: set[str] = set()


class _Listed:
    def __init__(self, of: Any) -> None:
        self.of = of


class _Keyed:
    def __init__(self, of: Any) -> None:
        self.of = of


def _is_model(spec: Any) -> bool:
    return isinstance(spec, type) and (hasattr(spec, "_attribute_map") or hasattr(spec, "_is_model"))


def _subtype(model: Any, value: Mapping[str, Any]) -> Any:
    """The class that the discriminator names."""
    if hasattr(model, "_attribute_map"):
        for key, kinds in getattr(model, "_subtype_map", {}).items():
            wire = model._attribute_map[key]["key"].replace(_ESCAPED_DOT, ".")
            if value.get(wire) in kinds:
                return getattr(importlib.import_module(_package(model)), kinds[value[wire]])
        return model
    for name, known in _typed(model).items():
        mapping = getattr(model, "__mapping__", {})
        if known.discriminator and value.get(name) in mapping:
            return mapping[value[name]]
    return model


def _package(model: type) -> str:
    return model.__module__.rpartition(".")[0]


@cache
def _tree(model: Any) -> _Tree:
    return _old(model) if hasattr(model, "_attribute_map") else _new(model)


# The newer generation


class _Typed(typing.NamedTuple):
    spec: Any
    required: bool
    read_only: bool
    discriminator: bool


def _new(model: Any) -> _Tree:
    tree = _Tree()
    for name, known in _typed(model).items():
        tree.members[name] = known.spec
        if known.required and not known.read_only:
            tree.required.add(name)
        if known.read_only:
            tree.read_only.add(name)
    return tree


@cache
def _typed(model: Any) -> Mapping[str, _Typed]:
    found = {}
    for owner in reversed(model.__mro__):
        if not hasattr(owner, "_is_model") or owner.__name__ == "_Model":
            continue
        package = importlib.import_module(_package(owner))
        hints = _hints(owner, package)
        for attribute, hint in hints.items():
            field = vars(owner).get(attribute)
            if field is None or not hasattr(field, "_rest_name_input"):
                continue
            wire = field._rest_name_input or attribute
            spec, optional = _spec(hint, package)
            read_only = field._visibility == ["read"]
            found[wire] = _Typed(spec, not optional, read_only, bool(field._is_discriminator))
    return found


def _hints(owner: Any, package: types.ModuleType) -> dict[str, Any]:
    names = {"_models": package, **vars(typing), **vars(importlib.import_module(owner.__module__))}
    return {name: _resolved(hint, names) for name, hint in vars(owner).get("__annotations__", {}).items()}


def _resolved(hint: Any, names: dict[str, Any]) -> Any:
    return typing.get_type_hints(type("Holder", (), {"__annotations__": {"it": hint}}), names, names)["it"]


def _spec(hint: Any, package: types.ModuleType) -> tuple[Any, bool]:
    """What a type hint asks for, and whether nothing will do too."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        optional = type(None) in arguments
        kinds = [one for one in arguments if one is not type(None)]
        enums = [one for one in kinds if isinstance(one, type) and issubclass(one, enum.Enum)]
        if enums:
            return enums[0], optional
        return (_spec(kinds[0], package)[0] if len(kinds) == 1 else Any), optional
    if origin is list:
        return _Listed(_spec(arguments[0], package)[0]), False
    if origin is dict:
        return _Keyed(_spec(arguments[1], package)[0]), False
    if origin is typing.Literal:
        kind = type(arguments[0])
        return (kind if issubclass(kind, enum.Enum) else str), False
    return (hint if isinstance(hint, type) else Any), False


# The older generation


def _old(model: Any) -> _Tree:
    package = importlib.import_module(_package(model))
    hints = _argument_hints(model, package)
    root = _Tree()
    rules = getattr(model, "_validation", {})
    for attribute, known in model._attribute_map.items():
        *above, last = [part.replace("\0", ".") for part in known["key"].replace(_ESCAPED_DOT, "\0").split(".")]
        tree, rule = root, rules.get(attribute, {})
        for part in above:
            if rule.get("required"):
                tree.required.add(part)
            tree = tree.members.setdefault(part, _Tree())
        tree.members[last] = hints.get(attribute) or _old_spec(known["type"], package)
        if rule.get("required") and not rule.get("constant"):
            tree.required.add(last)
        if rule.get("readonly"):
            tree.read_only.add(last)
    return root


def _argument_hints(model: Any, package: types.ModuleType) -> dict[str, Any]:
    """Enums stand in the hints of the constructor only."""
    names = {"_models": package, **vars(typing), **vars(importlib.import_module(model.__module__))}
    found = {}
    for name, hint in model.__init__.__annotations__.items():
        for one in typing.get_args(_resolved(hint, names)):
            if isinstance(one, type) and issubclass(one, enum.Enum):
                found[name] = one
    return found


_PLAIN = {"str": str, "int": int, "long": int, "bool": bool, "float": float}


def _old_spec(kind: str, package: types.ModuleType) -> Any:
    if inner := re.fullmatch(r"\[(.+)\]", kind):
        return _Listed(_old_spec(inner[1], package))
    if inner := re.fullmatch(r"\{(.+)\}", kind):
        return _Keyed(_old_spec(inner[1], package))
    return _PLAIN.get(kind) or getattr(package, kind, Any)
