"""Bindings of the functions, as the host would index them."""

import json
from functools import cache
from typing import Any

import azure.functions as func

from functions import BLUEPRINTS


@cache
def bindings() -> tuple[dict[str, Any], ...]:
    """Every binding of every function. The app of its own: the SDK indexes an app once in a process."""
    app = func.FunctionApp()
    for blueprint in BLUEPRINTS:
        app.register_functions(blueprint)
    return tuple(binding for function in app.get_functions() for binding in json.loads(str(function))["bindings"])
