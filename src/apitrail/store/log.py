"""The store: one log, whatever engine keeps it.

Called by the server's worker threads, any number at once; nothing here is asynchronous. Reads run beside each other
and beside the writer; writes one after another.

What `write` promises when it returns: every entry of the batch is in the log exactly once, and on the disk where the
store is durable (fsync of the new parts and their folder, and of what merging makes of them). When it raises, some
of the batch may be there; writing it again completes it, and stores nothing twice. Where other servers write to the
same log, an entry that two were given at once is there twice until `settle` has looked.

A reader sees all of a write's entries of one day, or none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from operator import itemgetter
from typing import TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from msgspec import structs

from apitrail.entry import Entry, EntryRow
from apitrail.exchange import Loss
from apitrail.store import derived, health, schema, sizes, twins
from apitrail.store.backups import Backups
from apitrail.store.batch import Batch
from apitrail.store.beside import Beside
from apitrail.store.block import COLUMNS, LOSS_COLUMNS, Key
from apitrail.store.boards import Boards
from apitrail.store.counts import Counts
from apitrail.store.days import Days
from apitrail.store.engine import Engine
from apitrail.store.finding import Finding
from apitrail.store.held import Held
from apitrail.store.lock import FolderLock
from apitrail.store.model import (
    Activity,
    Cursor,
    Facets,
    Filter,
    Gap,
    Histogram,
    LossRow,
    Moment,
    Page,
    RecorderRow,
    SeenAccount,
    Span,
    StoreError,
    Usual,
    Written,
)
from apitrail.store.once import once
from apitrail.store.queries import (
    activity,
    known,
    losses,
    moments,
    recorders,
    related,
    span,
    usual,
)
from apitrail.store.queries import entry as one
from apitrail.store.queries.activity import Side
from apitrail.store.recent import Recent
from apitrail.store.rhythms import Rhythms
from apitrail.store.rows import decode_row
from apitrail.store.times import instant, micros
from apitrail.store.today import Today

T = TypeVar("T")
Other = TypeVar("Other")

UTC_ZONE = ZoneInfo("UTC")
MAX_LIMIT = 1000
"""Entries of one page."""
WHOLE_BYTES = 8 << 20
"""Bytes of bodies that are read at once where many entries are wanted whole."""
MAX_INSERT = 64 << 20
"""Bytes of one insert. A larger write becomes several."""


class Store(Boards, Rhythms):
    """See the module. Made by `open_store`; migrated when the constructor returns."""

    def __init__(self, engine: Engine, lock: FolderLock | None, durable: bool) -> None:
        self.engine = engine
        """For maintenance and tests. All questions of the server have a method here."""
        self._lock = lock
        self._identity = uuid4().hex
        self._note = derived.Note(None if lock is None else lock.path.with_name("inserting.json"), durable=durable)
        self._suspect: derived.Ranges = []
        self._watch = twins.Watch()
        self._writing = threading.Lock()
        self._beside = Beside()
        self._days = Days(engine, kept=lock is not None)
        self._today = Today()
        self._recent = Recent(engine, kept=lock is not None)
        self._finding = Finding(engine, self._days, self._today, self._recent)
        self._backups = Backups(engine)
        self._last_loss = Held[int](kept=lock is not None)
        try:
            migrated = schema.migrate(engine)
            schema.make_durable(engine, durable)
            suspect = self._note.read()
            if migrated or suspect or lock is not None:
                derived.repair(engine, suspect)
            self._counts = Counts(engine, self._finding, self._beside, None if self.shared else self.span())
        except BaseException:
            engine.close()
            raise

    def write(self, entries: Sequence[Entry], losses: Sequence[Loss] = ()) -> Written:
        """Store what the log does not have yet, by id. Raises BadEntry before anything is written, StoreError."""
        return self.commit([Batch.of(entries, losses)])[0]

    def commit(self, batches: Sequence[Batch]) -> list[Written]:
        """Write several batches as one. Raises StoreError for all of them together."""
        with self._writing:
            told = [batch.losses for batch in batches if batch.losses]
            if told:
                with self._last_loss.writing():
                    self.engine.insert("losses", LOSS_COLUMNS, told)
            keys = [key for batch in batches for block in batch.blocks for key in block.identities()]
            seen = self._known(keys)
            data: list[tuple[int, bytes]] = []
            written: list[Written] = []
            tallies: list[bytes] | None = []
            for batch in batches:
                stored = 0
                for block in batch.blocks:
                    count, fresh = block.fresh(seen)
                    stored += count
                    if count:
                        data.append((block.first, fresh))
                    if count < len(block):
                        tallies = None if count else tallies
                    elif tallies is not None:
                        tallies.append(block.tally)
                written.append(Written(stored, batch.entries - stored))
            # Rows that come in their order need not be sorted by the engine, and those of one sender mostly do.
            data.sort(key=itemgetter(0))
            times = [at for _, at in keys]
            with (
                self._counts.writing(times, tallies),
                self._days.writing(times),
                self._today.writing(times),
                self._recent.writing(times),
            ):
                self._insert([block for _, block in data], times)
            return written

    def page(self, which: Filter, limit: int = 50, cursor: Cursor | None = None) -> Page:
        """The entries after `cursor`, newest first. Raises QueryTooLarge, StoreError; ValueError for the limit."""
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"limit is {limit}; it must be between 1 and {MAX_LIMIT}")
        rows = self._finding.newest(which, limit + 1, cursor, self._counts.newest(datetime.now(UTC)))
        entries = [decode_row(row) for row in rows[:limit]]
        more = len(rows) > limit
        return Page(entries, Cursor(entries[-1].created_at, entries[-1].id) if more else None)

    def entry(self, entry_id: str) -> Entry | None:
        """The whole entry; None where the log has none of that id, or it is no id."""
        try:
            identity = UUID(entry_id)
        except ValueError:
            return None
        if identity.version != 7:
            return None
        found = sizes.whole(self.engine, one.entry(identity))
        return found[0] if found else None

    def of_call(self, call: str, at: datetime) -> list[EntryRow]:
        """The exchanges of one call, oldest first: its attempts and redirects, a quarter of an hour around `at`."""
        rows = once(self.engine, lambda many: related.of_call(call, at, many), related.MOST)
        return [decode_row(row) for row in rows]

    def whole(self, rows: Sequence[EntryRow], most_bytes: int = WHOLE_BYTES) -> Iterator[Entry]:
        """The whole entries of these rows of a page, in their order; those that were removed since are left out.

        Read some at a time, of at most `most_bytes` of bodies together, or one. Raises QueryTooLarge, StoreError.
        """
        ids = [UUID(row.id) for row in rows]
        if not ids:
            return
        held = {str(found): size for found, size in self.engine.select(one.sizes(ids)).rows}
        for portion in _by_size([found for found in ids if str(found) in held], held, most_bytes):
            found = {entry.id: entry for entry in sizes.whole(self.engine, one.entries(portion))}
            yield from (found[str(wanted)] for wanted in portion if str(wanted) in found)

    def facets(self, which: Filter) -> Facets:
        """The choices of each filter. Raises QueryTooLarge, StoreError."""
        return self._counts.facets(which)

    def histogram(self, which: Filter, step: str | None = None, zone: ZoneInfo = UTC_ZONE) -> Histogram:
        """Entries by time and outcome over the filter's range, or all of the log until now where it is open.

        `step`: how long a bar is, one of `histogram.STEPS`; by itself so that there are about a hundred. Bars of a day
        and more begin at midnight of `zone`. Raises ValueError for more than MOST_BARS bars, QueryTooLarge, StoreError.
        """
        since, until = which.since, which.until
        if since is None or until is None:
            covered = self.span()
            # One time that is ahead of the clock must not press all others into a bar.
            newest = covered.newest and min(covered.newest, datetime.now(UTC))
            since, until = since or covered.oldest, until or newest
        if since is None or until is None or since > until:
            return Histogram(step or "1h", None, [])
        return self._counts.histogram(structs.replace(which, since=since, until=until), step, zone)

    def both(self, one: Callable[[], T], other: Callable[[], Other]) -> tuple[T, Other]:
        """Two questions, the second in another thread meanwhile; that asks no two at once itself."""
        return self._beside.both(one, other)

    def span(self) -> Span:
        """What the whole log covers."""
        return span.read(self.engine.select(span.SPAN).rows)

    def moments(self, which: Filter, limit: int) -> list[Moment]:
        """When the newest of the filter's entries were, oldest first. Raises QueryTooLarge, StoreError."""
        return moments.read(self.engine.select(moments.moments(which, limit)).rows)

    def oldest(self, which: Filter) -> EntryRow | None:
        """The first of the filter's entries. Raises QueryTooLarge, StoreError."""
        rows = self.engine.select(moments.oldest(which)).rows
        return decode_row(rows[0]) if rows else None

    def activity(self, side: Side, since: datetime, day: datetime, accounts: Sequence[str] = ()) -> list[Activity]:
        """What each account of a side (all, where none is given) did since then. Raises QueryTooLarge, StoreError."""
        places = self.engine.select(activity.quarters(side, since, accounts)).rows
        if not places:
            return []
        return activity.read(
            self.engine.select(activity.latest(side, since, activity.touched(places), accounts)).rows,
            {(account, action): platform for account, action, platform, *_ in places},
            self.engine.select(activity.last_failures(side, since, accounts)).rows,
            self.engine.select(activity.since_day(side, day, accounts)).rows,
        )

    def seen(self, side: Side) -> list[SeenAccount]:
        """Every account of a side that the log holds, by id."""
        return activity.read_seen(self.engine.select(activity.seen(side)).rows)

    def usual(self, since: datetime) -> dict[tuple[str, str], Usual]:
        """How long calls since then took, by platform (empty for none) and action. Raises QueryTooLarge, StoreError."""
        return usual.read(self.engine.select(usual.usual(since)).rows)

    def losses(self, since: datetime | None = None, until: datetime | None = None) -> list[LossRow]:
        """What recorders gave up within the range, newest first."""
        if since is not None and self._last_loss.get(self._newest_loss) < micros(since):
            return []
        return losses.read(self.engine.select(losses.losses(since, until)).rows)

    def recorders(self, since: datetime) -> list[RecorderRow]:
        """Who sent entries or losses since then, the one seen last first, with the gaps in what came."""
        rows = self.engine.select(recorders.recorders(since)).rows
        listed = self.engine.select(recorders.newest(since)).rows if rows else ()
        found = recorders.read(rows, listed, since, self.losses(since))
        return [structs.replace(one, gaps=self._gaps(one, since)) if one.missing > 0 else one for one in found]

    def missing(self, since: datetime) -> list[RecorderRow]:
        """The recorders of which numbers are missing since then, each with its newest gaps, the newest first."""
        rows = self.engine.select(recorders.recorders(since, only_missing=True)).rows
        missing = {one.id for one in recorders.read(rows, (), since, ()) if one.missing > 0}
        if not missing:
            return []
        rows = [row for row in rows if row[0] in missing]
        found = recorders.read(rows, self.engine.select(recorders.newest(since)).rows, since, ())
        return [structs.replace(one, gaps=self._gaps(one, since, newest=True)) for one in found]

    def _gaps(self, one: RecorderRow, since: datetime, *, newest: bool = False) -> list[Gap]:
        rows = self.engine.select(recorders.gaps(since, one.id, one.first_sequence, newest=newest)).rows
        return [
            Gap(first, last, instant(after) if after else None, instant(before)) for first, last, after, before in rows
        ]

    def check(self) -> None:
        """Whether the store answers, of a cluster every shard. Raises StoreError with the reason."""
        if self.engine.topology.cluster:
            health.demand_shards(self.engine)
        if not schema.applied(self.engine):
            raise StoreError(
                f"{self.engine.place}: the log's tables no longer exist. Restore a backup, or restart the server "
                "to begin an empty log"
            )

    def close(self) -> None:
        """Wait for what runs, close the engine, free the folder. A second call does nothing."""
        with self._writing:
            if self.shared:
                with suppress(StoreError):  # what is not looked at now, another server finds
                    self.settle(every=True)
            self.engine.close()
            self._beside.close()
            if not self._suspect:
                self._note.clear()
            if self._lock is not None:
                self._lock.release()

    def _insert(self, data: list[bytes], times: list[int]) -> None:
        """Write new entries. What a failed insert before this one touched is looked at first, if none is new as well:
        they may be those that it left. `times`: of all, with those that are not new.
        """
        if self._suspect and times:
            derived.repair(self.engine, self._suspect)
            self._suspect = []
        if not data:
            return
        self._suspect = derived.ranges(times)
        self._note.write(self._suspect)
        try:
            for portion in _portions(data):
                self.engine.insert("entries", COLUMNS, portion)
        finally:
            if self.shared:
                self._watch.touched(times)
        self._suspect = []

    def _newest_loss(self) -> int:
        [(at,)] = self.engine.select(losses.NEWEST).rows
        return int(at)

    def _known(self, keys: Sequence[Key]) -> set[bytes]:
        """Ids that the log has: those of these keys, and perhaps others."""
        found: set[bytes] = set()
        for group in known.groups(keys):
            limit = 2 * known.size(group)
            answer = self.engine.select(known.around(group, limit))
            if len(answer.rows) == limit:
                answer = self.engine.select(known.among(group))
            found.update(raw for (raw,) in answer.rows)
        return found


def _by_size(ids: Sequence[UUID], sizes: Mapping[str, int], most_bytes: int) -> Iterator[list[UUID]]:
    """The ids in groups whose bodies are at most that many bytes, but never of less than one."""
    part: list[UUID] = []
    held = 0
    for one_id in ids:
        size = sizes[str(one_id)]
        if part and held + size > most_bytes:
            yield part
            part, held = [], 0
        part.append(one_id)
        held += size
    if part:
        yield part


def _portions(blocks: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The blocks in groups of at most MAX_INSERT bytes, but never of less than a block."""
    part: list[bytes] = []
    size = 0
    for block in blocks:
        if part and size + len(block) > MAX_INSERT:
            yield part
            part, size = [], 0
        part.append(block)
        size += len(block)
    if part:
        yield part
