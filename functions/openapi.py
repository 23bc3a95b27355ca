"""The OpenAPI 3.1 document of our API, made from the doors themselves."""

import re
from functools import cache
from typing import Any

import azure.functions as func
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from functions.answers import Answer, Json
from functions.edge import Access, Call, Door, Kind, door, doors

blueprint = func.Blueprint()
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "detail", "status", "code", "nextStep"],
    "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "code", "nextStep", "instance")}
    | {"status": {"type": "integer"}},
}


class _MadeDefaults(GenerateJsonSchema):
    """Defaults that are made when they are needed stand in the schema like others: the portal reads them there."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        factory = schema.get("default_factory")
        if factory and not schema.get("default_factory_takes_data"):
            made: Any = factory
            schema = {**schema, "default": made()}
        return super().default_schema(schema)


@door(blueprint, "GET", "openapi.json")
def openapi(_: Call[Any]) -> Answer:
    """This document."""
    return Json(document())


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    models = {model for one in doors.all for model in (one.body, one.answer) if model}
    schemas, definitions = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)],
        by_alias=True,
        ref_template="#/components/schemas/{model}",
        schema_generator=_MadeDefaults,
    )
    references = {model: schema for (model, _), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for one in doors.all:
        paths.setdefault(f"/api/{one.route}", {})[one.method.lower()] = _operation(one, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "EHR connector for Microsoft Teams", "version": "0.1.0"},
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {"entra": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(one: Door, references: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", one.route)
        ],
        "responses": {
            "2XX": {"description": "Success", **_content(references.get(one.answer), "application/json")},
            "4XX": {"description": "A failure of the catalogue", **_failure(one)},
        },
    }
    if one.body:
        operation["requestBody"] = {"required": True, **_content(references[one.body], "application/json")}
    if one.access is not Access.ANYONE:
        operation["security"] = [{"entra": []}]
    return operation


def _content(schema: Any, content_type: str) -> dict[str, Any]:
    return {"content": {content_type: {"schema": schema}}} if schema else {}


def _failure(one: Door) -> dict[str, Any]:
    if one.kind is Kind.PAGE:
        return {"content": {"text/html": {"schema": {"type": "string"}}}}
    return _content({"$ref": "#/components/schemas/Problem"}, "application/problem+json")
