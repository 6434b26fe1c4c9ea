"""The OpenAPI document as it is true: refusals are problem documents, and the visitor's token is a scheme.

FastAPI describes its own way of refusing input; ours is RFC 9457. `publish_document` puts that right in what
`/openapi.json` serves, and `read_operations` takes the document apart for the page at `/docs`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import FastAPI

from eservice.kit.http import PROBLEM

# The document is JSON that the OpenAPI standard shapes, not we.
Json: TypeAlias = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
BEARER = "visitor"
_REFERENCE = "#/components/schemas/"
_FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ValidationError")
_PROBLEM_SCHEMA: Json = {
    "type": "object",
    "title": "Problem",
    "description": "A refusal (RFC 9457). `type` is stable; the titles are for people.",
    "required": ["type", "title", "title_en", "status"],
    "properties": {
        "type": {"type": "string", "description": "urn:phueanban:error: and the code"},
        "title": {"type": "string", "description": "in Thai"},
        "title_en": {"type": "string", "description": "in English"},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "description": "which fields are wrong",
            "items": {"$ref": f"{_REFERENCE}FieldProblem"},
        },
    },
}
_FIELD_PROBLEM_SCHEMA: Json = {
    "type": "object",
    "title": "FieldProblem",
    "description": "What is wrong with one field.",
    "required": ["field", "code"],
    "properties": {"field": {"type": "string"}, "code": {"type": "string"}},
}
_PROBLEM_ANSWER: Json = {
    "description": "Refused",
    "content": {PROBLEM: {"schema": {"$ref": f"{_REFERENCE}Problem"}}},
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A parameter, or a property of a body. `kind` is its type as developers write it; `schema` may link it."""

    name: str
    kind: str
    schema: str = ""
    place: str = ""  # path, query, header; empty within a body
    is_required: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One way a route answers."""

    status: str
    media_type: str
    schema: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One route as the page shows it."""

    method: str
    path: str
    tag: str
    note: str
    tokens: tuple[str, ...]  # whose token opens it: "visitor", "partner"
    token_is_optional: bool
    parameters: tuple[Field, ...]
    body: str  # the name of the body's schema; empty without a body
    body_is_optional: bool
    answers: tuple[Answer, ...]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """One named shape of a body."""

    name: str
    note: str
    fields: tuple[Field, ...]


def publish_document(app: FastAPI) -> None:
    """Makes `app.openapi()`, and with it `/openapi.json`, tell how refusals look and which routes need a token."""
    describe = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _corrected(describe())
        return app.openapi_schema

    app.openapi_schema = None
    app.openapi = openapi


def read_operations(document: Json) -> list[Operation]:
    """Every route of the document, in its order."""
    return [
        _operation(method.upper(), path, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def read_schemas(document: Json) -> list[Schema]:
    """Every named shape, by name."""
    shapes = document.get("components", {}).get("schemas", {})
    return [
        Schema(name=name, note=shape.get("description", ""), fields=tuple(_properties(shape)))
        for name, shape in sorted(shapes.items())
    ]


def _corrected(document: Json) -> Json:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    schemas["Problem"], schemas["FieldProblem"] = _PROBLEM_SCHEMA, _FIELD_PROBLEM_SCHEMA
    document["components"].setdefault("securitySchemes", {})[BEARER] = {"type": "http", "scheme": "bearer"}
    for item in document["paths"].values():
        for method in METHODS:
            if method in item:
                _correct(item[method])
    return document


def _correct(operation: Json) -> None:
    kept = [one for one in operation.get("parameters", []) if one["name"] != "authorization"]
    if len(kept) != len(operation.get("parameters", [])):
        operation["parameters"] = kept
        operation["security"] = [{BEARER: []}]
        operation["responses"]["401"] = _PROBLEM_ANSWER
    if "422" in operation["responses"]:
        operation["responses"]["422"] = _PROBLEM_ANSWER
    operation["responses"]["default"] = _PROBLEM_ANSWER


def _operation(method: str, path: str, told: Json) -> Operation:
    body = told.get("requestBody", {})
    choices = told.get("security", [])
    parameters = tuple(
        _field(one["name"], one["schema"], place=one["in"], is_required=one.get("required", False))
        for one in told.get("parameters", [])
    )
    return Operation(
        method=method,
        path=path,
        tag=next(iter(told.get("tags", [])), ""),
        note=told.get("description") or told.get("summary", ""),
        tokens=tuple(scheme for choice in choices for scheme in choice),
        token_is_optional={} in choices,
        parameters=parameters,
        body=_schema_of(body.get("content", {}))[1],
        body_is_optional=bool(body) and not body.get("required", False),
        answers=tuple(_answers(told["responses"])),
    )


def _answers(responses: Mapping[str, Json]) -> Iterator[Answer]:
    for status, told in responses.items():
        media_type, schema = _schema_of(told.get("content", {}))
        yield Answer(status=status, media_type=media_type, schema=schema, note=told.get("description", ""))


def _schema_of(content: Mapping[str, Json]) -> tuple[str, str]:
    """The media type and the name of the shape; empty where there is none."""
    for media_type, told in content.items():
        return media_type, _kind(told.get("schema", {}))[1]
    return "", ""


def _properties(shape: Json) -> Iterator[Field]:
    required = shape.get("required", [])
    for name, told in shape.get("properties", {}).items():
        yield _field(name, told, is_required=name in required)


def _field(name: str, told: Json, *, place: str = "", is_required: bool = False) -> Field:
    kind, schema = _kind(told)
    note = told.get("description", "")
    return Field(name=name, kind=kind, schema=schema, place=place, is_required=is_required, note=note)


def _kind(told: Json) -> tuple[str, str]:
    """The type in a developer's words, and the named shape it leads to."""
    if reference := told.get("$ref"):
        name = reference.removeprefix(_REFERENCE)
        return name, name
    if choices := [one for one in told.get("anyOf", []) if one.get("type") != "null"]:
        return _kind(choices[0])
    if told.get("type") == "array":
        kind, schema = _kind(told.get("items", {}))
        return f"{kind}[]", schema
    if values := told.get("enum"):
        return " | ".join(f'"{value}"' for value in values), ""
    return told.get("type", "object") + _limits(told), ""


def _limits(told: Json) -> str:
    low = told.get("minimum", told.get("minLength"))
    high = told.get("maximum", told.get("maxLength"))
    if low is None and high is None:
        return f" ({told['format']})" if "format" in told else ""
    return f" ({'' if low is None else f'{low:,}'}–{'' if high is None else f'{high:,}'})"
