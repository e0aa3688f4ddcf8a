"""The API's reference at /docs: one plain page made of the OpenAPI document. No script, nothing from elsewhere: it
works on a machine that reaches nothing but this server.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType

from apitrail.server.openapi import document

_STYLE_PATH = "/docs/reference.css"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24 }
code, pre { font: 0.9em/1.4 ui-monospace, monospace; background: #f2f4f7; border-radius: 4px }
code { padding: 0 0.2em } pre { padding: 0.8em; overflow-x: auto } pre code { padding: 0 }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: 0.3em 0.6em;
border-bottom: 1px solid #dde1e6; overflow-wrap: anywhere }
h2 { margin-top: 2.5rem; border-top: 2px solid #dde1e6; padding-top: 1rem } h3 { margin-top: 2rem }
.method { color: #0a5c36; text-transform: uppercase }
@media (prefers-color-scheme: dark) { body { background: #14171a; color: #e3e6ea } a { color: #7db7ff }
code, pre { background: #22272e } th, td, h2 { border-color: #3a4149 } .method { color: #6fd3a0 } }
"""


@get("/docs/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_json(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The OpenAPI document."""
    return document(request.app)


@get(_STYLE_PATH, include_in_schema=False, media_type=MediaType.CSS, sync_to_thread=False)
def style() -> str:
    """The page's style sheet."""
    return _STYLE


@get("/docs", include_in_schema=False, sync_to_thread=False)
def reference(request: Request[Any, Any, Any]) -> Response[str]:
    """The page."""
    return Response(page(document(request.app), str(request.base_url).rstrip("/")), media_type=MediaType.HTML)


def page(openapi: dict[str, Any], base: str) -> str:
    """The OpenAPI document as HTML. `base` is where the reader reached this server, for the examples."""
    operations = [(path, method, one) for path, item in openapi["paths"].items() for method, one in item.items()]
    contents = "".join(
        f'<li><a href="#{one["operationId"]}"><code>{method.upper()} {escape(path)}</code></a> '
        f"{escape(one['summary'])}</li>"
        for path, method, one in operations
    )
    schemas = openapi["components"]["schemas"]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>API reference · Platform API Logs</title><link rel="stylesheet" href="{_STYLE_PATH}"></head><body>'
        f"<h1>API reference</h1><p>{escape(openapi['info']['description'])}</p>"
        "<p>Errors have one shape: <code>"
        + escape('{"error": {"field": "…", "value": "…", "reason": "…", "fix": "…"}}')
        + "</code>. For programs: <a href='/docs/openapi.json'>the OpenAPI document</a>. "
        f'<a href="/">Back to the log</a>.</p><ul>{contents}</ul>'
        + "".join(_operation(path, method, one, base) for path, method, one in operations)
        + "<h2>Types</h2>"
        + "".join(_schema(name, schemas[name]) for name in sorted(schemas))
        + "</body></html>\n"
    )


def _operation(path: str, method: str, one: dict[str, Any], base: str) -> str:
    paragraphs = "".join(f"<p>{_prose(text)}</p>" for text in one["description"].split("\n\n"))
    parameters = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}</td>"
        f"<td>{_kind(parameter['schema'])}</td><td>{_prose(parameter['description'])}</td></tr>"
        for parameter in one.get("parameters", [])
    )
    answers = "".join(
        f"<tr><td>{status}</td><td>{_prose(answer['description'])}</td><td>{_content(answer['content'])}</td></tr>"
        for status, answer in one["responses"].items()
    )
    body = f"<h3>Body</h3><p>{_content(one['requestBody']['content'])}</p>" if "requestBody" in one else ""
    return (
        f'<h2 id="{one["operationId"]}"><code><span class="method">{method}</span> {escape(path)}</code></h2>'
        f"<p><strong>{escape(one['summary'])}.</strong></p>{paragraphs}"
        + (f"<h3>Parameters</h3><table>{parameters}</table>" if parameters else "")
        + body
        + f"<h3>Example</h3><pre><code>{escape(_example(path, method, one, base))}</code></pre>"
        + f"<h3>Answers</h3><table>{answers}</table>"
    )


def _example(path: str, method: str, one: dict[str, Any], base: str) -> str:
    if "requestBody" in one:
        data = json.dumps(one["requestBody"]["content"]["application/json"]["example"], indent=2, ensure_ascii=False)
        verb = "-X PUT " if method == "put" else ""
        return (
            f"curl {verb}{base}{path} -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' \\\n"
            f"  --data-binary @- <<'END'\n{data}\nEND"
        )
    return f"curl '{base}{path}'" + ("" if one["security"] == [] else " -H 'Authorization: Bearer TOKEN'")


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{'' if field in required else ' (optional)'}</td>"
        f"<td>{_kind(about)}</td><td>{_prose(about.get('description', ''))}</td></tr>"
        for field, about in schema.get("properties", {}).items()
    )
    return (
        f'<h3 id="type-{escape(name)}">{escape(name)}</h3><p>{_prose(schema.get("description", ""))}</p>'
        f"<table>{rows}</table>"
    )


def _content(content: dict[str, Any]) -> str:
    return "<br>".join(
        f"<code>{escape(media)}</code> {_kind(about['schema']) if 'schema' in about else ''}"
        for media, about in content.items()
    )


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words, with links to types."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#type-{escape(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        items = schema.get("items") or {}
        if "prefixItems" in schema:
            return "[" + ", ".join(_kind(one) for one in schema["prefixItems"]) + "]"
        return f"list of {_kind(items) if items else 'anything'}"
    detail = schema.get("format") or schema.get("contentEncoding")
    return escape(str(schema.get("type", "anything"))) + (f" ({escape(detail)})" if detail else "")


def _prose(text: str) -> str:
    """Escaped text with `code` between backticks."""
    parts = escape(" ".join(text.split())).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


routes = [openapi_json, style, reference]
