"""`apitrail tail -f`: what comes into a log, also while its server is started anew.

The log is asked again and again for its newest entries; those that were printed are not printed again. An entry has the
time at which its call began, so what comes may be older than what has come. One looks back half a minute; ten minutes
for calls that took so long that they come late by it; and for two minutes after the log could not be asked, as far back
as when it last could: recorders keep what they have meanwhile, and send it bit by bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta

from apitrail.cli.connection import at_folder
from apitrail.cli.log import Log, OpenFolder, RunningServer
from apitrail.entry import EntryRow
from apitrail.server.problems import Problem
from apitrail.server.settings import Settings

POLL_S = 1.0
LATE = timedelta(seconds=30)
SLOW = timedelta(minutes=10)
SLOW_MS = 20_000
"""Some less than LATE, for the way from the recorder."""
AFTER_S = 120.0
AWAY = (429, 502, 503, 504)
"""Answers of a server, or of a proxy before it, that will be others in a while."""
_AT_ONCE = 500

Query = Callable[..., str]
"""The query string of what is followed, with these further parameters."""


class News:
    """What has come since it was last asked for. Not for several threads."""

    def __init__(self, query: Query, limit: int, *, slow: bool = True) -> None:
        """`slow`: whether slow calls are to be asked for by themselves; not where the query says how slow they are."""
        self._query = query
        self._limit = limit
        self._slow = {"duration_over": str(SLOW_MS)} if slow else {}
        self._seen: dict[str, datetime] = {}
        """When nothing older than this is looked at, the entry can be forgotten."""
        self._newest = datetime.now(UTC)
        self._away_since: datetime | None = None
        self._back_at: float | None = None

    def first(self, log: Log) -> list[EntryRow]:
        """The newest, oldest first. What is there already and older than these is no news."""
        found = log.entries(self._query(limit=str(self._limit))).entries[::-1]
        if found:
            self._newest = _newest(found)
            self._see(entry for entry in self._recent(log) if entry.created_at <= found[0].created_at)
        self._see(found)
        return found

    def next(self, log: Log) -> list[EntryRow]:
        """What has come, oldest first. Raises Problem, StoreError; the next time then tells what this one has not."""
        recent = {entry.id: entry for entry in self._recent(log)}
        found = sorted(
            (entry for entry in recent.values() if entry.id not in self._seen), key=lambda entry: entry.created_at
        )
        if self._away_since and self._back_at is None:
            self._back_at = time.monotonic()
        elif self._back_at is not None and time.monotonic() - self._back_at > AFTER_S:
            self._away_since = self._back_at = None
        if found:
            self._newest = max(self._newest, _newest(found))
            self._see(found)
        since = self._since()
        self._seen = {one: at for one, at in self._seen.items() if at >= since}
        return found

    def away(self) -> bool:
        """To be called when the log could not be asked. Whether that is news."""
        news = self._away_since is None or self._back_at is not None
        self._away_since = self._since()
        self._back_at = None
        return news

    def _see(self, entries: Iterator[EntryRow] | list[EntryRow]) -> None:
        for entry in entries:
            late = not self._slow or entry.duration_ms > SLOW_MS
            self._seen[entry.id] = entry.created_at + (SLOW if late else timedelta())

    def _since(self) -> datetime:
        since = self._newest - LATE
        return since if self._away_since is None else min(since, self._away_since)

    def _recent(self, log: Log) -> Iterator[EntryRow]:
        since = self._since()
        yield from self._pages(log, since)
        yield from self._pages(log, since - SLOW, **self._slow)

    def _pages(self, log: Log, since: datetime, **more: str) -> Iterator[EntryRow]:
        cursor = ""
        moment = since.isoformat().replace("+00:00", "Z")
        while True:
            page = log.entries(self._query(**{"from": moment, "limit": str(_AT_ONCE), "cursor": cursor, **more}))
            yield from page.entries
            cursor = page.next_cursor or ""
            if not cursor:
                return


def _newest(found: list[EntryRow]) -> datetime:
    """When the last of them was made. What comes after one whose clock is ahead would be older than it."""
    return min(found[-1].created_at, datetime.now(UTC))


def follow(
    news: News,
    opening: AbstractContextManager[Log],
    settings: Settings,
    show: Callable[[list[EntryRow]], None],
    say: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Shows the newest and then what comes, until the process is interrupted. A server that is away is waited for;
    `say` is told that once, and once that it is back. A folder without a server is let go: one can start on it.

    Raises Problem, StoreError where the log cannot be asked at first, or refuses.
    """
    with ExitStack() as stack:
        log = stack.enter_context(opening)
        show(news.first(log))
        away = isinstance(log, OpenFolder) and not settings.store
        if away:
            stack.close()
            connection = at_folder(settings.data)
            stack.callback(connection.close)
            log = RunningServer(connection)
            news.away()
            say(f"No server is running on {settings.data}: waiting for one.")
        while True:
            sleep(POLL_S)
            try:
                found = news.next(log)
            except Problem as problem:
                if problem.status not in AWAY:
                    raise
                if news.away():
                    say(f"{problem}. Waiting for it.")
                away = True
                continue
            if away:
                say("It answers again.")
                away = False
            if found:
                show(found)
