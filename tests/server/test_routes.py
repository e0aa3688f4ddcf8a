"""The whole table of routes: nothing in it changes or removes an entry, and nothing is open by oversight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from apitrail.exchange import Exchange
from apitrail.profiles import Profiles
from apitrail.server.app import create_app
from apitrail.server.openapi import EXAMPLE_BATCH, document
from apitrail.server.settings import Settings
from apitrail.store import Writer, open_store

# Every route that takes anything in, and why it changes no entry.
WRITING = {
    "/api/v1/exchanges": "appends entries",
    "/api/v1/integrations": "registers integrations, which only entries to come are derived by",
    "/api/v1/views": "keeps and forgets filters under a name, for all readers",
    "/admin/exchanges": "appends entries, by the socket",
    "/admin/backups": "copies the log elsewhere, by the socket",
    "/admin/pins": "keeps what refers to an order from being removed by age, by the socket",
    "/admin/pins/remove": "ends that, by the socket",
    "/admin/tokens": "adds a token, by the socket",
    "/admin/tokens/{token_id:str}/revoke": "ends a token, by the socket",
    "/login": "sets a cookie",
    "/logout": "takes a cookie away",
}
# Every route that answers without any right, and what it tells.
OPEN = {"/healthz", "/readyz", "/login", "/logout"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Litestar]:
    """The application on a real store."""
    settings = Settings(data=tmp_path_factory.mktemp("routes"))
    store = open_store(settings.data)
    writer = Writer(store)
    try:
        yield create_app(store, writer, Profiles.load(), settings)
    finally:
        writer.close()
        store.close()


def table(app: Litestar) -> Iterator[tuple[str, str, Any]]:
    """(method, path, handler) of every route, OPTIONS apart."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), route
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS":
                yield method, route.path, handler


def test_no_route_modifies_or_deletes_an_entry(app: Litestar) -> None:
    found = list(table(app))
    assert {method for method, _, _ in found} <= {"GET", "HEAD", "POST", "PUT", "DELETE"}
    assert {path for method, path, _ in found if method in ("POST", "PUT", "DELETE")} == set(WRITING)
    assert {path for method, path, _ in found if method == "DELETE"} == {"/api/v1/views"}


def test_the_store_has_no_way_to_change_an_entry_either() -> None:
    from apitrail.store import Store

    public = {name for name in vars(Store) if not name.startswith("_")}
    assert not {name for name in public if any(word in name for word in ("delete", "update", "edit", "remove"))}


def test_every_route_says_who_may_use_it(app: Litestar) -> None:
    for method, path, handler in table(app):
        access = handler.opt.get("access", "read")
        if path.startswith("/admin"):
            assert access == "socket", path
        elif path == "/api/v1/exchanges" or (method, path) == ("PUT", "/api/v1/integrations"):
            assert access == "ingest"
        elif path in OPEN or path.startswith("/static/"):
            assert access == "open", path
        else:
            assert access == "read", (method, path)


def test_every_address_of_the_api_is_documented_with_its_parameters(app: Litestar) -> None:
    openapi = document(app)
    served = {
        (method.lower(), route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.route_handler_map
        if method != "OPTIONS" and route.path.startswith("/api/")
    }
    documented = {(method, path) for path, item in openapi["paths"].items() for method in item}
    assert served <= documented
    for path, item in openapi["paths"].items():
        for operation in item.values():
            assert operation["summary"]
            assert operation["description"]
            assert not operation["description"].startswith("Wrap"), "the words of a wrapper"
            named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert all(f"{{{name}}}" in path for name in named)
            assert path.count("{") == len(named)


def test_the_schemas_have_the_words_of_the_types(app: Litestar) -> None:
    schemas = document(app)["components"]["schemas"]
    exchange = schemas["Exchange"]["properties"]
    assert set(exchange) == set(Exchange.__struct_fields__)
    assert "secrets masked" in exchange["url"]["description"]
    assert "text" in schemas["Message"]["properties"]
    assert set(EXAMPLE_BATCH["exchanges"][0]) <= set(exchange)
    assert "unchanged" in schemas["EntryAnswer"]["properties"]["message"]["description"]
