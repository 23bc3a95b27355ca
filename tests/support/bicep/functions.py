"""The functions of Bicep that the templates use. A template that uses another says so when it is worked out."""

import hashlib
import ipaddress
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.bicep.values import Lambda, RefusedError, Unknown

_SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000000"
_GUIDS = uuid.UUID("00000000-0000-4000-8000-000000000001")
_PUBLIC_CLOUD = {"name": "AzureCloud", "suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net"}}


def _fail(message: str) -> Any:
    raise RefusedError(message)


def _empty(value: Any) -> bool:
    return value is None or (not isinstance(value, (bool, int)) and len(value) == 0)


def _contains(container: Any, item: Any) -> bool:
    return item in container


def _union(*values: Any) -> Any:
    if isinstance(values[0], list):
        return [item for index, item in enumerate(_concat(*values)) if item not in _concat(*values)[:index]]
    made: dict[str, Any] = {}
    for value in values:
        for name, inner in value.items():
            both = isinstance(inner, Mapping) and isinstance(made.get(name), Mapping)
            made[name] = _union(made[name], inner) if both else inner
    return made


def _concat(*values: Any) -> Any:
    return [item for value in values for item in value] if isinstance(values[0], list) else "".join(values)


def _items(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value[key]} for key in sorted(value)]


def _filter(values: list[Any], which: Lambda) -> list[Any]:
    return [value for value in values if which.call(value)]


def _map(values: list[Any], into: Lambda) -> list[Any]:
    return [into.call(value) for value in values]


def _unique_string(*values: str) -> str:
    return (
        hashlib.sha256("|".join(values).encode()).hexdigest()[:13].translate(str.maketrans("0123456789", "ghijklmnop"))
    )


def _guid(*values: str) -> str:
    return str(uuid.uuid5(_GUIDS, "|".join(values)))


def _replace(text: str, old: str, new: str) -> str:
    done = text.replace(old, new)
    return Unknown(done) if isinstance(text, Unknown) else done


def _cidr_subnet(network: str, bits: int, index: int) -> str:
    return str(list(ipaddress.ip_network(network).subnets(new_prefix=bits))[index])


def _subscription_resource_id(kind: str, name: str) -> str:
    return f"{_SUBSCRIPTION}/providers/{kind}/{name}"


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "cidrSubnet": _cidr_subnet,
    "concat": _concat,
    "contains": _contains,
    "empty": _empty,
    "environment": lambda: _PUBLIC_CLOUD,
    "fail": _fail,
    "filter": _filter,
    "guid": _guid,
    "items": _items,
    "join": lambda values, between: between.join(values),
    "map": _map,
    "replace": _replace,
    "resourceGroup": lambda name="of-the-deployment": {"id": f"{_SUBSCRIPTION}/resourceGroups/{name}"},
    "skip": lambda values, count: values[count:],
    "subscription": lambda: {"id": _SUBSCRIPTION},
    "subscriptionResourceId": _subscription_resource_id,
    "tenant": lambda: {"tenantId": "aaaaaaaa-0000-4000-8000-000000000001"},
    "union": _union,
    "uniqueString": _unique_string,
}
"""`loadJsonContent` and functions that a file declares are the evaluator's own."""
