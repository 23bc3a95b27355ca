"""`python -m scripts.parameters --template main.json`: infra/main.parameters.json filled from the environment.

`azd` fills the file itself; the pipeline, which has no azd, does it in the same way: `${NAME}` and `${NAME=default}`,
an empty value of a parameter with a default left out, "true" and "3" turned into what the template declares.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "infra" / "main.parameters.json"
_VARIABLE = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")


class ParametersError(Exception):
    """Variables are missing or wrong; the message says which."""


def needed(value: Any) -> set[str]:
    """The variables without a default that a value names."""
    return {name for name, default in _VARIABLE.findall(json.dumps(value)) if not default}


def filled(content: dict[str, Any], template: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The parameters file for one deployment. Raises ParametersError."""
    values: dict[str, dict[str, Any]] = {}
    missing: set[str] = set()
    for name, entry in content["parameters"].items():
        declared = template["parameters"].get(name)
        if declared is None:
            raise ParametersError(f"infra/main.parameters.json gives {name}, which infra/main.bicep does not have.")
        value = _typed(name, _fill(entry["value"], environment), _kind(declared, template))
        if value not in ("", [""]):
            values[name] = {"value": value}
        elif "defaultValue" not in declared:
            missing |= needed(entry["value"])
    if missing:
        raise ParametersError(f"Set {', '.join(sorted(missing))}: docs/deploy.md says what each is.")
    return {**content, "parameters": values}


def _kind(declared: Mapping[str, Any], template: Mapping[str, Any]) -> str:
    """What a parameter is, as in `object`: one of a type of the file's own only refers to where that stands."""
    while "$ref" in declared:
        declared = template["definitions"][declared["$ref"].removeprefix("#/definitions/")]
    return str(declared["type"])


def _fill(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: environment.get(found[1], "") or found[2] or "", value)
    if isinstance(value, list):
        return [_fill(one, environment) for one in value]
    if isinstance(value, dict):
        return {name: _fill(one, environment) for name, one in value.items()}
    return value


def _typed(name: str, value: Any, kind: str) -> Any:
    if not isinstance(value, str) or kind.lower() not in ("bool", "int") or not value:
        return value
    try:
        found = json.loads(value.lower())
    except ValueError:
        found = None
    if type(found) is not {"bool": bool, "int": int}[kind.lower()]:
        raise ParametersError(
            f"{name} must be {'true or false' if kind == 'bool' else 'a whole number'}, not {value!r}."
        )
    return found


def main(words: list[str], environment: Mapping[str, str]) -> int:
    """Print the filled file."""
    parser = argparse.ArgumentParser("python -m scripts.parameters", description=__doc__)
    parser.add_argument("--template", type=Path, required=True, help="infra/main.bicep as compiled by `az bicep build`")
    template = json.loads(parser.parse_args(words).template.read_text("utf-8"))
    try:
        print(json.dumps(filled(json.loads(FILE.read_text("utf-8")), template, environment), indent=2))
    except ParametersError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
