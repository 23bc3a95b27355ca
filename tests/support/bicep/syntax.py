"""Bicep as a tree: what a file declares, and how an expression is put together.

Read with tree-sitter's grammar of Bicep. The names of nodes are that grammar's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_KINDS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
    "type_declaration": "type",
    "user_defined_function": "func",
}
_EXTENSION = re.compile(r"^extension \w+$", re.MULTILINE)
_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\t": "\t"}


class SyntaxProblemError(Exception):
    """The file is no Bicep, or none that this reader takes."""


@dataclass(frozen=True)
class Declared:
    """One declaration. `of` is the type of a resource with its version, the path of a module, or empty."""

    kind: str
    name: str
    node: Node
    of: str
    value: Node | None
    decorators: Mapping[str, Sequence[Node]]
    parent: "Declared | None" = None
    nested: dict[str, "Declared"] = field(default_factory=dict)

    @property
    def existing(self) -> bool:
        """Whether it only names what is there already."""
        return any(child.type == "existing" for child in self.node.children)

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.name}, line {self.node.start_point[0] + 1}"


@dataclass(frozen=True)
class Template:
    """One file."""

    path: Path
    root: Node
    scope: str
    names: Mapping[str, Declared]
    outputs: Mapping[str, Declared]

    def of_kind(self, *kinds: str) -> Iterator[Declared]:
        """Everything of these kinds, nested resources too, in order."""
        for one in (*self.names.values(), *self.outputs.values()):
            yield from _with_nested(one, kinds)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bicep.language()))


@lru_cache(maxsize=256)
def _parsed(text: str) -> Node:
    return _parser().parse(text.encode()).root_node


@lru_cache(maxsize=256)
def errors(text: str) -> list[str]:
    """What tree-sitter could not read, or would read in another way than the compiler, by line."""
    return [
        f"line {node.start_point[0] + 1}: {'brackets are missing: ' * _misread(node)}{text_of(node)[:60]}"
        for node in walk(_parsed(text))
        if node.type == "ERROR" or node.is_missing or _misread(node)
    ]


def _misread(node: Node) -> bool:
    """`a ? b : c.d` is read as `(a ? b : c).d`: the grammar has that wrong, so the last operand needs brackets."""
    owner = node.child_by_field_name("object")
    return owner is not None and owner.type in ("ternary_expression", "binary_expression", "unary_expression")


def source(path: Path) -> str:
    """The file's text. A line that names an extension is left empty: neither open parser knows the keyword."""
    return _EXTENSION.sub("", path.read_text(encoding="utf-8"))


def read(path: Path) -> Template:
    """The file's declarations. Raises SyntaxProblemError."""
    if not path.is_file():
        raise SyntaxProblemError(f"no file {path.name}")
    text = source(path)
    names, outputs, scope, root = _declarations(path.name, text)
    return Template(path, root, scope, names, outputs)


@lru_cache(maxsize=256)
def _declarations(file: str, text: str) -> tuple[Mapping[str, Declared], Mapping[str, Declared], str, Node]:
    if wrong := errors(text):
        raise SyntaxProblemError(f"{file}: {wrong[0]}")
    root = _parsed(text)
    names: dict[str, Declared] = {}
    outputs: dict[str, Declared] = {}
    scope = "resourceGroup"
    for one in _declared(root, None):
        into = outputs if one.kind == "output" else names
        if one.name in into:
            raise SyntaxProblemError(f"{file}: {one.where}: declared twice")
        into[one.name] = one
    for node in root.children:
        if node.type == "target_scope_assignment":
            scope = plain(node.named_children[-1])
    return names, outputs, scope, root


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node) -> str:
    """Its source."""
    return (node.text or b"").decode()


def named(node: Node) -> list[Node]:
    """The children that mean something."""
    return [child for child in node.named_children if child.type != "comment"]


def plain(node: Node) -> str:
    """A string in which nothing is filled in."""
    return "".join(piece for piece in pieces(node) if isinstance(piece, str))


def pieces(node: Node) -> Iterator[str | Node]:
    """What a string is put together from: text, and expressions."""
    for part in node.named_children:
        text = text_of(part)
        if part.type == "interpolation":
            yield text.partition("${")[0]  # white space before it is part of this node
            yield named(part)[0]
        elif part.type == "escape_sequence":
            yield _ESCAPES.get(text, text[1:])
        else:
            yield text
    yield text_of(node.children[-1]).rstrip("'")  # white space before it is part of the last quote


def field_of(node: Node, name: str) -> Node:
    """A child by the name of its field."""
    child = node.child_by_field_name(name)
    if child is None:
        raise SyntaxProblemError(f"no {name} in {text_of(node)[:60]}")
    return child


def key_and_value(member: Node) -> tuple[Node, Node]:
    """A member of an object."""
    key, value = named(member)
    return key, value


def is_nested_resource(member: Node) -> bool:
    """Whether a member of an object declares a resource."""
    return named(member)[0].type == "resource_declaration"


def loop(node: Node) -> tuple[str, str, Node, Node]:
    """A for: name of the item, name of the index or nothing, what is gone through, and the body."""
    head, over, body = named(node)
    names = [text_of(child) for child in named(head)] if head.type == "for_loop_parameters" else [text_of(head)]
    return names[0], names[1] if len(names) > 1 else "", over, body


def body_of(value: Node) -> Node:
    """The object below the for and the if of a resource or module."""
    if value.type == "for_statement":
        return body_of(loop(value)[3])
    if value.type == "if_statement":
        return body_of(named(value)[1])
    return value


def _with_nested(one: Declared, kinds: Sequence[str]) -> Iterator[Declared]:
    if one.kind in kinds:
        yield one
    for inner in one.nested.values():
        yield from _with_nested(inner, kinds)


def _declared(root: Node, parent: Declared | None) -> Iterator[Declared]:
    decorators: dict[str, Sequence[Node]] = {}
    for node in root.named_children:
        if node.type == "decorators":
            decorators = dict(_decorator(one) for one in node.named_children)
        elif node.type in _KINDS:
            yield _one(node, decorators, parent)
            decorators = {}


def _decorator(node: Node) -> tuple[str, Sequence[Node]]:
    call = node.named_children[0]
    return text_of(field_of(call, "function")), named(field_of(call, "arguments"))


def _one(node: Node, decorators: Mapping[str, Sequence[Node]], parent: Declared | None) -> Declared:
    kind, children = _KINDS[node.type], named(node)
    if kind == "func":
        return Declared(kind, text_of(children[0]), node, "", children[-1], decorators, parent)
    name, of, value = text_of(children[0]), "", children[-1] if len(children) > 1 else None
    if kind in ("resource", "module"):
        of = plain(children[1])
    if kind == "param":
        value = children[2] if len(children) > 2 else None
    made = Declared(kind, name, node, of, value, decorators, parent)
    if kind == "resource" and value is not None:
        for member in named(body_of(value)):
            if member.type == "object_property" and is_nested_resource(member):
                for inner in _declared(member, made):
                    made.nested[inner.name] = inner
    return made
