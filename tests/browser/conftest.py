"""The page in Chromium, on a real server with the real engine. Any error in the browser's console fails a test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apitrail.exchange import Exchange, Integration, Loss, Message, Source, Stated

APITRAIL = Path(sys.executable).with_name("apitrail")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""The shell is Chromium without its own windows, which are a third of the work of a test where nobody looks."""
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
ZONE = "Asia/Taipei"
WAIT_MS = 30_000
"""How long is waited for what must come to be: on a busy machine, a page takes many seconds."""
expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Server:
    """A server that runs, and a right to write to it."""

    url: str
    process: subprocess.Popen[str]
    http: httpx.Client

    def record(self, *exchanges: Exchange, losses: tuple[Loss, ...] = ()) -> list[str]:
        """Store them; their ids."""
        batch = msgspec.msgpack.encode({"exchanges": exchanges, "losses": losses})
        answer = self.http.post("/api/v1/exchanges", content=batch, headers={"Content-Type": "application/msgpack"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["stored"] == len(exchanges), answer.text
        return [one.id for one in exchanges]


def start(folder: Path, *flags: str) -> Server:
    """A server on a folder and a port of its own."""
    process = subprocess.Popen(
        [str(APITRAIL), "serve", "--data", str(folder), "--port", "0", *flags], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://[\d.]+:\d+", line):
            break
    else:
        pytest.fail(f"the server ended with {process.wait()}")
    # As `apitrail token create` does, without the second that a program takes to start.
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(folder / "apitrail.sock")), timeout=30) as own:
        token = own.post("http://apitrail/admin/tokens", json={"scope": "ingest"}).raise_for_status().json()["secret"]
    http = httpx.Client(base_url=found.group(), headers={"Authorization": f"Bearer {token}"}, timeout=30)
    return Server(found.group(), process, http)


def stop(server: Server) -> None:
    server.http.close()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    assert server.process.stdout is not None
    server.process.stdout.close()


@pytest.fixture(scope="session")
def server(new_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests: each records under an account of its own, and looks at that."""
    running = start(shutil.copytree(new_data, tmp_path_factory.mktemp("browser") / "data", symlinks=True))
    yield running
    stop(running)


@pytest.fixture
def empty_server(tmp_path: Path, new_data: Path) -> Iterator[Server]:
    """A server whose log holds nothing."""
    running = start(shutil.copytree(new_data, tmp_path / "data", symlinks=True))
    yield running
    stop(running)


@pytest.fixture(scope="module")
def serve(new_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers with flags of their own. They end with the file: each holds half a gigabyte, used or not."""
    begun: list[Server] = []

    def begin(*flags: str) -> Server:
        folder = shutil.copytree(new_data, tmp_path_factory.mktemp("browser") / "data", symlinks=True)
        begun.append(start(folder, *flags))
        return begun[-1]

    yield begin
    for running in begun:
        stop(running)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


class Desk:
    """A reader at a browser. What the console complains of is kept, and must be expected."""

    def __init__(self, browser: Browser, home: str) -> None:
        self._browser = browser
        self.home = home
        self.complaints: list[str] = []
        self.expected: list[str] = []
        """Complaints that a test brings about on purpose, as patterns."""
        self._contexts: list[Any] = []

    def open(self, path: str = "/", *, width: int = 1440, height: int = 900, **options: Any) -> Page:
        """A fresh browser on that page."""
        given = {"locale": "en-US", "timezone_id": ZONE} | options
        context = self._browser.new_context(viewport={"width": width, "height": height}, **given)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda said: self._heard(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._heard(str(error)))
        page.goto(path if "://" in path or path == "about:blank" else self.home + path)
        return page

    def choose(self, page: Page, title: str, choice: str) -> None:
        """One of a board's choices: they stand there where there is room, else in a menu."""
        menu = page.locator(".pick > summary", has_text=title)
        if menu.is_visible():
            menu.click()
        page.get_by_role("navigation", name=title).get_by_role("link", name=choice).click()

    def open_each(self, page: Any, menus: Iterable[Any]) -> None:
        """A board's menus, one after the other: each is open alone, within the page, and its fields within it."""
        for menu in menus:
            menu.click()
            opened = page.locator(".pick[open] > .menu-body")
            expect(opened).to_have_count(1)
            box = opened.bounding_box()
            assert 0 <= box["x"] < box["x"] + box["width"] <= page.viewport_size["width"]
            expect(opened.locator("a").last).to_be_visible()
            for form in opened.locator("form").all():
                edge = form.bounding_box()
                for field in form.locator("input:visible, select, button").all():
                    box = field.bounding_box()
                    assert edge["x"] <= box["x"] < box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    def _heard(self, text: str) -> None:
        self.complaints.append(text)

    def leave(self) -> None:
        for context in self._contexts:
            context.close()
        unexpected = [one for one in self.complaints if not any(re.search(known, one) for known in self.expected)]
        assert unexpected == []


@pytest.fixture
def desk(chromium: Browser, server: Server) -> Iterator[Desk]:
    reader = Desk(chromium, server.url)
    yield reader
    reader.leave()


@pytest.fixture
def desk_at(chromium: Browser) -> Iterator[Callable[[Server], Desk]]:
    """A reader of another server than the common one."""
    readers: list[Desk] = []

    def sit(server: Server) -> Desk:
        readers.append(Desk(chromium, server.url))
        return readers[-1]

    yield sit
    for reader in readers:
        reader.leave()


@pytest.fixture
def account() -> Integration:
    """An EC integration that only this test has."""
    name = uuid4().hex[:8]
    return Integration(f"ec-{name}", f"Shop {name}")


@pytest.fixture
def call(account: Integration) -> Callable[..., Exchange]:
    """Makes exchanges of this test's account: see `calls_of`."""
    return calls_of(account)


def calls_of(account: Integration) -> Callable[..., Exchange]:
    """Makes exchanges of an account: one second apart, unless `at` or `ago` say otherwise."""
    now = datetime.now(UTC).replace(microsecond=0)
    made = 0

    def make(
        action: str = "order.list", *, at: datetime | None = None, ago: timedelta | None = None, **fields: Any
    ) -> Exchange:
        nonlocal made
        made += 1
        at = at or now - (timedelta(seconds=made) if ago is None else ago)
        body, content_type = fields.pop("body", b"{}"), fields.pop("content_type", "application/json")
        status = fields.get("status", 200)
        response = Message(headers=[("Content-Type", content_type)], body=body)
        stated = Stated(
            action=action,
            ec_integration=fields.pop("ec", account),
            shipping_integration=fields.pop("shipping", None),
            source=fields.pop("source", Source("order", f"A-{made}")),
            not_sent=fields.pop("not_sent", None),
        )
        given: dict[str, Any] = {
            "id": uuid7(at),
            "created_at": at,
            "method": "GET",
            "url": f"https://api.shop.example/{action.replace('.', '/')}",
            "status": status,
            "response": None if status is None else response,
            "duration_ms": 120.0,
            "stated": stated,
        }
        return Exchange(**(given | fields))

    return make


def uuid7(at: datetime) -> str:
    """An id whose time is that of the call (RFC 9562 §5.7)."""
    milliseconds = int(at.timestamp() * 1000)
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | (uuid4().int & ((1 << 62) - 1))))
