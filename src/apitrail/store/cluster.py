"""A ClickHouse server or cluster, over HTTP. One of the two files that reach an engine. Addresses: see `address`.

Several hosts are several doors to the same log. One that does not answer is left alone for DOWN_S seconds, and the
next is asked. Each process begins at a host of its own choice; with a cluster, where any host answers for all, each
statement goes to the next, so that the work spreads.

A statement that did not reach a host is always given to the next one. One that a host may have begun is, where doing
it twice is the same as doing it once: questions, and on a cluster every insert, because the engine knows it again by
its token. On a single server an insert that broke off is an error.

The databases are made where they are missing. The password never appears in a message. Clients are for all threads;
each call takes a connection of its own.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from apitrail.store import address
from apitrail.store.address import Address
from apitrail.store.engine import Answer, Query, StoreUnavailable, failure, quiet_client
from apitrail.store.model import StoreError
from apitrail.store.native import Columns
from apitrail.store.topology import Topology

DOWN_S = 10.0
"""How long a host that did not answer is asked last."""
ROUNDS = 3
"""How often an insert that failed on all hosts of a cluster is tried in all."""
_PAUSE_S = 0.5

T = TypeVar("T")


class ClusterEngine:
    """The log at `target`. `memory_limit` (bytes) and `max_seconds` are for one question. Raises StoreError."""

    def __init__(self, target: str, *, memory_limit: int, max_seconds: int) -> None:
        self._address = address.read(target, os.environ)
        self.place = self._address.place
        self.topology = Topology(self._address.cluster, self._address.database)
        self.packs = False  # replicas of several versions read each other's parts; one may be put back to an older
        self._settings = {
            "max_execution_time": max_seconds,
            "max_memory_usage": memory_limit // 2,
            "max_partitions_per_insert_block": 0,
            "async_insert": 0,
            **self.topology.settings(self._address.quorum),
        }
        self._patience = max_seconds + 30
        self._closed = False
        self._hosts = [_Host(host, port) for host, port in self._address.hosts]
        random.shuffle(self._hosts)
        self._turn = 0
        self._connecting = threading.Lock()
        self._database = ""  # while it may be missing: a client of such a database is refused
        for statement in self.topology.databases():
            self.run(Query(statement))
        if self.topology.cluster:
            self._database = self._address.database

    def select(self, query: Query) -> Answer:
        """See Engine."""

        def ask(client: Any) -> Answer:
            result = client.query(
                query.sql,
                parameters=dict(query.params),
                column_formats=dict.fromkeys(query.binary, "bytes"),
            )
            summary = result.summary
            return Answer(result.result_rows, int(summary.get("read_rows", 0)), int(summary.get("read_bytes", 0)))

        return self._anywhere(ask, again=True)

    def read(self, query: Query) -> bytes:
        """See Engine."""
        return self._anywhere(
            lambda client: bytes(client.raw_query(query.sql, parameters=dict(query.params), fmt="Native")), again=True
        )

    def run(self, query: Query) -> None:
        """See Engine. On a cluster, rows that are copied within it have a token of their own: two copies are two."""
        settings: dict[str, str] = {}
        if self.topology.cluster and query.sql.startswith("INSERT"):
            settings["insert_deduplication_token"] = uuid.uuid4().hex
        # The client puts a command's values into the address, a query's into the body: thousands of pins fit there.
        # It may send a query twice, which of these is the same as once.
        in_body = query.sql.startswith("ALTER TABLE")

        def tell(client: Any) -> None:
            ask = client.raw_query if in_body else client.command
            ask(query.sql, parameters=dict(query.params), settings=settings or None)

        self._anywhere(tell, again=bool(settings))

    def insert(self, table: str, columns: Columns, blocks: Sequence[bytes]) -> None:
        """See Engine. On a cluster, the same rows inserted again within the hour are stored once."""
        data = b"".join(blocks)
        settings: dict[str, str] = {}
        if self.topology.cluster:
            settings["insert_deduplication_token"] = hashlib.blake2b(data, digest_size=16).hexdigest()

        def put(client: Any) -> None:
            client.raw_insert(table, list(columns), insert_block=data, settings=settings, fmt="Native")

        for left in range(ROUNDS - 1 if settings else 0, -1, -1):
            try:
                self._anywhere(put, again=bool(settings))
            except StoreUnavailable:
                if not left or self._closed:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    def close(self) -> None:
        """See Engine."""
        self._closed = True
        for host in self._hosts:
            host.close()

    def _anywhere(self, call: Callable[[Any], T], *, again: bool) -> T:
        """What the first host that can says to it. `again`: whether two hosts may be made to do it."""
        last: StoreError | None = None
        for host in self._in_turn():
            if self._closed:
                raise StoreUnavailable(f"{self.place}: the store is closed")
            reached = False
            try:
                client = self._client(host)
                reached = True
                return call(client)
            except Exception as error:
                last = error if isinstance(error, StoreError) else failure(self.place, error)
                if not isinstance(last, StoreUnavailable):
                    raise last from error
                if reached and not again and not _never_arrived(error):
                    raise last from error
                host.down_until = time.monotonic() + DOWN_S
        assert last is not None
        raise last

    def _in_turn(self) -> Iterator[_Host]:
        """All hosts, those that are down last."""
        start = self._turn
        if self.topology.cluster:
            self._turn = (start + 1) % len(self._hosts)
        order = self._hosts[start:] + self._hosts[:start]
        now = time.monotonic()
        yield from sorted(order, key=lambda host: host.down_until > now)

    def _client(self, host: _Host) -> Any:
        with self._connecting:
            if host.client is None:
                host.client = _connect(self._address, host, self._settings, self._patience)
            if not self._database and not self.topology.cluster:
                name = {"name": self._address.database}
                host.client.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", parameters=name)
                self._database = self._address.database
            host.client.database = self._database
            return host.client


class _Host:
    """One door. `down_until`: until then it is asked last (monotonic seconds)."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self.down_until = 0.0
        self.client: Any = None

    def close(self) -> None:
        if self.client is not None:
            self.client.close()


def _connect(to: Address, host: _Host, settings: dict[str, str | int], patience: int) -> Any:
    import clickhouse_connect

    quiet_client()
    return clickhouse_connect.get_client(
        host=host.name,
        port=host.port,
        secure=to.secure,
        ca_cert=to.ca or None,
        username=to.user,
        password=to.password,
        settings=settings,
        client_name="apitrail",
        connect_timeout=10 if len(to.hosts) == 1 else 3,
        send_receive_timeout=patience,
        autogenerate_session_id=False,  # a session would queue its callers
        form_encode_query_params=True,  # values in the body: an address is too short for thousands of ids
    )


def _never_arrived(error: BaseException | None) -> bool:
    """Whether the host cannot have begun: no connection came about."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    while error is not None:
        reason = getattr(error, "reason", None)
        if isinstance(error, ConnectTimeoutError | NewConnectionError) or isinstance(
            reason, ConnectTimeoutError | NewConnectionError
        ):
            return True
        error = error.__cause__ or error.__context__
    return False
