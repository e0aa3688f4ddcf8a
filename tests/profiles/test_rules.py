"""The small language of profiles: places, conditions, endpoints, lines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apitrail.exchange import Exchange, Message
from apitrail.profiles.conditions import BadCondition, compile_condition
from apitrail.profiles.facts import Facts
from apitrail.profiles.locators import Locator
from apitrail.profiles.payloads import payload
from apitrail.profiles.platform import BadEndpoint, parse_endpoint
from apitrail.profiles.positions import Positions
from apitrail.profiles.routes import BadPath, Routes
from apitrail.profiles.steps import BadLocator

ANSWER = """{"a": {"b": [{"c": 1}, {"c": "2"}, {"d": null}]}, "one": {"c": 3}, "odd name.x": true, "list": "x, y,,z",
"inside": "{\\"ok\\": false}", "xml": "<r><n>5</n></r>", "errors": {"title": ["bad", "worse"]}, "zero": "0", "n": -7,
"said": [{"type": "error", "is": {"level": 3}, "text": "no"}, {"type": "note", "text": "by the way"}, "odd",
{"text": "x"}], "at": [{"on": "20260802", "by": "120000", "n": 1}, {"on": "20260803", "by": "090000", "n": 2},
{"on": "20260803", "by": "080000", "n": 3}]}"""


@pytest.fixture(scope="module")
def facts() -> Facts:
    exchange = Exchange(
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        method="post",
        url="https://Shop7.Acme.example:8443/v1/x?id=1,2&id=3&name=%E5%AD%97+x",
        request=Message(headers=[("X-Topic", "orders/create"), ("x-topic", "second")], body=b"k=v"),
        response=Message(headers=[("X-Request-ID", "r1")], body=ANSWER.encode()),
        status=206,
    )
    assert exchange.response is not None
    found = Facts(exchange, payload(exchange.request), payload(exchange.response))
    found.captures = {"id": "c1"}
    return found


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("path:id", ["c1"]),
        ("path:other", []),
        ("query:name", ["字 x"]),
        ("query:id[,]", ["1", "2", "3"]),
        ("request-header:x-TOPIC", ["orders/create"]),
        ("response-header:X-Request-Id", ["r1"]),
        ("request:$.k", ["v"]),
        ("response:$.a.b[].c", [1, "2"]),
        ("response:$.one[].c", [3]),
        ("response:$.a.b.c", []),
        ('response:$["odd name.x"]', [True]),
        ("response:$.list[,]", ["x", "y", "z"]),
        ("response:$.inside.(json).ok", [False]),
        ("response:$.xml.(xml).r.n", ["5"]),
        ("response:$.errors.(first)", ["bad"]),
        ("response:$.said[type=error].text", ["no"]),
        ("response:$.said[type=note|error].text", ["no", "by the way"]),
        ("response:$.said[type!=error].text", ["by the way", "x"]),
        ("response:$.said[is.level=3].text", ["no"]),
        ("response:$.one[c=3].c", [3]),
        ("response:$.one[c=4].c", []),
        ("response:$.at[first].n", [1]),
        ("response:$.at[last].n", [3]),
        ("response:$.at[newest on,by].n", [2]),
        ("response:$.at[newest on].n", [3]),
        ("response:$.at[newest n].n", []),
        ("response:$.one[last].c", [3]),
        ("response:$.one[newest c].c", [3]),
        ("response:$.errors.title[first]", ["bad"]),
        ("response:$.errors.(keys)", ["title"]),
        ("response:$.errors.*", [["bad", "worse"]]),
        ("response:$.errors.*[]", ["bad", "worse"]),
        ("response:form", ["json"]),
        ("request:form", ["form"]),
        ("response:root", []),
        ("request:graphql", []),
        ("status", [206]),
        ("method", ["POST"]),
        ("host", ["shop7.acme.example"]),
        ("request-header:X-Topic ~ ^orders/(.+)$", ["create"]),
        ("request-header:X-Topic ~ ^nothing", []),
    ],
)
def test_a_place_gives_its_values(facts: Facts, text: str, values: list[Any]) -> None:
    locator = Locator(text)
    assert locator.every(facts) == values
    assert locator.first(facts) == (values[0] if values else None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "body:$.a",
        "request:a",
        "request:",
        "request:$a",
        "request:$.(zip)",
        "response:graphql",
        "query:",
        "request:$[a]",
        "request:$[=a]",
        "request:$[newest]",
        "request:$[newest a,]",
    ],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(BadLocator):
        Locator(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("response:$.one", True),
        ("!response:$.one", False),
        ("response:$.missing", False),
        ("!response:$.missing", True),
        ("response:$.zero", True),
        ("response:$.a.b[].d", False),
        ("response:$.a.b[].c = 2", True),
        ("response:$.a.b[].c = 3|1", True),
        ("response:$.a.b[].c != 1", True),
        ("response:$.one.c != 3", False),
        ("response:$.missing != 3", False),
        ("response:$.inside.(json).ok = false", True),
        ("request-header:X-Topic ~ ^ORDERS/", True),
        ("request-header:X-Topic ~ ^products", False),
        ("status >= 206", True),
        ("status > 206", False),
        ("status < 300", True),
        ("response:$.n <= -7", True),
        ("response:$.list > 0", False),
        ("response:$.said[type=error].text = no", True),
        ("response:$.said[type!=error].text", True),
        ("!response:$.said[type=fatal].text", True),
    ],
)
def test_a_condition_holds_or_not(facts: Facts, text: str, holds: bool) -> None:
    assert compile_condition(text)(facts) is holds


@pytest.mark.parametrize("text", ["", "= 3", "status > x", "body:$.a = 1", "status ~ (", "a b c"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(BadCondition):
        compile_condition(text)


@pytest.fixture
def routes() -> Routes[str]:
    table: Routes[str] = Routes()
    table.add("GET", "/orders", "list")
    table.add("GET", "/orders/count.json", "count")
    table.add("GET", "/orders/{id}.json", "json")
    table.add("GET|PUT", "/orders/{id}", "one")
    table.add("POST", "/orders/{id}/ship", "ship")
    table.add("*", "/files/**", "file")
    return table


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/orders", (["list"], {})),
        ("GET", "/ORDERS/", (["list"], {})),
        ("HEAD", "//orders", (["list"], {})),
        ("GET", "/orders/count.json", (["count"], {})),
        ("GET", "/orders/7.json", (["json"], {"id": "7"})),
        ("GET", "/orders/A%2F7", (["one"], {"id": "A/7"})),
        ("PUT", "/orders/7", (["one"], {"id": "7"})),
        ("POST", "/orders/7/ship", (["ship"], {"id": "7"})),
        ("DELETE", "/files/a/b/c", (["file"], {})),
        ("DELETE", "/orders/7", None),
        ("GET", "/shop/orders", None),
        ("GET", "/", None),
    ],
)
def test_a_path_finds_its_endpoint(routes: Routes[str], method: str, path: str, found: object) -> None:
    assert routes.find(method, path) == found


def test_a_platform_on_somebodys_own_host_may_be_mounted_below(routes: Routes[str]) -> None:
    assert routes.find("GET", "/my/shop/orders/7", anywhere=True) == (["one"], {"id": "7"})
    assert routes.find("GET", "/a/b/c/d/e/orders", anywhere=True) is None


def test_a_capture_that_cannot_be_read_is_refused(routes: Routes[str]) -> None:
    with pytest.raises(BadPath):
        routes.add("GET", "/a/{b}{c}", "x")


def test_an_endpoint_line_is_read() -> None:
    line = "GET|POST /a/{b} kind=x|y other=* !third"
    selectors = (("kind", True, frozenset({"x", "y"})), ("other", True, None), ("third", False, None))
    assert parse_endpoint(line) == ("GET|POST", "/a/{b}", selectors)


@pytest.mark.parametrize("line", ["GET", "GET a", "get /a", "GET /a kind", "GET /a !kind=x", "GET /a =x", "/a"])
def test_what_is_no_endpoint_line_is_refused(line: str) -> None:
    with pytest.raises(BadEndpoint):
        parse_endpoint(line)


TOML = '''a = 1
text = """
[not.a.header]
key = 1
"""

[table."odd key"]
"GET /x" = { action = [
    "one", # ] not the end
    "two" ] }
b.c = 2

[[rule]]
cause = "x"
[[rule]]
cause = "y"
[rule.sub]
d = 3
'''


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("text",), 2),
        (("table", "odd key"), 7),
        (("table", "odd key", "GET /x", "action", 1), 8),
        (("table", "odd key", "b", "c"), 11),
        (("rule", 0, "cause"), 14),
        (("rule", 1), 15),
        (("rule", 1, "cause"), 16),
        (("rule", 1, "sub", "d"), 18),
        (("rule", 1, "nothing"), 15),
        (("nowhere",), 1),
    ],
)
def test_a_value_has_a_line(where: tuple[str | int, ...], line: int) -> None:
    assert Positions(TOML).line(where) == line
