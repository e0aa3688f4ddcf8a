"""How the store speaks to ClickHouse: four verbs, and what may go wrong.

`embedded.py` and `cluster.py` implement them; nothing else in Apitrail reaches an engine. An engine is safe to
call from many threads at once. A statement is either done when the call returns or an error is raised; after an
error, an insert may be in the log in part (see `Store.write`, which can be repeated).
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from apitrail.store.model import QueryTooLarge, StoreError
from apitrail.store.native import Columns
from apitrail.store.topology import Topology

Param = str | int | float | list[str] | list[int]

# ClickHouse's ErrorCodes.cpp. Too much: rows, bytes, time, memory, a sort or set that outgrew its limit.
_TOO_LARGE = frozenset({158, 159, 160, 191, 241, 307, 396})
_TOO_LONG = frozenset({159, 160})
# No disk space left, read-only table, too many parts, no connection: another try of the same may well succeed.
_PASSING = frozenset({74, 75, 76, 164, 209, 210, 242, 243, 252, 279, 319, 999})


_DISK_FAILED = (os.strerror(errno.EIO), os.strerror(errno.EROFS))
"""What the system says of a disk that fails, and of a file system that it stopped writing to for that reason."""


class StoreUnavailable(StoreError):
    """The engine cannot work now: unreachable, disk full, closed. The same request may succeed later."""


_NUMBERS = re.compile(r"\{(\w+):(?:Array\()?U?Int[0-9]+\)?\}")


class Query(Struct, frozen=True):
    """A statement and its values. Values never enter the text: each is a `{name:Type}` in it."""

    sql: str
    params: Mapping[str, Param] = {}
    binary: tuple[str, ...] = ()
    """String columns of the answer that hold bytes, not text."""
    wide: bool = False
    """It reads so much that more than one thread is worth their cost."""
    first: bool = False
    """It is small, and recorders or probes wait for it: it does not queue behind those of people."""


def written_out(query: Query) -> tuple[str, dict[str, Param]]:
    """The statement of a question with its whole numbers in the text, and the other values. A number is nothing but
    digits, and one in the text saves the engine a parse and a cast of its own, as long as a column takes to read.
    """
    left = dict(query.params)

    def digits(found: re.Match[str]) -> str:
        value = query.params[found[1]]
        numbers = value if isinstance(value, list) else [value]
        if not numbers or not all(type(number) is int for number in numbers):
            return found[0]
        left.pop(found[1], None)
        return f"[{','.join(map(str, numbers))}]" if isinstance(value, list) else str(value)

    return _NUMBERS.sub(digits, query.sql), left


class Answer(Struct, frozen=True):
    """Rows, and what the engine read to find them."""

    rows: Sequence[tuple[Any, ...]]
    read_rows: int
    read_bytes: int


class Engine(Protocol):
    """An open way to one database."""

    place: str
    """Where it is, for messages: a folder, or an address without its password."""
    topology: Topology
    """How the tables lie."""
    packs: bool
    """Whether small parts are kept in one file each, which older engines cannot read."""

    def select(self, query: Query) -> Answer:
        """Ask. Raises QueryTooLarge, StoreUnavailable, StoreError."""

    def read(self, query: Query) -> bytes:
        """Ask, for the rows as blocks in the Native format; nothing where there are none. Raises as `select`."""

    def run(self, query: Query) -> None:
        """Change something other than by insert: tables, settings, rows copied within the engine."""

    def insert(self, table: str, columns: Columns, blocks: Sequence[bytes]) -> None:
        """Append rows: blocks of these columns in the Native format. All rows of one partition become one part."""

    def close(self) -> None:
        """Wait for what is running and let go. A second call does nothing."""


def quiet_client() -> None:
    """What the client library warns of is an error that the store raises: nobody need read it twice."""
    for name in ("urllib3.connectionpool", "clickhouse_connect"):
        logging.getLogger(name).setLevel(logging.ERROR)


def failure(place: str, error: Exception) -> StoreError:
    """What a person must know of an engine's error. Keeps the engine's first line, which names tables, not values."""
    text = str(error)
    found = re.search(r"Code:\s*(\d+)", text)
    code = int(found[1]) if found else 0
    said = text[found.start() :] if found else _reason(error) or text
    said = said.split("\n", 1)[0].split(" (version ", 1)[0][:600]
    if code in _TOO_LARGE:
        met = "time (query_seconds)" if code in _TOO_LONG else "memory (memory)" if code == 241 else "size"
        return QueryTooLarge(f"the query reached the store's limit of {met}. Use a shorter date range ({said})")
    if code == 243 or "No space left" in text:
        return StoreUnavailable(
            f"{place}: the disk is full. Free some space. Entries that were acknowledged are safe ({said})"
        )
    if any(one in text for one in _DISK_FAILED):
        return StoreUnavailable(
            f"{place}: the disk cannot be written. See the system's log (dmesg), mend the disk or its file system, and "
            f"start again. Entries that were acknowledged are safe ({said})"
        )
    if code in _PASSING or not found:
        return StoreUnavailable(f"{place}: the store is not available ({said})")
    return StoreError(f"{place}: the engine refused the statement ({said})")


def _reason(error: BaseException) -> str:
    """The system's own words for why a host was not reached, which clients wrap in theirs; empty where it said none."""
    said = ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            said = cause.strerror
        cause = cause.__cause__ or cause.__context__
    return said
