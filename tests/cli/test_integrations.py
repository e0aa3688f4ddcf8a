"""`apitrail integrations` works on a folder whether a server runs on it or not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(params=["without a server", "beside a server"])
def place(request: pytest.FixtureRequest, log: Path, serve: Any) -> str | None:
    """The URL of the server on the folder, where there is one."""
    return serve() if request.param == "beside a server" else None


def test_integrations_are_put_and_listed(run: Any, place: str | None, tmp_path: Path) -> None:
    file = tmp_path / "integrations.json"
    shop = {"id": "42", "name": "茶 House", "side": "ec", "platform": "Shopee", "accounts": ["7"]}
    closed = {"id": "9", "name": "Old", "side": "shipping", "platform": "ups", "enabled": False}
    file.write_text(json.dumps({"integrations": [shop, closed]}))
    assert "Registered integrations: 2" in run("integrations", "put", str(file)).stdout
    file.write_text(json.dumps({"integrations": [shop | {"hosts": ["Shop.Example"]}]}))
    run("integrations", "put", str(file))
    first, second = run("integrations", "list").stdout.splitlines()
    assert first.split() == ["ec", "42", "Shopee", "7", "shop.example", "茶", "House"]
    assert second.endswith("(switched off)")


def test_a_file_that_cannot_be_is_refused_by_field(run: Any, place: str | None, tmp_path: Path) -> None:
    file = tmp_path / "integrations.json"
    file.write_text('{"integrations": [{"id": "42", "side": "west", "platform": "Shopee"}]}')
    said = run("integrations", "put", str(file), fails=2).stderr
    assert "$.integrations[0].side" in said
    assert "Do this:" in said
    assert "cannot be read" in run("integrations", "put", str(tmp_path / "none.json"), fails=2).stderr


def test_an_import_into_a_folder_is_derived_by_what_is_registered(run: Any, log: Path, tmp_path: Path) -> None:
    file = tmp_path / "integrations.json"
    file.write_text(
        '{"integrations": [{"id": "42", "name": "Tea", "side": "ec", "platform": "shopee", "accounts": ["7"]}]}'
    )
    run("integrations", "put", str(file))
    har = tmp_path / "one.har"
    entry = {
        "startedDateTime": "2026-03-09T06:30:00Z",
        "time": 5,
        "request": {
            "method": "GET",
            "url": "https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id=7",
            "headers": [],
        },
        "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json", "text": "{}"}},
    }
    har.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}))
    run("import", str(har))
    from apitrail.store import Filter, open_store

    store = open_store(log)
    try:
        [found] = store.page(Filter()).entries
    finally:
        store.close()
    assert found.ec_integration is not None
    assert (found.ec_integration.id, found.ec_integration.name) == ("42", "Tea")
