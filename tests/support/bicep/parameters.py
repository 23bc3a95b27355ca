"""Whether a template takes what it is given: every parameter, its type, and what its decorators allow."""

from collections.abc import Mapping
from typing import Any

from tree_sitter import Node

from tests.support.bicep.syntax import Declared, Template, body_of, key_and_value, named, text_of
from tests.support.bicep.values import RefusedError, WrongError

_PLAIN = {"string": str, "int": int, "bool": bool, "object": Mapping, "array": list}


def check(template: Template, given: Mapping[str, Any]) -> None:
    """Raise WrongError for a parameter that is not there."""
    known = {one.name for one in template.of_kind("param")}
    if unknown := set(given) - known:
        raise WrongError(f"{template.path.name} has no parameter {', '.join(sorted(unknown))}")


def accept(template: Template, one: Declared, value: Any, allowed: list[Any] | None) -> Any:
    """The value, if the parameter takes it. Raises RefusedError."""
    kind = named(one.node)[1]
    if wrong := mismatch(template, kind, value):
        raise RefusedError(f"{one.name}: {wrong}")
    if allowed is not None and value not in allowed:
        raise RefusedError(f"{one.name}: {value!r} is not allowed")
    size = value if isinstance(value, int) else len(value)
    for decorator, arguments in one.decorators.items():
        bound = int(text_of(arguments[0])) if decorator.startswith(("min", "max")) else 0
        if (decorator.startswith("min") and size < bound) or (decorator.startswith("max") and size > bound):
            raise RefusedError(f"{one.name}: {decorator}({bound})")
    return value


def mismatch(template: Template, kind: Node, value: Any) -> str:
    """How a value is not of a type, or nothing."""
    if kind.type == "type":
        return mismatch(template, kind.named_children[0], value)
    if kind.type == "array_type":
        inner = kind.named_children[0]
        if not isinstance(value, list):
            return "not an array"
        return next(filter(None, (mismatch(template, inner, one) for one in value)), "")
    name = text_of(kind)
    if name in _PLAIN:
        right = isinstance(value, _PLAIN[name]) and (name == "bool" or not isinstance(value, bool))
        return "" if right else f"not a {name}"
    return _of_declared_type(template, name, value)


def _of_declared_type(template: Template, name: str, value: Any) -> str:
    declared = template.names.get(name)
    if declared is None or declared.kind != "type" or declared.value is None:
        raise WrongError(f"{template.path.name} has no type {name}")
    members = {text_of(key): kind for key, kind in map(key_and_value, named(body_of(declared.value)))}
    if not isinstance(value, Mapping) or set(value) != set(members):
        return f"not a {name}: {sorted(members)}"
    return next(filter(None, (mismatch(template, members[key], value[key]) for key in members)), "")
