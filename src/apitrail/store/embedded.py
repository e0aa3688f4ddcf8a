"""ClickHouse in this process (chDB), on a folder. One of the two files that reach an engine.

What the engine is like, each found by trying (chDB 26.9):

- one path per process: a second one is refused until every handle on the first is closed, then it may be another;
- a handle works for one caller at a time, so readers share a few and the writer has its own. One more is for what
  recorders and probes wait for: a few searches that take half a minute each would hold up every batch, and a server
  that is only busy would be taken for one that is not ready;
- a `?` in a path starts options, so such a folder is refused;
- at its first import it leaves SIGPIPE blocked in the importing thread, which child processes would inherit: the
  mask is put back. It takes handlers for crashes (SIGSEGV, SIGABRT, …), none for SIGTERM or SIGINT;
- a forked child has none of its threads: there the engine must not be called, and is not (an error says so);
- its streaming insert says that all rows are written when none are, on a full disk for one. So rows are inserted by
  a statement, which tells its errors, from a file that is only in memory: one in /tmp would be left behind, with
  bodies in it, when the process is killed;
- its package imports pyarrow, and by it numpy, where they are installed, for formats that are not asked for here.
  Without them it takes 0.09 s less to load, and 31 MB less.
"""

from __future__ import annotations

import os
import queue
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from apitrail.absent import absent
from apitrail.store.engine import Answer, Query, StoreUnavailable, failure, quiet_client, written_out
from apitrail.store.model import StoreError
from apitrail.store.native import Columns
from apitrail.store.topology import Topology

DATABASE = "apitrail"
ONCE = {"use_uncompressed_cache": 0}
"""For a question that reads much once: its blocks would push out those that small questions read again and again."""
WIDE = {"max_threads_min_free_memory_per_thread": 64 << 20, **ONCE}
"""By default a gigabyte for each thread, so that within `memory_limit` a question has one: cheapest for a small one."""
ROWS_KEPT = 64 << 20
"""Bytes of memory that stay with the file of an insert's rows, once there were so many: as much as a writer's insert
takes at most. To have it made anew each time is 1 µs an entry."""


