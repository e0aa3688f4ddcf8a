"""Stores to test on: the embedded engine on a new folder, and the same engine behind HTTP."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from apitrail.entry import Entry, Payload
from apitrail.store import Store, open_store

NOON = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)
_numbers = itertools.count(1)


def uuid7(at: datetime, tail: int) -> str:
    """A UUIDv7 of that time, whose other bits are `tail`."""
    milliseconds = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    low = tail & (1 << 62) - 1
    return str(UUID(int=milliseconds << 80 | 7 << 76 | (tail >> 62 & 0xFFF) << 64 | 2 << 62 | low))


def make_entry(at: datetime | float = 0, **fields: Any) -> Entry:
    """An entry at a time, or so many seconds after NOON, with an id of its own."""
    if not isinstance(at, datetime):
        at = NOON + timedelta(seconds=at)
    given: dict[str, Any] = {
        "id": uuid7(at, next(_numbers)),
        "created_at": at,
        "method": "GET",
        "url": "https://api.example/orders?page=1",
        "path": "/orders",
        "outcome": "success",
        "request": Payload(),
    }
    return Entry(**(given | fields))


@pytest.fixture(scope="session")
def make() -> Callable[..., Entry]:
    """The function that makes entries."""
    return make_entry


@pytest.fixture(scope="session", name="uuid7")
def uuid7_fixture() -> Callable[[datetime, int], str]:
    """The function that makes ids."""
    return uuid7


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "log"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """The embedded store, empty. The engine serves one folder at a time, so it is closed before the next test."""
    opened = open_store(folder, durable=False)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ClickHouse address without a database. The password has what an address must encode."""
    program = Path(__file__).with_name("clickhouse_http.py")
    folder = tmp_path_factory.mktemp("clickhouse")
    with subprocess.Popen(
        [sys.executable, str(program), str(folder), "keeper", "p@ss/w:rd"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        yield f"clickhouse://keeper:p%40ss%2Fw%3Ard@127.0.0.1:{port}"
        process.stdin.close()
        process.wait(30)


@pytest.fixture
def address(server: str) -> str:
    """The address of an empty database."""
    return f"{server}/log_{next(_numbers)}"


@pytest.fixture(params=["embedded", "cluster"])
def either(request: pytest.FixtureRequest) -> Iterator[Store]:
    """The store on each engine in turn, empty."""
    if request.param == "embedded":
        yield request.getfixturevalue("store")
        return
    opened = open_store(request.getfixturevalue("address"), durable=False)
    yield opened
    opened.close()
