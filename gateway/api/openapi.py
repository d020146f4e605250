"""The OpenAPI 3.1 document of the table of routes, with the schemas that `msgspec` makes of their types."""

from collections.abc import Iterable, Mapping, Sequence
from inspect import cleandoc
from typing import Any, Final

import msgspec
from docstring_parser import Docstring, DocstringStyle, parse
from msgspec import Struct
from starlette.responses import Response

from argentos.actors import SessionInfo
from argentos.gateway.api.routes import NoParameters, Route
from argentos.gateway.api.streams import told
from argentos.gateway.api.streams.event_stream import EventStream
from argentos.gateway.api.streams.records import RECORD_OBJECTS
from argentos.gateway.problems import Problem

__all__ = ["openapi_document"]

Json = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/{name}"
_HEADERS: Final[Mapping[str, str]] = {
    "Idempotency-Key": "The id of the message: sent again under it, it is taken once, and gets the first outcome.",
    "Prefer": "`respond-async` to be answered once the message is durable, without waiting for the reply.",
    "Last-Event-ID": "The cursor of the last event that the client has.",
}
_IN_PATH: Final = "{session}"
_PROBLEM: Final[Json] = {
    "description": "A problem document.",
    "content": {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}},
}


def openapi_document(routes: Sequence[Route], version: str) -> Json:
    """The document.

    Args:
        routes: the table.
        version: of argentos.
    """
    kinds = [kind for each in routes for kind in _kinds_of(each)]
    schemas, components = msgspec.json.schema_components(
        [*kinds, Problem, *told.KINDS, *RECORD_OBJECTS.values()], ref_template=_REFERENCE
    )
    known = dict(zip(kinds, schemas, strict=False))
    for each in components.values():
        _describe(each, _words(each.get("description", "")))
    for kind, schema in known.items():
        for base in kind.__mro__:
            _describe(_resolved(schema, components), _words(base.__doc__ or ""))
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, known, components)
        made = paths[route.path][route.method.lower()]["responses"].get("201")
        if made is not None and SessionInfo in route.results:
            made["links"] = _links(routes)
    for each in {known[route.parameters]["$ref"].rpartition("/")[2] for route in routes}:
        del components[each]  # they stand at each path
    return {
        "openapi": "3.1.0",
        "info": {"title": "Argent Sessions", "version": version, "description": "Conversation sessions over HTTP."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _kinds_of(route: Route) -> Iterable[Any]:
    yield route.parameters
    if route.body is not None:
        yield route.body
    yield from (each for each in route.results if _has_schema(each))


def _has_schema(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _operation(route: Route, known: Mapping[Any, Json], components: Mapping[str, Json]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [*_parameters(route, known, components)],
        "responses": {**_responses(route, known), "default": _PROBLEM},
    }
    if route.description:
        operation["description"] = route.description
    if route.scope is None:
        operation["security"] = []
    else:
        operation["x-scope"] = route.scope
    if route.body is not None:
        needs_body = bool(_resolved(known[route.body], components).get("required"))
        content = {"application/json": {"schema": known[route.body]}}
        operation["requestBody"] = {"required": needs_body, "content": content}
    return operation


def _parameters(route: Route, known: Mapping[Any, Json], components: Mapping[str, Json]) -> Iterable[Json]:
    if route.parameters is not NoParameters:
        schema = _resolved(known[route.parameters], components)
        for name, field in schema.get("properties", {}).items():
            is_path = f"{{{name}}}" in route.path
            yield {
                "name": name,
                "in": "path" if is_path else "query",
                "required": is_path or name in schema.get("required", ()),
                "description": field.get("description", ""),
                "schema": _plain(field),
            }
    for name in route.headers:
        yield {"name": name, "in": "header", "schema": {"type": "string"}, "description": _HEADERS[name]}


def _responses(route: Route, known: Mapping[Any, Json]) -> Json:
    responses: Json = {}
    for kind in route.results:
        status = str(route.status_of_kind(kind))
        response = responses.setdefault(status, {"description": route.summary})
        content = _content(kind, known)
        if content:
            response.setdefault("content", {}).update(content)
    return responses


def _links(routes: Iterable[Route]) -> Json:
    """The operations on a session that was made."""
    session = {"session": "$response.body#/id"}
    return {each.name: {"operationId": each.name, "parameters": session} for each in routes if _IN_PATH in each.path}


def _content(kind: Any, known: Mapping[Any, Json]) -> Json:
    if _has_schema(kind):
        return {"application/json": {"schema": known[kind]}}
    if isinstance(kind, type) and issubclass(kind, EventStream):
        return {"text/event-stream": {"schema": {"type": "string"}}}
    return {"*/*": {"schema": {}}} if isinstance(kind, type) and issubclass(kind, Response) else {}


def _resolved(schema: Json, components: Mapping[str, Json]) -> Json:
    """A schema itself, where it is a reference to one."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return components[name] if name else schema


def _plain(field: Json) -> Json:
    """The schema of a parameter, which may be left out and is never null."""
    schema = {key: value for key, value in field.items() if key not in {"description", "default"}}
    kinds: list[Json] = [each for each in field.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) == 1:
        return kinds[0]
    return schema if field.get("default") is None else {**schema, "default": field["default"]}


def _words(docstring: str) -> Docstring:
    return parse(cleandoc(docstring), DocstringStyle.GOOGLE)


def _describe(schema: Json, words: Docstring) -> None:
    """Give an object and its fields the words that a docstring has for them."""
    if "Attributes:" in schema.get("description", ""):
        schema["description"] = " ".join(filter(None, (words.short_description, words.long_description)))
    fields = schema.get("properties", {})
    for each in words.params:
        field = fields.get(_camel(each.arg_name))
        if field is not None and each.description:
            field.setdefault("description", each.description)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.title() for each in rest)
