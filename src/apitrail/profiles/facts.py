"""What rules look at: one exchange, its parts parsed when a rule first asks for them, and each at most once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from apitrail.entry import Payload
from apitrail.exchange import Exchange, Headers
from apitrail.profiles.bodies import Parsed, parse, parse_form
from apitrail.profiles.graphql import operation
from apitrail.profiles.markup import root_name

_NOTHING: Parsed = ("empty", None)
_COMMON = re.compile(r"https?://([a-z0-9][a-z0-9.-]*[a-z0-9])(?::\d+)?(/[^?#]*)?(?:\?([^#]*))?", re.DOTALL).fullmatch
"""What nearly every URL is like; the others are taken apart step by step."""


def split_url(url: str) -> tuple[str, str, str]:
    """(host without port, in lower case; path; query). A malformed URL gives what can be told, and never raises."""
    common = _COMMON(url)
    if common is not None:
        host, path, query = common.groups("")
        return host, path or "/", query
    scheme, found, rest = url.partition("://")
    if not found or "/" in scheme:
        rest = url
        host = ""
    else:
        end = len(rest)
        for mark in "/?#":
            at = rest.find(mark, 0, end)
            if at >= 0:
                end = at
        host = rest[:end].rpartition("@")[2].lower()
        rest = rest[end:]
        host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0].rstrip(".")
    rest = rest.partition("#")[0]
    path, _, query = rest.partition("?")
    return host, path or "/", query


class Facts:
    """One exchange, read lazily."""

    __slots__ = (
        "_query",
        "_request_headers",
        "_response_headers",
        "action",
        "captures",
        "direction",
        "exchange",
        "host",
        "method",
        "path",
        "query_text",
        "request_parsed",
        "request_payload",
        "response_parsed",
        "response_payload",
        "selected",
        "status",
    )  # fmt: skip

    def __init__(self, exchange: Exchange, request: Payload, response: Payload | None) -> None:
        self.exchange = exchange
        self.request_payload = request
        self.response_payload = response
        self.method = exchange.method.upper()
        self.direction = exchange.direction
        self.status = exchange.status
        self.host, self.path, self.query_text = split_url(exchange.url)
        self.captures: dict[str, str] = {}
        self.action = "unknown"
        self.selected: dict[str, Any] = {}
        """What the places that endpoints choose by say: several endpoints may ask for the same."""
        self._query: dict[str, Any] | None = None
        self.request_parsed: Parsed | None = None
        self.response_parsed: Parsed | None = None
        self._request_headers: dict[str, str] | None = None
        self._response_headers: dict[str, str] | None = None

    def query(self) -> dict[str, Any]:
        """Name → value, percent-decoded."""
        if self._query is None:
            self._query = parse_form(self.query_text) if self.query_text else {}
        return self._query

    def request(self) -> Parsed:
        """Form and data of the request's body."""
        if self.request_parsed is None:
            self.request_parsed = _parsed(self.request_payload)
        return self.request_parsed

    def response(self) -> Parsed:
        """Form and data of the answer's body."""
        if self.response_parsed is None:
            self.response_parsed = _parsed(self.response_payload) if self.response_payload is not None else _NOTHING
        return self.response_parsed

    def request_headers(self) -> dict[str, str]:
        """Lower-case name → first value."""
        if self._request_headers is None:
            self._request_headers = _by_name(self.request_payload.headers)
        return self._request_headers

    def response_headers(self) -> dict[str, str]:
        """Lower-case name → first value."""
        if self._response_headers is None:
            answer = self.response_payload
            self._response_headers = _by_name(answer.headers) if answer is not None else {}
        return self._response_headers

    def graphql(self) -> tuple[str, str]:
        """(operation's name, root field) of a GraphQL request; empty where it is none."""
        data = self.request()[1]
        if type(data) is list and data:
            data = data[0]
        if type(data) is not dict:
            data = self.query()
        document = data.get("query")
        if type(document) is not str:
            return "", ""
        name = data.get("operationName")
        return operation(document, name if type(name) is str else "")

    def root(self, side: str) -> str:
        """The XML document's root, or in SOAP the first element of its body."""
        form, data = self.request() if side == "request" else self.response()
        return root_name(data) if form == "xml" else ""


def _parsed(payload: Payload) -> Parsed:
    return parse(payload.body, payload.content_type, payload.charset)


def _by_name(headers: Headers) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, value in headers:
        out.setdefault(name.lower(), value)
    return out


def decoded(segment: str) -> str:
    """A path segment with its percent-encoding undone."""
    return unquote(segment) if "%" in segment else segment
