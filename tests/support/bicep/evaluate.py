"""Working a template out: from its parameters to the resources that it asks for. No Azure, no compiler.

What only Azure knows (an id, an endpoint) stays an Unknown that says where it comes from. A branch that is not taken
is not worked out, as Azure Resource Manager does it; a member of something whose condition does not hold is an error.
"""

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.support.bicep import parameters
from tests.support.bicep.functions import FUNCTIONS
from tests.support.bicep.syntax import (
    Declared,
    Template,
    field_of,
    is_nested_resource,
    key_and_value,
    loop,
    named,
    pieces,
    plain,
    read,
    text_of,
)
from tests.support.bicep.values import Absent, Deployed, Lambda, Resource, Unknown, WrongError

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "+": operator.add,
    "-": operator.sub,
}
_LITERALS = {"true": True, "false": False}
_WHICH = frozenset({"name", "parent"})
"""What of a resource must be known to name it."""
Scope = Mapping[str, Any]


def deploy(path: Path, given: Mapping[str, Any] | None = None, name: str = "") -> Deployed:
    """What the template at that path would make.

    Raises:
        RefusedError: the template says no.
        WrongError: the template cannot be right.
    """
    return Evaluation(read(path), given or {}, name or path.stem).done()


class Evaluation:
    """One template with its parameters. Everything is worked out when first asked for, and once."""

    def __init__(self, template: Template, given: Mapping[str, Any], name: str) -> None:
        parameters.check(template, given)
        self._template = template
        self._given = given
        self._name = name
        self._known: dict[str, Any] = {}
        self._under_way: set[str] = set()

    def done(self) -> Deployed:
        """All of it."""
        made = Deployed(self._name)
        for one in self._template.of_kind("param", "var"):
            self._value_of(one)
        for one in self._template.of_kind("resource", "module"):
            for each in _each(self._value_of(one)):
                if isinstance(each, Deployed):
                    made.resources.extend(each.resources)
                elif isinstance(each, Resource) and not each.existing:
                    made.resources.append(each)
        made.outputs.update({name: self._expression(_there(one), {}) for name, one in self._template.outputs.items()})
        return made

    # Declarations

    def _value_of(self, one: Declared) -> Any:
        key = f"{one.parent.name}::{one.name}" if one.parent else one.name
        if key not in self._known:
            if key in self._under_way:
                raise WrongError(f"{self._template.path.name}: {one.where}: needs itself")
            self._under_way.add(key)
            self._known[key] = self._makers[one.kind](one)
            self._under_way.discard(key)
        return self._known[key]

    @cached_property
    def _makers(self) -> Mapping[str, Callable[[Declared], Any]]:
        return {
            "param": self._param,
            "var": lambda one: self._expression(_there(one), {}),
            "resource": lambda one: self._looped(one, _there(one), {}, self._resource),
            "module": lambda one: self._looped(one, _there(one), {}, self._module),
        }

    def _param(self, one: Declared) -> Any:
        if one.name in self._given:
            value = self._given[one.name]
        elif one.value is not None:
            value = self._expression(one.value, {})
        else:
            raise WrongError(f"{self._template.path.name} is not given {one.name}")
        allowed = self._expression(one.decorators["allowed"][0], {}) if "allowed" in one.decorators else None
        return parameters.accept(self._template, one, value, allowed)

    def _looped(self, one: Declared, value: Node, local: Scope, make: Callable[[Declared, Node, Scope], Any]) -> Any:
        if value.type == "for_statement":
            return [self._looped(one, body, inner, make) for inner, body in self._rounds(value, local)]
        if value.type == "if_statement":
            condition, body = named(value)
            if not self._expression(condition, local):
                return Absent(one.name, self._resource(one, body, local, _WHICH) if one.kind == "resource" else None)
            return make(one, body, local)
        return make(one, value, local)

    def _resource(self, one: Declared, body: Node, local: Scope, only: frozenset[str] = frozenset()) -> Resource:
        kind, _, version = one.of.partition("@")
        content = self._object(body, local, only)
        parent = content.pop("parent", None)
        if one.parent is not None:
            parent = self._value_of(one.parent)
        name = content["name"]
        if isinstance(parent, Absent):
            parent = parent.resource
        if parent is not None:
            kind = f"{parent.type}/{kind}" if one.parent is not None else kind
            version, name = version or parent.version, f"{parent.name}/{name}"
        scope = content.pop("scope", None)
        content.pop("dependsOn", None)
        where = str(scope.id) if isinstance(scope, Resource) else self._name
        file = self._template.path.name
        return Resource(kind, version, name, content, one.name, file, self._name, one.existing, where)

    def _module(self, one: Declared, body: Node, local: Scope) -> Deployed:
        content = self._object(body, local)
        path = self._template.path.parent / one.of
        return Evaluation(read(path), content.get("params", {}), f"{self._name}/{content['name']}").done()

    # Expressions

    def _rounds(self, node: Node, local: Scope) -> Iterator[tuple[Scope, Node]]:
        item, index, over, body = loop(node)
        for number, value in enumerate(self._expression(over, local)):
            yield {**local, item: value, **({index: number} if index else {})}, body

    def _expression(self, node: Node, local: Scope) -> Any:
        try:
            work = getattr(self, f"_{node.type}")
        except AttributeError:
            raise WrongError(f"{self._template.path.name}: {text_of(node)[:60]}: not understood") from None
        return work(node, local)

    def _for_statement(self, node: Node, local: Scope) -> Any:
        return [self._expression(body, inner) for inner, body in self._rounds(node, local)]

    def _parenthesized_expression(self, node: Node, local: Scope) -> Any:
        return self._expression(named(node)[0], local)

    def _identifier(self, node: Node, local: Scope) -> Any:
        name = text_of(node)
        if name in local:
            return local[name]
        declared = self._template.names.get(name)
        if declared is None:
            raise WrongError(f"{self._template.path.name}: line {node.start_point[0] + 1}: nothing is called {name}")
        return self._value_of(declared)

    def _string(self, node: Node, local: Scope) -> Any:
        parts = [
            piece if isinstance(piece, str) else self._as_text(self._expression(piece, local)) for piece in pieces(node)
        ]
        joined = "".join(parts)
        return Unknown(joined) if any(isinstance(part, Unknown) for part in parts) else joined

    def _as_text(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        return value if isinstance(value, str) else str(value)

    def _number(self, node: Node, _: Scope) -> Any:
        return int(text_of(node))

    def _boolean(self, node: Node, _: Scope) -> Any:
        return _LITERALS[text_of(node)]

    def _null(self, _: Node, __: Scope) -> Any:
        return None

    def _array(self, node: Node, local: Scope) -> Any:
        return [self._expression(item, local) for item in named(node)]

    def _object(self, node: Node, local: Scope, only: frozenset[str] = frozenset()) -> dict[str, Any]:
        made = {}
        for member in named(node):
            if is_nested_resource(member):
                continue
            key, value = key_and_value(member)
            name = self._string(key, local) if key.type == "string" else text_of(key)
            if not only or name in only:
                made[name] = self._expression(value, local)
        return made

    def _ternary_expression(self, node: Node, local: Scope) -> Any:
        taken = self._expression(field_of(node, "condition"), local)
        return self._expression(field_of(node, "consequence" if taken else "alternative"), local)

    def _binary_expression(self, node: Node, local: Scope) -> Any:
        sign = text_of(next(child for child in node.children if not child.is_named))
        left = self._expression(field_of(node, "left"), local)
        if sign in ("&&", "||"):
            decided = bool(left) == (sign == "||")
            return left if decided else self._expression(field_of(node, "right"), local)
        return _OPERATORS[sign](left, self._expression(field_of(node, "right"), local))

    def _unary_expression(self, node: Node, local: Scope) -> Any:
        return not self._expression(field_of(node, "argument"), local)

    def _member_expression(self, node: Node, local: Scope) -> Any:
        return self._member(self._expression(field_of(node, "object"), local), text_of(field_of(node, "property")))

    def _member(self, owner: Any, name: str) -> Any:
        if isinstance(owner, Unknown):
            return Unknown(f"{owner}.{name}")
        if isinstance(owner, (Resource, Absent)):
            return owner.member(name)
        if isinstance(owner, Deployed):
            return owner.outputs
        if not isinstance(owner, Mapping) or name not in owner:
            raise WrongError(f"{self._template.path.name}: no member {name}")
        return owner[name]

    def _subscript_expression(self, node: Node, local: Scope) -> Any:
        owner = self._expression(field_of(node, "object"), local)
        index = self._expression(field_of(node, "index"), local)
        try:
            return owner[index]
        except (KeyError, IndexError, TypeError):
            raise WrongError(f"{self._template.path.name}: {text_of(node)}: nothing at {index!r}") from None

    def _resource_expression(self, node: Node, local: Scope) -> Any:
        owner, inner = text_of(field_of(node, "object")), text_of(field_of(node, "resource"))
        declared = self._template.names.get(owner)
        if declared is None or inner not in declared.nested:
            raise WrongError(f"{self._template.path.name}: nothing is called {owner}::{inner}")
        return self._value_of(declared.nested[inner])

    def _lambda_expression(self, node: Node, local: Scope) -> Any:
        argument, body = named(node)
        return Lambda(lambda value: self._expression(body, {**local, text_of(argument): value}))

    def _call_expression(self, node: Node, local: Scope) -> Any:
        name, arguments = text_of(field_of(node, "function")), named(field_of(node, "arguments"))
        if name == "loadJsonContent":
            path = self._template.path.parent / plain(arguments[0])
            return json.loads(path.read_text(encoding="utf-8"))
        own = self._template.names.get(name)
        values = [self._expression(one, local) for one in arguments]
        if own is not None and own.kind == "func":
            names = [text_of(named(one)[0]) for one in named(named(own.node)[1])]
            return self._expression(_there(own), dict(zip(names, values, strict=True)))
        if name not in FUNCTIONS:
            raise WrongError(f"{self._template.path.name}: no function {name}")
        return FUNCTIONS[name](*values)


def _there(one: Declared) -> Node:
    if one.value is None:
        raise WrongError(f"{one.where}: has no value")
    return one.value


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _each(one)
    else:
        yield value
