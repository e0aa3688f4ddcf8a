"""The page Storage: what the log takes, who sends it, what is kept how long, on a wide screen and on a phone."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from apitrail.exchange import Exchange, Integration

Call = Callable[..., Exchange]


@pytest.mark.parametrize("width", [1440, 390])
def test_it_leads_from_the_log_to_sizes_and_back_to_the_calls(
    desk: Any, server: Any, call: Call, account: Integration, width: int
) -> None:
    # Large enough to be among the largest senders of all tests.
    server.record(*(call(body=b"{}" + b" " * 900_000) for _ in range(3)))
    page = desk.open(width=width)
    if width == 390:
        page.locator(".pages").get_by_text("More").click()
    page.get_by_role("link", name="Storage").click()
    expect(page.get_by_role("heading", name="Storage")).to_be_visible()
    expect(page.locator(".keep")).to_contain_text("36502 days")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for card in page.locator(".figures div").all():
        assert card.evaluate("card => card.scrollWidth <= card.clientWidth"), card.inner_text()
    page.get_by_role("link", name=account.name).click()
    expect(page.locator(".entry")).to_have_count(3)


def test_what_is_pinned_is_named_with_its_note_and_leads_to_its_entries(
    desk_at: Callable[..., Any], serve: Callable[..., Any]
) -> None:
    running = serve("--keep-entries", "30", "--disk-budget", "50GB")
    folder = running.process.args[running.process.args.index("--data") + 1]
    command = [running.process.args[0], "pin", "add", "order:A-77", "--note", "dispute 4711", "--data", folder]
    subprocess.run(command, check=True, capture_output=True)
    page = desk_at(running).open("/storage")
    expect(page.get_by_text("dispute 4711")).to_be_visible()
    expect(page.locator(".keep")).to_contain_text("30 days")
    expect(page.locator(".keep")).to_contain_text("50.0 GB")
    page.get_by_role("link", name="A-77").click()
    expect(page).to_have_url(re.compile("reference=order%3AA-77"))
