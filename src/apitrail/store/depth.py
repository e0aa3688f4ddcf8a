"""How far back lists had to be read to be full, by what was asked for: so that the next one begins with as much, in
place of a day, a week and two months one after another. That is a guess, by which no list says more or less.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from apitrail.store.model import Filter
from apitrail.store.times import DAY, micros

MOST = 1000
"""Filters."""
NEAR = 1.1
"""Days. What should be within these is looked for in the last one: to open another one's parts takes 0.5 ms."""
SPARE = 1.25
"""Times as far is read as should do."""


class Depth:
    """Of one log. Safe to call from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows_a_day: OrderedDict[Filter, float] = OrderedDict()

    def days(self, which: Filter, limit: int) -> float:
        """Within how many days so many entries should be; 0 where that is not known, or one will do."""
        with self._lock:
            rows = self._rows_a_day.get(_choices(which))
        return SPARE * limit / rows if rows and limit > NEAR * rows else 0.0

    def learn(self, which: Filter, upper: datetime, limit: int, rows: Sequence[Sequence[Any]]) -> None:
        """These rows were all of the filter before `upper`, or as many as were wanted."""
        if len(rows) >= limit:
            lower = int(rows[-1][1])
        elif which.since is not None:
            lower = micros(which.since)
        else:
            return  # all of the log was read: how long that is, is not known here
        days = max(micros(upper) - lower, 1) / DAY
        with self._lock:
            choices = _choices(which)
            self._rows_a_day[choices] = max(len(rows), 1) / days
            self._rows_a_day.move_to_end(choices)
            if len(self._rows_a_day) > MOST:
                self._rows_a_day.popitem(last=False)


def _choices(which: Filter) -> Filter:
    return structs.replace(which, since=None, until=None)
