"""The lists that memory tells: of the newest failures, which are asked for most, and of the newest entries, with which
the page begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from apitrail.store.engine import Engine
from apitrail.store.model import Cursor, Filter
from apitrail.store.newest import Newest, Table, Write
from apitrail.store.once import Rows
from apitrail.store.queries.page import WINDOWS, gathered

FAILURES = Table("failures", days=(*WINDOWS, 100_000), kept=4000, most_bytes=32_000_000, most_written=20_000)
"""3 KB each by the way; a failed call of hundreds of orders is 20. An account that has a thirtieth of them has its 50
newest among 1,500.
"""
ENTRIES = Table("entries", days=WINDOWS[:1], kept=1000, most_bytes=8_000_000, most_written=100)
"""Twenty pages, of a day at most: what is older is opened seldom. To read a hundred anew takes as long as to read a
page, so a log that is written to faster than it is read is asked as if nothing were kept.
"""


class Recent:
    """Of one log. `kept`: whether this process alone writes to it. Safe to call from many threads."""

    def __init__(self, engine: Engine, *, kept: bool) -> None:
        self._possible = kept
        self._failures = Newest(engine, FAILURES)
        self._entries = Newest(engine, ENTRIES)

    @contextmanager
    def writing(self, times: Sequence[int]) -> Iterator[None]:
        """To be entered before entries of these times (microseconds) are written, and left when that is over."""
        if not self._possible or not times:
            yield
            return
        write = Write(min(times), max(times), len(times))
        with self._failures.writing(write), self._entries.writing(write):
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """To be entered before entries of any time are removed, and left when that is over."""
        with self._failures.removing(), self._entries.removing():
            yield

    def newest(self, which: Filter, limit: int, cursor: Cursor | None, latest: datetime) -> Rows | None:
        """At most `limit` rows of what a list shows, after `cursor`; None where the engine has to be asked for them.
        Few entries are later than `latest`, if any. Raises StoreError.
        """
        if not self._possible:
            return None
        table = self._failures if gathered(which) else self._entries
        return table.listed(which, limit, cursor, latest)
