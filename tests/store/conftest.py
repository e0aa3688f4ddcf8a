"""Stores to test on: the embedded engine on a new folder, and the same engine behind HTTP."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from apitrail.entry import Entry, Payload
from apitrail.store import Store, StoreError, block, encoding, log, native, open_store, schema, shelves
from apitrail.store.engine import Query

NOON = datetime(2026, 8, 3, 12, 0, 0, 123456, tzinfo=UTC)
SHELVES = 19
"""The migration from which on answers lie in several columns."""
FILES = 25
"""That from which on files have one of their own."""
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


@pytest.fixture(scope="session")
def new_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that holds nothing. A copy of it opens in half of the time in which a new one is made."""
    made = tmp_path_factory.mktemp("new") / "log"
    open_store(made, durable=False).close()
    return made


@pytest.fixture
def store(new_log: Path, folder: Path) -> Iterator[Store]:
    """The embedded store, empty. The engine serves one folder at a time, so it is closed before the next test."""
    shutil.copytree(new_log, folder, symlinks=True)
    opened = open_store(folder, durable=False)
    yield opened
    opened.close()


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], AbstractContextManager[None]]:
    """Within `older(version)` the tables that are made are of that version, and an insert fills what they have."""

    @contextmanager
    def of(version: int) -> Iterator[None]:
        known, make = schema.migrations(), native.block
        later = {shelves.FILES} if version < FILES else set()
        with monkeypatch.context() as then:
            then.setattr(schema, "migrations", lambda: known[:version])
            if version < SHELVES:
                later.update(shelves.RESPONSE[1:])
                then.setattr(encoding, "spread", lambda _, answers: [answers])
            if later:
                columns = {name: kind for name, kind in block.COLUMNS.items() if name not in later}
                for module in (block, encoding, log):
                    then.setattr(module, "COLUMNS", columns)
                then.setattr(encoding, "taken_out", lambda _, left: (left, b""))
                # Files come last.
                then.setattr(native, "block", lambda columns, count, of: make(columns, count, of[: len(columns)]))
            yield

    return of


class StandIn:
    """A stand-in for a ClickHouse server, in a process of its own: see `clickhouse_http.py`."""

    USER = "keeper"
    PASSWORD = "p@ss/w:rd"  # what an address must encode

    def __init__(self, folder: Path, *options: str) -> None:
        program = Path(__file__).with_name("clickhouse_http.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(folder / "clickhouse"), self.USER, self.PASSWORD, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self.ports = [int(port) for port in self._out.readline().split()]

    @property
    def hosts(self) -> str:
        """As an address names them."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def tell(self, state: str, door: int) -> None:
        """A door is from now on `open`, `shut` or `deaf`."""
        self._in.write(f"{state} {door}\n")
        self._in.flush()
        assert self._out.readline() == "done\n"

    def end(self) -> None:
        """Stops it, and waits until it is gone."""
        with self._process:
            self._in.close()
            self._process.wait(30)


@pytest.fixture(scope="session", name="standing_in")
def standing_in_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., StandIn]]:
    """Starts stand-ins with these options; they end with the tests."""
    started: list[StandIn] = []

    def start(*options: str) -> StandIn:
        started.append(StandIn(tmp_path_factory.mktemp("clickhouse"), *options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture(scope="session")
def server(standing_in: Callable[..., StandIn]) -> str:
    """A ClickHouse address without a database. The password has what an address must encode."""
    return f"clickhouse://keeper:p%40ss%2Fw%3Ard@{standing_in().hosts}"


@pytest.fixture(scope="session")
def cluster(standing_in: Callable[..., StandIn]) -> StandIn:
    """A cluster `solo` of one shard, with two doors."""
    return standing_in("--cluster", "--doors", "2")


class Opened(NamedTuple):
    """A store on a database of a server, and the database's address."""

    store: Store
    address: str


class Databases:
    """Empty databases. One whose tables a test has left as they were made is emptied for the next: that is cheaper."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._free: list[str] = []

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """One that is nobody else's meanwhile."""
        address = self._free.pop() if self._free else self._address()
        store = open_store(address, durable=False)
        made = tables(store)
        yield Opened(store, address)
        with suppress(StoreError):  # a test may have closed it
            if tables(store) == made:
                empty(store)
                self._free.append(address)
        store.close()


def tables(store: Store) -> list[tuple[Any, ...]]:
    """What the database is made of, and by which migrations."""
    query = (
        "SELECT database, name, create_table_query FROM system.tables"
        f" WHERE database IN (currentDatabase(), {store.engine.topology.home}) ORDER BY database, name"
    )
    applied = "SELECT version, name FROM migrations ORDER BY version"
    return [*store.engine.select(Query(query)).rows, *store.engine.select(Query(applied)).rows]


def empty(store: Store) -> None:
    """Takes all rows, but those that tell which migrations were applied."""
    home = store.engine.topology.home
    query = (
        "SELECT database, name FROM system.tables"
        f" WHERE database = {home} AND engine LIKE '%MergeTree' AND total_rows > 0 AND name != 'migrations'"
    )
    for database, name in store.engine.select(Query(query)).rows:
        store.engine.run(Query(f"TRUNCATE TABLE `{database}`.`{name}`"))


def server_address(server: str) -> str:
    return f"{server}/log_{next(_numbers)}"


def address_on(cluster: StandIn) -> str:
    return f"clickhouse://keeper:p%40ss%2Fw%3Ard@{cluster.hosts}/log_{next(_numbers)}?cluster=solo"


@pytest.fixture
def address(server: str) -> str:
    """The address of a database that is not there yet."""
    return server_address(server)


@pytest.fixture
def cluster_address(cluster: StandIn) -> str:
    """The address of a database of the cluster that is not there yet."""
    return address_on(cluster)


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> dict[str, Databases]:
    """Of either kind of server; which is started when the first is asked for."""
    return {
        "server": Databases(lambda: server_address(request.getfixturevalue("server"))),
        "cluster": Databases(lambda: address_on(request.getfixturevalue("cluster"))),
    }


@pytest.fixture(params=["embedded", "server", "cluster"])
def either(
    request: pytest.FixtureRequest, databases: dict[str, Databases], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """The store on each engine in turn, empty."""
    if request.param == "embedded":
        yield request.getfixturevalue("store")
        return
    monkeypatch.setattr("apitrail.store.derived.SETTLE_S", 0.0)  # nobody else writes to it
    with databases[request.param].opened() as opened:
        yield opened.store
