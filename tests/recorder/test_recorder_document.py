"""docs/recorder.md says what the table of settings says, and its lines and the README's do what they say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from apitrail.recorder.settings import SETTINGS, Setting

DOCUMENT = "docs/recorder.md"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
HOST = """
import apitrail, http.client
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
class client:
    def get(url, params=None):
        try:
            http.client.HTTPConnection("127.0.0.1", 9).request("GET", "/order")
        except OSError:
            pass
url, params, began, asked, answered = "http://127.0.0.1:9/order", {}, datetime.now(UTC), b"asked", b"answered"
fetch_orders = lambda: apitrail.record(apitrail.Exchange(
    created_at=began, method="GET", url=url, status=200, stated=apitrail.Stated(action="order.list")))
without_prices = lambda exchange: exchange
"""
"""What the lines take for given."""


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Setting, pytestconfig: pytest.Config) -> None:
    lines = (pytestconfig.rootpath / DOCUMENT).read_text().splitlines()
    [row] = [line for line in lines if line.startswith(f"| `{setting.name}` |")]
    assert setting.meaning in row
    assert setting.unit in row
    assert setting.environment is None or f"`{setting.environment}`" in row


@pytest.mark.parametrize(
    ("document", "blocks", "actions"), [(DOCUMENT, 6, ["label.create", "order.get"]), ("README.md", 1, ["order.list"])]
)
def test_the_lines_of_a_document_run_as_they_stand(
    program: Any, server: Any, pytestconfig: pytest.Config, document: str, blocks: int, actions: list[str]
) -> None:
    found = BLOCK.findall((pytestconfig.rootpath / document).read_text())
    assert len(found) == blocks
    code = "\n".join(found).replace('"…"', '"t0k3n"').replace("http://127.0.0.1:8700", server.url)
    checks = "\nassert print_labels\ntest_the_order_is_fetched()\n" if "print_labels" in code else "\n"
    program.run(HOST + code + checks + "assert apitrail.flush(10)\nassert apitrail.stats().losses == {}")
    stated = [exchange.stated for exchange in server.stored.values() if exchange.stated is not None]
    assert sorted(one.action for one in stated if one.action) == actions
