"""Whether every name in the templates leads somewhere, in branches too that no profile takes."""

from collections.abc import Iterator
from pathlib import Path

from tree_sitter import Node

from tests.support.bicep.functions import FUNCTIONS
from tests.support.bicep.syntax import (
    Declared,
    Template,
    body_of,
    field_of,
    key_and_value,
    loop,
    named,
    read,
    text_of,
    walk,
)

_OWN_FUNCTIONS = {"loadJsonContent"}
_LITERALS = {"true", "false", "null"}


def problems(path: Path) -> list[str]:
    """What leads nowhere in one file, and what leads to it but is not used."""
    template = read(path)
    found = [*_unresolved(template), *_modules(template)]
    used = {text_of(node) for node in walk(template.root) if node.type == "identifier" and not _declares(node)}
    found += [f"{one.where}: not used" for one in template.of_kind("param", "var", "func") if one.name not in used]
    found += [
        f"{one.where}: has no description"
        for one in template.of_kind("param", "output")
        if "description" not in one.decorators
    ]
    return [f"{path.name}: {one}" for one in found]


def _declares(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    first = parent.named_children[0] == node
    return first and parent.type.endswith(("_declaration", "user_defined_function", "object_property"))


def _unresolved(template: Template) -> Iterator[str]:
    for one in (*template.of_kind("var", "param", "resource", "module", "output", "func"),):
        for arguments in one.decorators.values():
            for node in arguments:
                yield from _names(template, node, frozenset())
        if one.value is not None:
            local = frozenset(text_of(named(each)[0]) for each in _arguments(one))
            yield from _names(template, one.value, local | _siblings(one))


def _arguments(one: Declared) -> list[Node]:
    return named(named(one.node)[1]) if one.kind == "func" else []


def _siblings(one: Declared) -> frozenset[str]:
    """Resources inside another call each other by their short names."""
    family = one.parent.nested if one.parent else one.nested
    return frozenset(family)


def _names(template: Template, node: Node, local: frozenset[str]) -> Iterator[str]:
    line = node.start_point[0] + 1
    match node.type:
        case "identifier":
            name = text_of(node)
            if name not in local and name not in template.names and name not in _LITERALS:
                yield f"line {line}: nothing is called {name}"
        case "call_expression":
            name = text_of(field_of(node, "function"))
            if name not in FUNCTIONS and name not in _OWN_FUNCTIONS and name not in template.names:
                yield f"line {line}: no function {name}"
            yield from _names(template, field_of(node, "arguments"), local)
        case "for_statement":
            item, index, over, body = loop(node)
            yield from _names(template, over, local)
            yield from _names(template, body, local | {item, index})
        case "lambda_expression":
            argument, body = named(node)
            yield from _names(template, body, local | {text_of(argument)})
        case "object_property":
            yield from _member(template, node, local)
        case "member_expression":
            yield from _names(template, field_of(node, "object"), local)
            yield from _output(template, node)
        case "resource_expression":
            owner, inner = text_of(field_of(node, "object")), text_of(field_of(node, "resource"))
            if owner not in template.names or inner not in template.names[owner].nested:
                yield f"line {line}: nothing is called {owner}::{inner}"
        case _:
            for child in named(node):
                yield from _names(template, child, local)


def _member(template: Template, node: Node, local: frozenset[str]) -> Iterator[str]:
    children = named(node)
    if children[0].type == "resource_declaration":
        return  # it is a declaration of its own
    key, value = children
    if key.type == "string":
        yield from _names(template, key, local)
    yield from _names(template, value, local)


def _output(template: Template, node: Node) -> Iterator[str]:
    """`module.outputs.name`: the module has that output."""
    owner = field_of(node, "object")
    if owner.type != "member_expression" or text_of(field_of(owner, "property")) != "outputs":
        return
    module = field_of(owner, "object")
    if module.type == "subscript_expression":
        module = field_of(module, "object")
    declared = template.names.get(text_of(module))
    wanted = text_of(field_of(node, "property"))
    if declared is None or declared.kind != "module":
        yield f"line {node.start_point[0] + 1}: {text_of(module)} is no module"
    elif (path := template.path.parent / declared.of).is_file() and wanted not in read(path).outputs:
        yield f"line {node.start_point[0] + 1}: {declared.of} has no output {wanted}"


def _modules(template: Template) -> Iterator[str]:
    for one in template.of_kind("module"):
        path = template.path.parent / one.of
        if not path.is_file() or one.value is None:
            yield f"{one.where}: no file {one.of}"
            continue
        known = {each.name: each for each in read(path).of_kind("param")}
        given = set(_given(one.value))
        yield from (f"{one.where}: {one.of} has no parameter {name}" for name in sorted(given - set(known)))
        needed = {name for name, each in known.items() if each.value is None}
        yield from (f"{one.where}: {one.of} needs {name}" for name in sorted(needed - given))


def _given(value: Node) -> Iterator[str]:
    for member in named(body_of(value)):
        key, inner = key_and_value(member)
        if text_of(key) == "params":
            yield from (text_of(key_and_value(one)[0]) for one in named(inner))
