"""Bindings of the functions, as the host would index them."""

import json
from functools import cache
from typing import Any

import azure.functions as func

from functions import BLUEPRINTS


@cache
def functions() -> tuple[Any, ...]:
    """Every function. The app of its own: the SDK indexes an app once in a process."""
    app = func.FunctionApp()
    for blueprint in BLUEPRINTS:
        app.register_functions(blueprint)
    return tuple(app.get_functions())


def bindings_of(function: Any) -> list[dict[str, Any]]:
    """What a function is bound to."""
    found: list[dict[str, Any]] = json.loads(str(function))["bindings"]
    return found


def bindings() -> list[dict[str, Any]]:
    """Every binding of every function."""
    return [binding for function in functions() for binding in bindings_of(function)]
