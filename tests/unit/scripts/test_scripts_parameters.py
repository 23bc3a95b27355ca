"""The parameters file filled from the environment, as azd fills it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.parameters import FILE, ParametersError, filled, main

TEMPLATE = {
    "parameters": {
        "name": {"type": "string"},
        "production": {"type": "bool", "defaultValue": True},
        "days": {"type": "int", "defaultValue": 90},
        "emails": {"type": "array"},
        "regions": {"type": "object"},
        "door": {"type": "string", "defaultValue": ""},
    }
}
CONTENT = {
    "contentVersion": "1.0.0.0",
    "parameters": {
        "name": {"value": "${NAME}"},
        "production": {"value": "${PRODUCTION=true}"},
        "days": {"value": "${DAYS=30}"},
        "emails": {"value": ["${EMAIL}"]},
        "regions": {"value": {"emea": "${EMEA}", "apac": "${APAC}"}},
        "door": {"value": "${DOOR}"},
    },
}
GIVEN = {"NAME": "sample", "EMAIL": "a@sample.example", "EMEA": "uksouth"}


def values(**environment: str) -> dict[str, Any]:
    found = filled(CONTENT, TEMPLATE, {**GIVEN, **environment})["parameters"]
    return {name: one["value"] for name, one in found.items()}


def test_values_come_from_the_environment_or_their_default_in_the_type_that_is_declared() -> None:
    assert values() == {
        "name": "sample",
        "production": True,
        "days": 30,
        "emails": ["a@sample.example"],
        "regions": {"emea": "uksouth", "apac": ""},
    }
    assert values(PRODUCTION="False", DAYS="7", DOOR="x") | {"emails": 0, "regions": 0} == {
        "name": "sample",
        "production": False,
        "days": 7,
        "emails": 0,
        "regions": 0,
        "door": "x",
    }


def test_a_name_that_looks_like_a_number_stays_text() -> None:
    assert values(NAME="123")["name"] == "123"


def test_what_is_missing_is_named_together() -> None:
    with pytest.raises(ParametersError, match=r"^Set EMAIL, NAME: docs/deploy\.md"):
        values(NAME="", EMAIL="")


@pytest.mark.parametrize(("given", "told"), [({"PRODUCTION": "yes"}, "true or false"), ({"DAYS": "few"}, "number")])
def test_a_value_of_another_type_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(ParametersError, match=told):
        values(**given)


def test_a_parameter_that_the_template_does_not_have_is_refused() -> None:
    with pytest.raises(ParametersError, match="gives name, which"):
        filled(CONTENT, {"parameters": {}}, GIVEN)


def test_the_real_file_can_be_filled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(FILE.read_text("utf-8"))
    kinds = {"production": "bool", "alertEmails": "array"}
    declared = {
        name: {"type": kinds.get(name, "string" if isinstance(one["value"], str) else "object")}
        for name, one in content["parameters"].items()
    }
    template = tmp_path / "main.json"
    template.write_text(json.dumps({"parameters": declared}), "utf-8")
    variables = set(re.findall(r"\$\{(\w+)", FILE.read_text("utf-8")))
    assert main(["--template", str(template)], dict.fromkeys(variables - {"PRODUCTION"}, "x")) == 0
    assert "${" not in capsys.readouterr().out
    assert main(["--template", str(template)], {}) == 1
    assert "AZURE_ENV_NAME" in capsys.readouterr().err
