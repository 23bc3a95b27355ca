"""The parameters file filled from the environment, as azd fills it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.parameters import FILE, ParametersError, filled, main
from tests.support.bicep.syntax import Template, named, read, text_of

MAIN = FILE.with_name("main.bicep")
PLAIN = ("string", "int", "bool", "object", "array")
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


def compiled(template: Template) -> dict[str, Any]:
    """Parameters and types as `az bicep build` writes them: a type of the file's own is told by reference alone."""
    parameters = {
        one.name: _compiled_type(text_of(named(one.node)[1])) | ({} if one.value is None else {"defaultValue": "…"})
        for one in template.of_kind("param")
    }
    return {"definitions": {one.name: {"type": "object"} for one in template.of_kind("type")}, "parameters": parameters}


def _compiled_type(kind: str) -> dict[str, str]:
    if kind.endswith("[]"):
        return {"type": "array"}
    return {"type": kind} if kind in PLAIN else {"$ref": f"#/definitions/{kind}"}


def test_a_type_of_the_templates_own_is_followed_to_what_it_is() -> None:
    template = {
        "definitions": {
            "days": {"type": "int"},
            "daysOfLogs": {"$ref": "#/definitions/days"},
            "inGeography": {"type": "object"},
        },
        "parameters": {
            **TEMPLATE["parameters"],
            "days": {"$ref": "#/definitions/daysOfLogs", "defaultValue": 90},
            "regions": {"$ref": "#/definitions/inGeography"},
        },
    }
    found = filled(CONTENT, template, GIVEN)["parameters"]
    assert (found["days"], found["regions"]) == ({"value": 30}, {"value": {"emea": "uksouth", "apac": ""}})
    with pytest.raises(ParametersError, match="whole number"):
        filled(CONTENT, template, {**GIVEN, "DAYS": "few"})


def test_the_real_file_can_be_filled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = compiled(read(MAIN))
    own = {name for name, one in template["parameters"].items() if "$ref" in one}
    assert own & set(json.loads(FILE.read_text("utf-8"))["parameters"]) >= {"regions", "publicBaseUrls"}
    file = tmp_path / "main.json"
    file.write_text(json.dumps(template), "utf-8")
    variables = set(re.findall(r"\$\{(\w+)", FILE.read_text("utf-8")))
    assert main(["--template", str(file)], dict.fromkeys(variables - {"PRODUCTION"}, "x")) == 0
    told = json.loads(capsys.readouterr().out)["parameters"]
    assert "${" not in json.dumps(told)
    assert told["production"] == {"value": True}
    assert told["regions"] == {"value": dict.fromkeys(("amer", "emea", "apac"), "x")}
    assert main(["--template", str(file)], {}) == 1
    assert "AZURE_ENV_NAME" in capsys.readouterr().err
