"""A ClickHouse server or cluster, over HTTP. One of the two files that reach an engine.

The address is `clickhouse://user:password@host:8123/database`, or `clickhouses://` (also `https://`) for TLS;
characters that mean something in an address are percent-encoded in it. The database is made where it is missing.
The password never appears in a message. The client is one for all threads; each call takes a connection of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from apitrail.store.engine import Answer, Query, StoreUnavailable, failure
from apitrail.store.model import StoreError
from apitrail.store.native import Columns

SCHEMES = {"clickhouse": False, "http": False, "clickhouses": True, "https": True}
"""Scheme to TLS."""
EXAMPLE = "clickhouse://user:password@host:8123/database"


class ClusterEngine:
    """The server at `address`. `memory_limit` is in bytes, for one question. Raises StoreError."""

    def __init__(self, address: str, *, memory_limit: int, max_seconds: int) -> None:
        import clickhouse_connect

        target = _Target(address)
        self.place = target.place
        self._closed = False
        settings = {
            "max_execution_time": max_seconds,
            "max_memory_usage": memory_limit // 2,
            "max_partitions_per_insert_block": 0,
            "async_insert": 0,
        }

        try:
            self._client: Any = clickhouse_connect.get_client(
                host=target.host,
                port=target.port,
                secure=target.secure,
                username=target.user,
                password=target.password,
                settings=settings,
                client_name="apitrail",
                connect_timeout=10,
                send_receive_timeout=max_seconds + 30,
                autogenerate_session_id=False,  # a session would queue its callers
                form_encode_query_params=True,  # values in the body: an address is too short for thousands of ids
            )
            name = {"name": target.database}
            self._client.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", parameters=name)
            self._client.database = target.database
        except Exception as error:
            raise _failure(self.place, error) from error

    def select(self, query: Query) -> Answer:
        """See Engine."""
        self._alive()
        try:
            result = self._client.query(
                query.sql,
                parameters=dict(query.params),
                column_formats=dict.fromkeys(query.binary, "bytes"),
            )
        except Exception as error:
            raise _failure(self.place, error) from error
        summary = result.summary
        return Answer(result.result_rows, int(summary.get("read_rows", 0)), int(summary.get("read_bytes", 0)))

    def run(self, query: Query) -> None:
        """See Engine."""
        self._alive()
        try:
            self._client.command(query.sql, parameters=dict(query.params))
        except Exception as error:
            raise _failure(self.place, error) from error

    def insert(self, table: str, columns: Columns, blocks: Sequence[bytes]) -> None:
        """See Engine."""
        self._alive()
        try:
            self._client.raw_insert(table, list(columns), insert_block=b"".join(blocks), fmt="Native")
        except Exception as error:
            raise _failure(self.place, error) from error

    def close(self) -> None:
        """See Engine."""
        if not self._closed:
            self._closed = True
            self._client.close()

    def _alive(self) -> None:
        if self._closed:
            raise StoreUnavailable(f"{self.place}: the store is closed")


class _Target:
    """An address, taken apart. Raises StoreError, without the password in it."""

    def __init__(self, address: str) -> None:
        shown = re.sub(r"//[^@/]*@", "//", address)
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise StoreError(f"{shown}: not an address ({error}). Write it as {EXAMPLE}") from error
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise StoreError(f"{shown}: not an address of a store. Write it as {EXAMPLE}")
        self.secure = SCHEMES[parts.scheme]
        self.host = parts.hostname
        self.port = port or (8443 if self.secure else 8123)
        self.user = unquote(parts.username or "default")
        self.password = unquote(parts.password or "")
        self.database = unquote(parts.path.strip("/")) or "apitrail"
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.database):
            raise StoreError(f"{shown}: database is {self.database!r}; use letters, digits and underscores")
        self.place = f"{parts.scheme}://{self.host}:{self.port}/{self.database}"


def _failure(place: str, error: Exception) -> StoreError:
    return error if isinstance(error, StoreError) else failure(place, error)