class EmbeddedEngine:
    """chDB on `folder`, which this process must have locked. `memory_limit` is in bytes, for all of the engine."""

    def __init__(self, folder: Path, *, memory_limit: int, readers: int, max_seconds: int) -> None:
        self.place = str(folder)
        self.topology = Topology()
        self.packs = True
        if "?" in self.place:
            raise StoreError(
                f"{folder}: the path contains a question mark, which the engine cannot use. Rename the folder"
            )
        self._pid = os.getpid()
        self._closed = False
        self._changing = threading.Lock()
        self._options = {
            "max_server_memory_usage": memory_limit,
            "mark_cache_size": memory_limit // 16,
            "primary_index_cache_size": memory_limit // 32,
            "index_mark_cache_size": memory_limit // 64,
            "query_condition_cache_size": memory_limit // 64,
            "uncompressed_cache_size": memory_limit // 16,
            "backups.allowed_path": "/",  # where a backup goes is for who may use this folder to say
        }
        self._settings = {
            "max_execution_time": max_seconds,
            "max_memory_usage": memory_limit // 2,
            # Small questions read the same blocks again and again: the newest entries, a month's counts. To decompress
            # these is up to a quarter of their time. For more than a million rows the engine itself does not use it.
            "use_uncompressed_cache": 1,
        }
        self._clients: list[Any] = []
        self._max_clients = readers + 2
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._reserve: Any = None
        """Made when it is first needed: a command that opens a log hardly ever has so many questions at once."""
        self._reserved = threading.Lock()
        self._inserting = threading.Lock()
        self._rows = _memory_file()
        with _unchanged_signal_mask():
            with absent("pyarrow"):
                import chdb  # noqa: F401  # half a gigabyte of engine, so not before it is needed
            self._open()

    def _open(self) -> None:
        try:
            self._changer = self._connect(max_execution_time=0)
            # An import may span years in one insert; a day is a partition. A slow disk may take its time.
            lasting = {"max_partitions_per_insert_block": 0, "async_insert": 0, "max_execution_time": 0}
            self._inserter = self._connect(**lasting)
        except Exception as error:
            self.close()
            raise _failure(self.place, error) from error

    def _connect(self, **settings: int) -> Any:
        import clickhouse_connect

        quiet_client()
        client = clickhouse_connect.get_client(
            interface="chdb", path=self.place, chdb_options=self._options, settings=self._settings | settings
        )
        self._clients.append(client)
        client.command(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        client.command(f"USE {DATABASE}")
        return client

    def select(self, query: Query) -> Answer:
        """See Engine."""
        self._alive()
        try:
            with self._reader(query) as client:
                return _select(client, query)
        except Exception as error:
            raise self._failure(error) from error

    def read(self, query: Query) -> bytes:
        """See Engine."""
        self._alive()
        try:
            with self._reader(query) as client:
                return bytes(client.raw_query(query.sql, parameters=dict(query.params), settings=ONCE, fmt="Native"))
        except Exception as error:
            raise self._failure(error) from error

    @contextmanager
    def _reader(self, query: Query) -> Iterator[Any]:
        """An idle client; else a new one, while there may be more; else the one in reserve, where the question comes
        first, or the next that is given back.
        """
        client = self._idle_or_new()
        if client is None and query.first:
            with self._reserved:
                if self._reserve is None:
                    with self._changing:
                        self._alive()
                        self._reserve = self._connect()
                yield self._reserve
            return
        if client is None:
            client = self._idle.get()
        try:
            yield client
        finally:
            self._idle.put(client)

    def _idle_or_new(self) -> Any | None:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._changing:
                self._alive()
                return self._connect() if len(self._clients) < self._max_clients else None

    def run(self, query: Query) -> None:
        """See Engine."""
        self._alive()
        try:
            self._changer.command(query.sql, parameters=dict(query.params))
        except Exception as error:
            raise self._failure(error) from error

    def insert(self, table: str, columns: Columns, blocks: Sequence[bytes]) -> None:
        """See Engine."""
        self._alive()
        names = ", ".join(columns)
        statement = (
            f"INSERT INTO {table} ({names})"  # noqa: S608, names of our own
            f" SELECT {names} FROM file({{path:String}}, 'Native', {{structure:String}})"
        )
        params = {
            "path": f"/dev/fd/{self._rows.fileno()}",
            "structure": ", ".join(f"{name} {kind.name}" for name, kind in columns.items()),
        }
        with self._inserting:
            try:
                # Written over what the last insert left: memory that is kept need not be made anew.
                self._rows.seek(0)
                for block in blocks:
                    self._rows.write(block)
                self._rows.truncate()
                self._rows.flush()
                self._inserter.command(statement, parameters=params)
            except Exception as error:
                raise self._failure(error) from error
            finally:
                if self._rows.tell() > ROWS_KEPT:
                    self._rows.truncate(0)

    def close(self) -> None:
        """See Engine. In a forked child this only forgets."""
        with self._changing:
            if self._closed:
                return
            self._closed = True
            if os.getpid() != self._pid:
                return
            for client in self._clients:
                client.close()  # waits for the question that is running on it
            self._rows.close()

    def _alive(self) -> None:
        if os.getpid() != self._pid:
            raise StoreUnavailable(
                f"{self.place}: process {self._pid} opened this store. A forked child must open the store itself"
            )
        if self._closed:
            raise StoreUnavailable(f"{self.place}: the store is closed")

    def _failure(self, error: Exception) -> StoreError:
        if self._closed:
            return StoreUnavailable(f"{self.place}: the store is closed")
        return _failure(self.place, error)


def _select(client: Any, query: Query) -> Answer:
    sql, values = written_out(query)
    result = client.query(
        sql,
        parameters=values,
        column_formats=dict.fromkeys(query.binary, "bytes"),
        settings=WIDE if query.wide else None,
    )
    summary = result.summary
    return Answer(result.result_rows, int(summary.get("read_rows", 0)), int(summary.get("read_bytes", 0)))


def _failure(place: str, error: Exception) -> StoreError:
    if isinstance(error, StoreError):
        return error
    if "already initialized with path" in str(error):
        return StoreError(
            f"{place}: this process already has another data folder open, and the engine can open only one. "
            "Close the other store first"
        )
    return failure(place, error)


def _memory_file() -> IO[bytes]:
    """A file without a name, in memory where the system can do that."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("apitrail-rows"), "wb")
    return tempfile.TemporaryFile()


@contextmanager
def _unchanged_signal_mask() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
