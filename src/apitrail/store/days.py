"""The days that have entries, and what is told of them (see `told`): known from one question to the next where this
process alone writes to the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from msgspec import Struct

from apitrail.store.derived import ranges
from apitrail.store.engine import Engine, Query
from apitrail.store.held import Held
from apitrail.store.partitions import parts
from apitrail.store.times import DAY


class Content(Struct, frozen=True):
    """What a day of entries consists of: as long as this is the same, no entry was added."""

    rows: int
    part: int
    """The last block of rows that was inserted, within 32 bits; of several shards, the sum of these."""
    origin: int
    """Which table that was, as a number of 32 bits: a log that is restored counts its blocks anew. 0 on a cluster."""


class Day(Struct, frozen=True):
    """One that has entries."""

    content: Content
    cut: int
    """Into how many slices it was cut when it was told, or began to be; 0 for never."""
    told: bool
    """To its end, and nothing came since."""


class Known(Struct, frozen=True):
    """What a search needs of them."""

    held: frozenset[int]
    """Days that have entries, and perhaps some that have none any more."""
    told: Mapping[int, int]
    """Those that are told, and into how many slices each is cut."""


class Days:
    """Of one log. `kept`: this process alone writes to it. Safe to call from many threads."""

    def __init__(self, engine: Engine, *, kept: bool) -> None:
        self._engine = engine
        self._known = Held[Known](kept=kept)

    def writing(self, times: Sequence[int]) -> AbstractContextManager[None]:
        """To be entered before entries of these times (microseconds) are written, and left when that is over: their
        days are told no longer. What a reader does not find until then came after he asked.
        """

        def after(known: Known) -> Known:
            touched = frozenset(first // DAY for first, _ in ranges(times))
            if touched <= known.held and touched.isdisjoint(known.told):
                return known  # nearly always
            told = {day: cut for day, cut in known.told.items() if day not in touched}
            return Known(known.held | touched, told)

        return self._known.writing(after)

    def changing(self) -> AbstractContextManager[None]:
        """To be entered before entries are removed or a day is told to its end, and left when that is over."""
        return self._known.writing(lambda _: None)

    def now(self) -> Known:
        """As they are. Raises StoreError."""
        return self._known.get(self._read)

    def _read(self) -> Known:
        days = read(self._engine)
        return Known(frozenset(days), {day: one.cut for day, one in days.items() if one.told})


def read(engine: Engine) -> dict[int, Day]:
    """The days that have entries, by the parts' own records. A shard's replicas number their parts alike. Raises
    StoreError.
    """
    # On a cluster the table is another one on each host that was added later.
    home = engine.topology.home
    table = f"(SELECT any(uuid) FROM system.tables WHERE database = {home} AND name = 'entries')"  # noqa: S608
    query = Query(
        "SELECT day, held.rows, held.part, held.origin, known.cut, known.rows, known.part, known.origin"  # noqa: S608
        " FROM (SELECT toUInt16(toDate(partition)) AS day, sum(shard_rows) AS rows,"
        " bitAnd(sum(last), 4294967295) AS part,"
        f" {0 if engine.topology.cluster else f'xxHash32(toString({table}))'} AS origin"
        " FROM (SELECT partition, sum(rows) AS shard_rows, max(max_block_number) AS last"
        f" FROM {parts(engine)} AND table = 'entries'"
        " GROUP BY hostName(), tcpPort(), partition) GROUP BY day HAVING rows > 0) AS held"
        " LEFT JOIN (SELECT toUInt16(day) AS day, cut, rows, part, origin FROM told_days FINAL) AS known USING (day)"
    )
    days = {}
    for day, rows, part, origin, cut, *known in engine.select(query).rows:
        days[day] = Day(Content(rows, part, origin), cut, told=known == [rows, part, origin])
    return days


def note(engine: Engine, day: int, cut: int, content: Content) -> None:
    """Write what a day had when it was told. Raises StoreError."""
    query = Query(
        "INSERT INTO told_days (day, told_at, cut, rows, part, origin) SELECT toDate({day:UInt16}), now64(6),"
        " {cut:UInt16}, {rows:UInt64}, {part:UInt32}, {origin:UInt32}",
        {"day": day, "cut": cut, "rows": content.rows, "part": content.part, "origin": content.origin},
    )
    engine.run(query)
