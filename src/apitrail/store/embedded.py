"""ClickHouse in this process (chDB), on a folder. One of the two files that reach an engine.

What the engine is like, each found by trying (chDB 26.9):

- one path per process: a second one is refused until every handle on the first is closed, then it may be another;
- a handle works for one caller at a time, so readers share a few and the writer has its own;
- a `?` in a path starts options, so such a folder is refused;
- at its first import it leaves SIGPIPE blocked in the importing thread, which child processes would inherit: the
  mask is put back. It takes handlers for crashes (SIGSEGV, SIGABRT, …), none for SIGTERM or SIGINT;
- a forked child has none of its threads: there the engine must not be called, and is not (an error says so);
- inserts go through its streaming insert, not through a file in /tmp, which a kill would leave behind with bodies
  in it. Nothing is written before `finish`.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apitrail.store.engine import MAX_SECONDS, Answer, Query, StoreUnavailable, failure
from apitrail.store.model import StoreError

DATABASE = "apitrail"


class EmbeddedEngine:
    """chDB on `folder`, which this process must have locked. `memory_limit` is in bytes, for all of the engine."""

    def __init__(self, folder: Path, *, memory_limit: int, readers: int) -> None:
        self.place = str(folder)
        if "?" in self.place:
            raise StoreError(f"{folder}: the engine takes no folder with a question mark in its path. Rename it")
        self._pid = os.getpid()
        self._closed = False
        self._changing = threading.Lock()
        self._options = {
            "max_server_memory_usage": memory_limit,
            "mark_cache_size": memory_limit // 16,
            "primary_index_cache_size": memory_limit // 32,
            "index_mark_cache_size": memory_limit // 64,
            "query_condition_cache_size": memory_limit // 64,
            "backups.allowed_path": "/",  # where a backup goes is for who may use this folder to say
        }
        self._settings = {
            "max_execution_time": MAX_SECONDS,
            "max_memory_usage": memory_limit // 2,
        }
        self._clients: list[Any] = []
        self._max_clients = readers + 1
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._inserting = threading.Lock()
        self._inserter: Any = None
        with _unchanged_signal_mask():
            self._open()

    def _open(self) -> None:
        import chdb  # half a gigabyte of code, so not before it is needed

        try:
            self._changer = self._connect()
            self._inserter = chdb.connect(self.place)
            self._inserter.query(f"USE {DATABASE}")
            # An import may span years in one insert; a day is a partition.
            self._inserter.query("SET max_partitions_per_insert_block = 0, async_insert = 0")
        except Exception as error:
            self.close()
            raise _failure(self.place, error) from error

    def _connect(self) -> Any:
        import clickhouse_connect

        client = clickhouse_connect.get_client(
            interface="chdb", path=self.place, chdb_options=self._options, settings=self._settings
        )
        self._clients.append(client)
        client.command(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        client.command(f"USE {DATABASE}")
        return client

    def select(self, query: Query) -> Answer:
        """See Engine."""
        self._alive()
        try:
            client = self._reader()
            try:
                return _select(client, query)
            finally:
                self._idle.put(client)
        except Exception as error:
            raise self._failure(error) from error

    def _reader(self) -> Any:
        """An idle client; else a new one, while there may be more; else the next that is given back."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._changing:
                self._alive()
                if len(self._clients) < self._max_clients:
                    return self._connect()
        return self._idle.get()

    def run(self, query: Query) -> None:
        """See Engine."""
        self._alive()
        try:
            self._changer.command(query.sql, parameters=dict(query.params))
        except Exception as error:
            raise self._failure(error) from error

    def insert(self, table: str, columns: Sequence[str], blocks: Sequence[bytes]) -> None:
        """See Engine."""
        self._alive()
        with self._inserting:
            try:
                stream = self._inserter.send_insert(f"INSERT INTO {table} ({', '.join(columns)})", "Native")
                with stream:
                    for block in blocks:
                        stream.append(block)
                    stream.finish()
            except Exception as error:
                raise self._failure(error) from error

    def close(self) -> None:
        """See Engine. In a forked child this only forgets."""
        with self._changing:
            if self._closed:
                return
            self._closed = True
            if os.getpid() != self._pid:
                return
            with self._inserting:
                if self._inserter is not None:
                    self._inserter.close()
            for client in self._clients:
                client.close()  # waits for the question that is running on it

    def _alive(self) -> None:
        if os.getpid() != self._pid:
            raise StoreUnavailable(f"{self.place}: opened by process {self._pid}; a forked child must open its own")
        if self._closed:
            raise StoreUnavailable(f"{self.place}: the store is closed")

    def _failure(self, error: Exception) -> StoreError:
        if self._closed:
            return StoreUnavailable(f"{self.place}: the store is closed")
        return _failure(self.place, error)


def _select(client: Any, query: Query) -> Answer:
    result = client.query(
        query.sql,
        parameters=dict(query.params),
        column_formats=dict.fromkeys(query.binary, "bytes"),
    )
    summary = result.summary
    return Answer(result.result_rows, int(summary.get("read_rows", 0)), int(summary.get("read_bytes", 0)))


def _failure(place: str, error: Exception) -> StoreError:
    if isinstance(error, StoreError):
        return error
    if "already initialized with path" in str(error):
        return StoreError(
            f"{place}: this process has another data folder open, and the engine serves one at a time. "
            "Close the other store first"
        )
    return failure(place, error)


@contextmanager
def _unchanged_signal_mask() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
