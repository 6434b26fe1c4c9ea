"""The API's document: every route is in it, described, and no answer shows an id of our tables."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from eservice.portal import publish_document
from tests.api.caller import CASES
from tests.test_conventions import routes_of_app

NUMBERS = {"version", "stars", "working_days"}
"""What is counted in answers; every other whole number might be an id."""


@pytest.fixture(scope="module")
def document(whole_app: FastAPI) -> dict[str, Any]:
    described = FastAPI(routes=whole_app.routes, docs_url=None)
    publish_document(described)
    return described.openapi()


def test_every_route_of_the_api_is_in_the_document(whole_app: FastAPI, document: dict[str, Any]) -> None:
    served = {route for route in routes_of_app(whole_app) if " /api/" in route}
    told = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert len(served) > 20
    assert served <= told


def test_every_route_about_cases_says_what_it_does_and_how_it_refuses(document: dict[str, Any]) -> None:
    for path, method, operation in _cases(document):
        assert operation.get("description"), (path, method)
        assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]
        for parameter in operation.get("parameters", []):
            assert parameter["in"] != "query" or "key" not in parameter["name"].lower(), path


def test_each_route_says_whose_token_opens_it(document: dict[str, Any]) -> None:
    told = {
        (method.upper(), path.removeprefix(CASES)): operation.get("security")
        for path, method, operation in _cases(document)
    }
    free = {
        ("GET", "/categories"), ("GET", "/{number}"),
        *(("POST", f"/{{number}}/{act}") for act in ("withdraw", "confirm", "reopen", "rating", "attachments")),
        ("GET", "/{number}/attachments/{reference}"),
    }  # fmt: skip
    either = {("POST", ""), ("POST", "/{number}/comments")}
    for route, security in told.items():
        if route in free:
            assert security is None, route
        elif route in either:
            assert {} in security and {"partner": []} in security, route
        else:
            assert security == [{"partner": []}], route
    assert document["components"]["securitySchemes"].keys() == {"visitor", "partner"}


def test_no_answer_about_cases_has_an_id_of_our_tables(document: dict[str, Any]) -> None:
    shapes = document["components"]["schemas"]
    seen: set[str] = set()
    for _path, _method, operation in _cases(document):
        for answer in operation["responses"].values():
            for content in answer.get("content", {}).values():
                seen |= _reachable(content.get("schema", {}), shapes)
    assert {"CaseRecord", "CaseTimeline", "CaseStatus", "FiledCase", "CaseList"} <= seen
    for name in seen - {"Problem", "FieldProblem"}:
        for field, told in shapes[name].get("properties", {}).items():
            assert field != "id" and not field.endswith("_id"), (name, field)
            assert "integer" not in str(told) or field in NUMBERS, (name, field)


def test_every_body_about_cases_refuses_what_it_does_not_name(document: dict[str, Any]) -> None:
    shapes = document["components"]["schemas"]
    for path, _method, operation in _cases(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for name in _reachable(content["schema"], shapes):
                if shapes[name].get("type") == "object":
                    assert shapes[name]["additionalProperties"] is False, (path, name)


def _cases(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        if path.startswith(CASES):
            for method, operation in item.items():
                yield path, method, operation


def _reachable(schema: Any, shapes: dict[str, Any]) -> set[str]:
    """The names of all shapes that a schema leads to."""
    found: set[str] = set()
    edge = _references(schema)
    while edge:
        found |= edge
        edge = {name for shape in edge for name in _references(shapes[shape])} - found
    return found


def _references(schema: Any) -> set[str]:
    match schema:
        case {"$ref": str(reference)}:
            return {reference.rpartition("/")[2]}
        case dict():
            return {name for value in schema.values() for name in _references(value)}
        case list():
            return {name for value in schema for name in _references(value)}
        case _:
            return set()
