"""The OpenAPI document, made of the routes themselves: a handler carries its `Operation` in its options, and the
schemas come from the types that are read and written, with the words of their docstrings.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from textwrap import dedent
from typing import Any

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec import Struct

from apitrail import __version__
from apitrail.exchange import Exchange, Loss
from apitrail.server.problems import FaultAnswer

ERRORS = {
    400: "The request cannot be read. The error names the field, and what to send instead.",
    401: "The token or login is missing, unknown or revoked.",
    403: "The token has another scope, or reading by this host name needs a token.",
    404: "Nothing has this id.",
    413: "The batch is too large. Send smaller ones.",
    415: "The content type or content coding is not supported.",
    422: "The query reached its limit of time or memory. Use a shorter date range.",
    429: "The server is busy. Keep the batch, and send it again after the seconds in Retry-After.",
    503: "The store does not answer. Keep your data, and try again after the seconds in Retry-After.",
}
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "read": [{"read": []}, {"login": []}, {}],
    "ingest": [{"ingest": []}],
    "open": [],
}


class BatchBody(Struct, frozen=True):
    """A batch, as JSON or MessagePack, compressed or not."""

    exchanges: list[Exchange]
    losses: list[Loss] = []
    """Exchanges that the recorder had to discard since its last batch."""


class Parameter(Struct, frozen=True, kw_only=True):
    """One parameter of an operation."""

    name: str
    about: str
    where: str = "query"
    kind: str = "string"
    form: str = ""
    """A string's `format`, as JSON Schema names it."""
    least: int | None = None
    most: int | None = None
    """Of a whole number."""
    example: Any = None
    choices: tuple[str, ...] = ()
    repeated: bool = False
    """May be given several times: its values are alternatives."""
    required: bool = False


class Operation(Struct, frozen=True, kw_only=True):
    """What OpenAPI says of one route. The handler's docstring is its description."""

    summary: str
    answer: Any = None
    """The type of the answer's JSON."""
    media: tuple[str, ...] = ()
    """Content types of an answer that is not JSON."""
    body: Any = None
    """The type of the request's body."""
    example: Any = None
    """Such a body, as JSON."""
    packed: bool = False
    """The body may be MessagePack too."""
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()


def document(app: Litestar) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the routes that carry an Operation."""
    found = [
        (route.path_format, method.lower(), handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if "operation" in handler.opt
    ]
    found.sort(key=lambda one: (one[0], one[1]))
    operations: list[Operation] = [handler.opt["operation"] for _, _, handler in found]
    types = [FaultAnswer, *(kind for one in operations for kind in (one.answer, one.body) if kind is not None)]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    references = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    _describe_fields(components, types)
    paths: dict[str, dict[str, Any]] = {}
    for (path, method, handler), operation in zip(found, operations, strict=True):
        function = getattr(handler.fn, "func", handler.fn)  # Litestar wraps those that run on a thread
        about = inspect.cleandoc(function.__doc__ or "")
        paths.setdefault(path, {})[method] = _operation(
            operation, about, handler.handler_name, handler.opt.get("access", "read"), references
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Apitrail: Platform API Logs",
            "version": __version__,
            "description": "A read-only audit log of the calls between a commerce backend and its platforms and "
            "carriers. No operation changes or deletes an entry.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "ingest": {"type": "http", "scheme": "bearer", "description": "A token with the scope ingest."},
                "read": {"type": "http", "scheme": "bearer", "description": "A token with the scope read."},
                "login": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "apitrail_session",
                    "description": "Issued at /login for a read token.",
                },
            },
        },
    }


def _operation(
    operation: Operation, about: str, name: str, access: str, references: dict[int, dict[str, Any]]
) -> dict[str, Any]:
    problem = {"application/json": {"schema": references[id(FaultAnswer)]}}
    content: dict[str, Any] = {media: {} for media in operation.media}
    if operation.answer is not None:
        content["application/json"] = {"schema": references[id(operation.answer)]}
    written: dict[str, Any] = {
        "operationId": name,
        "summary": operation.summary,
        "description": about,
        "security": _SECURITY[access],
        "responses": {
            "200": {"description": "Done.", "content": content},
            **{str(status): {"description": ERRORS[status], "content": problem} for status in operation.errors},
        },
    }
    if operation.parameters:
        written["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        schema = {"schema": references[id(operation.body)]}
        written["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {**schema, "example": operation.example},
                **({"application/msgpack": schema} if operation.packed else {}),
            },
        }
    return written


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.kind == "string":
        schema["minLength"] = 1  # what is given and empty is refused
    if parameter.form:
        schema["format"] = parameter.form
    if parameter.least is not None:
        schema["minimum"] = parameter.least
    if parameter.most is not None:
        schema["maximum"] = parameter.most
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.repeated:
        schema = {"type": "array", "items": schema}
    written: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.about,
        "required": parameter.required,
        "schema": schema,
    }
    if parameter.example is not None:
        written["example"] = parameter.example
    return written


def _describe_fields(components: dict[str, dict[str, Any]], types: list[Any]) -> None:
    """Adds the docstrings of fields, which msgspec does not see, to the schemas of their classes."""
    waiting, seen = list(types), set[Any]()
    while waiting:
        kind = waiting.pop()
        waiting.extend(getattr(kind, "__args__", ()))
        if kind in seen or not (isinstance(kind, type) and issubclass(kind, Struct)):
            continue
        seen.add(kind)
        waiting.extend(inspect.get_annotations(kind, eval_str=True).values())
        waiting.extend(kind.__bases__)
        schema = components.get(kind.__name__)
        if schema is None:
            continue
        for base in kind.__mro__:
            for name, words in field_docs(base).items():
                field = schema.get("properties", {}).get(name)
                if field is not None:
                    field.setdefault("description", words)


@cache
def field_docs(kind: type) -> dict[str, str]:
    """The strings under the fields of a class, by field name."""
    if not (issubclass(kind, Struct) and kind is not Struct):
        return {}
    body = ast.parse(dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, following in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            found[field.target.id] = " ".join(inspect.cleandoc(following.value.value).split())
    return found


EXAMPLE_BATCH: dict[str, Any] = {
    "exchanges": [
        {
            "created_at": "2026-03-09T14:30:00.123456+08:00",
            "method": "POST",
            "url": "https://api.carrier.example/v2/shipments?mode=test",
            "request": {
                "headers": [["Content-Type", "application/json"]],
                "text": '{"order": "A-1001", "weight_g": 1200}',
            },
            "status": 422,
            "response": {
                "headers": [["Content-Type", "application/json"]],
                "text": '{"error": {"code": "ADDRESS.VERIFY.FAILURE", "message": "Unable to verify address"}}',
            },
            "duration_ms": 412.7,
            "stated": {
                "action": "label.create",
                "platform": "carrier",
                "shipping_integration": {"id": "carrier-tw-01", "name": "Carrier TW"},
                "source": {"type": "order", "id": "A-1001"},
            },
        }
    ]
}
EXAMPLE_INTEGRATIONS: dict[str, Any] = {
    "integrations": [
        {
            "id": "42",
            "name": "Tea House, Shopee TW",
            "side": "ec",
            "platform": "shopee",
            "accounts": ["220385991"],
            "merchant": "M102",
            "link": "https://erp.example/integrations/42",
        },
        {
            "id": "43",
            "name": "Tea House web shop",
            "side": "ec",
            "platform": "woocommerce",
            "hosts": ["shop.teahouse.example"],
            "settings": {"Stock": "pushed every 5 minutes"},
        },
    ]
}
