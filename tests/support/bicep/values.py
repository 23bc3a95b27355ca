"""What an expression of Bicep can be, beside what JSON knows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class RefusedError(Exception):
    """The template itself says no: a fail(), or a parameter that it does not take."""


class WrongError(Exception):
    """The template cannot be right: a name, a member or a function that is not there."""


class Unknown(str):
    """What only Azure knows, told by where it comes from. It goes through string functions like any string."""

    __slots__ = ()


@dataclass(frozen=True)
class Resource:
    """A resource as it would be asked for. `name` is the whole name, with those of its parents."""

    type: str
    version: str
    name: str
    body: Mapping[str, Any]
    symbol: str
    file: str
    deployment: str
    existing: bool = False
    scope: str = ""

    @property
    def id(self) -> Unknown:
        """What stands for its id."""
        return Unknown(f"<{self.type}:{self.name}>.id")

    def member(self, name: str) -> Any:
        """A member of the resource: what the template says of it, or what Azure will say."""
        if name == "id":
            return self.id
        if name == "name":
            return self.name.rpartition("/")[2]
        return Unknown(f"<{self.type}:{self.name}>.{name}")


@dataclass(frozen=True)
class Absent:
    """A resource or module whose condition does not hold. It has a name and an id, and nothing else may be asked."""

    symbol: str
    resource: Resource | None = None

    def member(self, name: str) -> Any:
        """Its name or id. Raises WrongError for what can only be asked of what is there."""
        if self.resource is not None and name in ("id", "name"):
            return self.resource.member(name)
        raise WrongError(f"{self.symbol} is asked for {name}, but it is not made")


@dataclass(frozen=True)
class Lambda:
    """An anonymous function of one argument."""

    call: Callable[[Any], Any]


@dataclass
class Deployed:
    """A template with its parameters: what would be made, and its outputs."""

    name: str
    outputs: dict[str, Any] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)

    def of_type(self, kind: str) -> list[Resource]:
        """The resources of that type that are made."""
        return [one for one in self.resources if one.type.lower() == kind.lower()]
