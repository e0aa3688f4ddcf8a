"""What keeps the log in order: what is too old goes, days are told, and it is backed up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from apitrail.store import backup, lease, removals, retention, stats, telling, twins
from apitrail.store.backups import Backups
from apitrail.store.counts import Counts
from apitrail.store.days import Days
from apitrail.store.lock import FolderLock
from apitrail.store.queries import span
from apitrail.store.queries.words import spelled
from apitrail.store.recent import Recent
from apitrail.store.removals import Removed
from apitrail.store.retention import Rules
from apitrail.store.state import State
from apitrail.store.stats import Stats
from apitrail.store.today import Today

TIDY_LEASE_S = 7200
"""How long one of several servers goes on removing what is old before another may: twice the time between two looks."""


class Upkeep(State):
    """The part of `Store` that does it."""

    _lock: FolderLock | None
    _identity: str
    _watch: twins.Watch
    _counts: Counts
    _days: Days
    _today: Today
    _recent: Recent
    _backups: Backups
    _tidying = False
    """Whether `tidy` is under way, or failed the last time."""

    def tidy(
        self, rules: Rules, now: datetime | None = None, stop: Callable[[], bool] = lambda: False
    ) -> list[Removed]:
        """Take away what is too old or too much; nothing while another server on this log does. See `retention`."""
        if self.shared:
            if not lease.take(self.engine, "tidy", self._identity, TIDY_LEASE_S):
                return []
            twins.sweep(self.engine, self._identity, now or datetime.now(UTC), stop)
        # What is looked for by one spelling is kept in all.
        pinned = sorted({*spelled(one.id.removeprefix("#") for one in self.pins())})
        broke_off, self._tidying = self._tidying, True
        with self._counts.removing(), self._days.changing(), self._recent.removing():
            removed = retention.tidy(
                self.engine,
                rules,
                pinned,
                writes_off=lambda: self._writing,
                now=now,
                stop=stop,
                broke_off=broke_off,
            )
        self._tidying = False
        return removed

    def tell(
        self,
        rest: Callable[[float], bool] = lambda _: False,
        most_s: float = float("inf"),
        now: datetime | None = None,
    ) -> int:
        """Tell which letters are in days that are over, so that a text is found without reading them, and say how many
        days that were; none while another server on this log keeps it in order. See `told`.
        """
        if self.shared and not lease.take(self.engine, "tidy", self._identity, TIDY_LEASE_S):
            return 0
        return telling.tell(self.engine, now or datetime.now(UTC), self._days, self._today, rest, most_s)

    def go_on(self, rest: Callable[[float], bool] = lambda _: False, now: datetime | None = None) -> int:
        """The same of the day that is not over, as far as it went, and say how many slices that were; none where other
        servers write to this log. To be called every few minutes, by the thread that tells.
        """
        return 0 if self.shared else telling.go_on(self.engine, now or datetime.now(UTC), self._days, self._today, rest)

    @property
    def shared(self) -> bool:
        """Whether other servers may write to this log."""
        return self._lock is None

    def look_back(self, now: datetime | None = None) -> None:
        """Let `settle` look at the last minutes too: for a server that begins, and may have died within an insert."""
        second = int((now or datetime.now(UTC)).timestamp())
        self._watch.missed([(second - twins.BACK_S, second)])

    def settle(self, *, every: bool = False) -> int:
        """Remove the entries of this server's inserts that another one stored as well, and say how many rows that were.

        To be called every few seconds where the log is `shared`, and with `every` before the end. Raises StoreError:
        what was to be looked at is looked at the next time.
        """
        removed = 0
        due = list(twins.looks(self._watch.due(every=every)))
        try:
            while due:
                gone = twins.clear(self.engine, due[0], self._identity)
                if gone is None:
                    break
                removed += gone
                del due[0]
        finally:
            for spans in due:
                self._watch.missed(spans)
        return removed

    def stats(self, rules: Rules, since: datetime, free: int | None, now: datetime | None = None) -> Stats:
        """What the log takes, who sent it since then, and how it will go on. `free`: bytes free on the disk."""
        known = stats.days(self.engine)
        return Stats(
            span=span.read(self.engine.select(span.SPAN).rows),
            bytes_on_disk=retention.used_bytes(self.engine),
            days=known,
            since=since,
            actions=stats.uses(self.engine, "action", "''", since),
            ec_integrations=stats.uses(self.engine, "ec_id", "anyLast(ec_name)", since),
            shipping_integrations=stats.uses(self.engine, "shipping_id", "anyLast(shipping_name)", since),
            forecast=stats.forecast(self.engine, rules, known, free, now or datetime.now(UTC)),
            removed=removals.removals(self.engine),
            pins=self.pins(),
        )

    def begin_backup(self, where: backup.Place, *, full: bool = False, at: datetime | None = None) -> tuple[str, str]:
        """Start a backup of the log as it is now, called by the time `at`, and return its (engine's id, name). See
        `backup`.
        """
        return self._backups.begin(where, full=full, at=at, writes_off=self._writing)

    def backup_progress(self, identity: str, name: str) -> backup.Progress:
        """How far a backup is. Raises StoreError where it failed."""
        return self._backups.progress(identity, name)
