"""Route templates of HTTP functions, matched as the Functions host does (ASP.NET Core routing)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar
from urllib.parse import unquote
from uuid import UUID

INT32, INT64 = 2**31, 2**63

T = TypeVar("T")
Check = Callable[[str], bool]


class RouteError(ValueError):
    """A route template that cannot be read."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `{parameter}` of a template."""

    name: str
    group: str
    checks: tuple[Check, ...]
    default: str | None
    optional: bool
    rest: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled route template."""

    text: str
    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]
    precedence: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a path (decoded, without slashes around it), or None."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values: dict[str, str] = {}
        for parameter in self.parameters:
            value = found[parameter.group] or parameter.default
            if value is None:
                continue
            if not all(check(value) for check in parameter.checks):
                return None
            values[parameter.name] = value
        return values


class RouteTable(Generic[T]):
    """All routes of an app, the most exact first."""

    def __init__(self, routes: Iterable[tuple[str, frozenset[str], T]]) -> None:
        compiled = [(compile_template(text), methods, target) for text, methods, target in routes]
        self._routes = sorted(compiled, key=lambda route: route[0].precedence)

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The function for a request; a path that fits with another method does not count."""
        path = path.strip("/")
        for template, methods, target in self._routes:
            if methods and method.upper() not in methods:
                continue
            values = template.match(path)
            if values is not None:
                return target, values
        return None


def decode_path(raw_path: bytes) -> str:
    """Percent-decode a path, except for an encoded slash, which stays as it came."""
    text = raw_path.decode("ascii", "replace")
    return unquote(re.sub("%2f", "%252F", text, flags=re.IGNORECASE))


def compile_template(text: str) -> Template:
    """Read a template such as `visits/{id:guid}/{page=1}` or `files/{*rest}`."""
    segments = [segment for segment in text.strip("/").split("/") if segment]
    pattern = ""
    parameters: list[Parameter] = []
    precedence: list[int] = []
    for index, segment in enumerate(segments):
        literals, found = _split(segment, len(parameters), text)
        parameters += found
        slash = "/" if index else ""
        only = found[0] if found and literals == ["", ""] else None
        if only is not None and only.rest:
            pattern += f"(?:{slash}(?P<{only.group}>.*))?"
        elif only is not None and (only.optional or only.default is not None):
            pattern += f"(?:{slash}(?P<{only.group}>[^/]+))?"
        else:
            pattern += slash + _segment_pattern(literals, found)
        precedence.append(_precedence(only, found))
    names = [parameter.name.lower() for parameter in parameters]
    if len(set(names)) != len(names):
        raise RouteError(f"The route '{text}' names a parameter twice")
    return Template(text, re.compile(pattern, re.IGNORECASE), tuple(parameters), tuple(precedence))


def _segment_pattern(literals: list[str], parameters: list[Parameter]) -> str:
    pattern = re.escape(literals[0])
    for parameter, literal in zip(parameters, literals[1:], strict=True):
        pattern += f"(?P<{parameter.group}>[^/]+?)" + re.escape(literal)
    return pattern


def _precedence(only: Parameter | None, found: list[Parameter]) -> int:
    if not found:
        return 1
    if only is None:
        return 2
    plain = 5 if only.rest else 3
    return plain - 1 if only.checks else plain


def _split(segment: str, offset: int, text: str) -> tuple[list[str], list[Parameter]]:
    """Cut one segment into literals and the parameters between them."""
    pieces = re.split(r"\{((?:[^{}]|\{\{|\}\})+)\}", segment)
    literals = pieces[0::2]
    if any("{" in literal or "}" in literal for literal in literals):
        raise RouteError(f"The route '{text}' has a brace without its other half")
    parameters = [_parameter(piece, f"p{offset + index}", text) for index, piece in enumerate(pieces[1::2])]
    return literals, parameters


def _parameter(piece: str, group: str, text: str) -> Parameter:
    rest = piece.startswith("*")
    body, _, default = piece.lstrip("*").partition("=")
    optional = body.endswith("?")
    name, *constraints = _split_constraints(body.removesuffix("?"))
    if not name:
        raise RouteError(f"The route '{text}' has a parameter without a name")
    checks = tuple(_check(constraint, text) for constraint in constraints)
    return Parameter(name, group, checks, default or None, optional, rest)


def _split_constraints(body: str) -> list[str]:
    """Split at colons that stand outside of brackets: a regex may hold its own."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(body):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ":" and depth == 0:
            parts.append(body[start:index])
            start = index + 1
    return [*parts, body[start:]]


def _reads(convert: Callable[[str], object]) -> Check:
    def check(value: str) -> bool:
        try:
            convert(value)
        except (ValueError, ArithmeticError):
            return False
        return True

    return check


def _integer(limit: int) -> Check:
    return lambda value: re.fullmatch(r"[+-]?\d+", value) is not None and -limit <= int(value) < limit


PLAIN: dict[str, Check] = {
    "int": _integer(INT32),
    "long": _integer(INT64),
    "bool": lambda value: value.lower() in {"true", "false"},
    "decimal": _reads(Decimal),
    "double": _reads(float),
    "float": _reads(float),
    "datetime": _reads(datetime.fromisoformat),
    "guid": _reads(UUID),
    "alpha": lambda value: re.fullmatch("[A-Za-z]*", value) is not None,
    "required": bool,
}


def _check(constraint: str, text: str) -> Check:
    if constraint.lower() in PLAIN:
        return PLAIN[constraint.lower()]
    found = re.fullmatch(r"(\w+)\((.*)\)", constraint)
    if found is None:
        raise RouteError(f"The route '{text}' uses the constraint '{constraint}', which does not exist")
    name, argument = found[1].lower(), found[2]
    if name == "regex":
        expression = re.compile(argument.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        return lambda value: expression.search(value) is not None
    try:
        return _bounded(name, [int(number) for number in argument.split(",")])
    except (KeyError, ValueError, IndexError) as error:
        raise RouteError(f"The route '{text}' has a constraint '{constraint}' that cannot be read") from error


def _bounded(name: str, numbers: list[int]) -> Check:
    low, high = numbers[0], numbers[-1]
    whole = PLAIN["long"]
    checks: dict[str, Check] = {
        "minlength": lambda value: len(value) >= low,
        "maxlength": lambda value: len(value) <= high,
        "length": lambda value: low <= len(value) <= high,
        "min": lambda value: whole(value) and int(value) >= low,
        "max": lambda value: whole(value) and int(value) <= high,
        "range": lambda value: whole(value) and low <= int(value) <= high,
    }
    return checks[name]
