"""Real servers: each a process of its own, on a folder and a port of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

DEADLINE_S = 90.0
APITRAIL = [sys.executable, "-m", "apitrail.cli"]


@dataclass
class Running:
    """A server that answers."""

    process: subprocess.Popen[str]
    folder: Path
    url: str
    block: str
    """What it printed at its start."""
    log: Path
    http: httpx.Client

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.http.post(path, **options)

    def token(self, scope: str = "ingest") -> dict[str, str]:
        """The header of a new token."""
        with self.by_socket() as client:
            made = client.post("/admin/tokens", json={"scope": scope}).raise_for_status().json()
        return {"Authorization": f"Bearer {made['secret']}"}

    def by_socket(self) -> httpx.Client:
        """A client on the Unix socket."""
        transport = httpx.HTTPTransport(uds=str(self.folder / "apitrail.sock"))
        return httpx.Client(transport=transport, base_url="http://localhost", timeout=DEADLINE_S)

    def stop(self, signal_number: int = 15) -> int:
        """Sends the signal and waits for the end."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        return self.process.wait(DEADLINE_S)


Serve = Callable[..., Running]


def start(folder: Path, *flags: str, host: str = "127.0.0.1") -> Running:
    """Starts a server and reads its start-up block."""
    folder.parent.mkdir(exist_ok=True)
    log = folder.with_suffix(".log")
    with log.open("a") as err:
        process = subprocess.Popen(
            [*APITRAIL, "serve", "--data", str(folder), "--port", "0", "--host", host, *flags],
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "default"},
        )
    assert process.stdout is not None
    lines: list[str] = []
    while not (lines and "stop" in lines[-1]):
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the server ended with {process.wait(5)}: {log.read_text()}")
        lines.append(line)
    [url] = [line.split()[1] for line in lines if line.split()[0] == "open"]
    return Running(process, folder, url, "".join(lines), log, httpx.Client(base_url=url, timeout=DEADLINE_S))


def end(running: Running) -> None:
    """Whatever state it is in."""
    running.http.close()
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait(DEADLINE_S)
    assert running.process.stdout is not None
    running.process.stdout.close()


@pytest.fixture(scope="session")
def server(new_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all tests that only add to it and read."""
    running = start(shutil.copytree(new_data, tmp_path_factory.mktemp("server") / "data", symlinks=True))
    yield running
    end(running)


@pytest.fixture(autouse=True)
def no_cookies_of_another_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """The language that one test chose is not that of the next, and who signed in has left."""
    yield
    for name in {"server", "guarded"}.intersection(request.fixturenames):
        request.getfixturevalue(name).http.cookies.clear()


@pytest.fixture(scope="session")
def ingest(server: Running) -> dict[str, str]:
    """The header of an ingest token of `server`."""
    return server.token()


@pytest.fixture
def serve(tmp_path: Path, new_data: Path) -> Iterator[Serve]:
    """Starts servers that end with the test: `serve("--flag", folder=…)`. Without a folder, it is one with a log."""
    begun: list[Running] = []

    def begin(*flags: str, folder: Path | None = None, host: str = "127.0.0.1") -> Running:
        if folder is None:
            folder = tmp_path / "data"
            if not folder.exists():
                shutil.copytree(new_data, folder, symlinks=True)
        begun.append(start(folder, *flags, host=host))
        return begun[-1]

    yield begin
    for running in begun:
        end(running)


@pytest.fixture
def account() -> str:
    """The id of an integration that no other test uses."""
    return f"account-{uuid4().hex[:12]}"


@pytest.fixture
def an_exchange(account: str) -> Callable[..., dict[str, Any]]:
    """Makes exchanges of `account`, as JSON; each call another moment."""
    count = 0

    def make(**changes: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        return {
            "created_at": f"2026-03-09T06:{count // 60 % 60:02}:{count % 60:02}.{count // 3600:06}Z",
            "method": "GET",
            "url": f"https://api.carrier.example/orders/{count}",
            "request": {"headers": [["Accept", "application/json"]]},
            "status": 200,
            "response": {"headers": [["Content-Type", "application/json"]], "text": '{"ok": true}'},
            "stated": {"action": "order.get", "ec_integration": {"id": account, "name": "Test"}},
            **changes,
        }

    return make


def eventually(check: Callable[[], Any]) -> Any:
    """The first true answer of `check`."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return found


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[[Callable[[], Any]], Any]:
    """Asks again until it is so, up to a deadline."""
    return eventually


@pytest.fixture(scope="session")
def start_and_end(new_data: Path) -> Iterator[Serve]:
    """Starts servers that end with the session; those that ask for a token to read have one already."""
    begun: list[Running] = []

    def begin(folder: Path, *flags: str) -> Running:
        shutil.copytree(new_data, folder, symlinks=True)
        subprocess.run(
            [*APITRAIL, "token", "create", "--data", str(folder), "--scope", "read"], check=True, capture_output=True
        )
        begun.append(start(folder, *flags))
        return begun[-1]

    yield begin
    for running in begun:
        end(running)


@pytest.fixture(scope="session")
def guarded(start_and_end: Serve, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """A server that asks for a token to read."""
    return start_and_end(tmp_path_factory.mktemp("guarded") / "data", "--require-token")
