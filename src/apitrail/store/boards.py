"""What the boards ask: failures, orders and parcels. All of it bounded by a range and a number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import structs

from apitrail.entry import Entry
from apitrail.store import mentioned, sizes
from apitrail.store.engine import Query
from apitrail.store.failures import (
    Affected,
    CauseTotal,
    Common,
    Ending,
    Failed,
    Failing,
    Group,
    Hour,
    Hourly,
    Stretch,
    Unanswered,
    Way,
    Worked,
)
from apitrail.store.model import Filter
from apitrail.store.once import once
from apitrail.store.queries import entry, failures, hourly, shift, stretches, trade, words
from apitrail.store.queries.activity import Side
from apitrail.store.times import instant, micros
from apitrail.store.trade import Latest, Mention, Mentioned, Subject
from apitrail.store.upkeep import Upkeep

SMALL_BODY = 256 << 10
"""Bytes."""
MENTIONED_SECONDS = 4096
"""In so many seconds, the latest, what refers to something is looked for."""


class Boards(Upkeep):
    """The part of `Store` that answers it."""

    def failures(self, which: Filter, limit: int) -> list[Group]:
        """Failures within the filter's range by kind: those that happened last, first. Of the filter, its range and
        what all entries are counted by. Raises QueryTooLarge, StoreError.
        """
        return failures.read(self.engine.select(failures.groups(which, limit)).rows)

    def endings(self, groups: Sequence[Group]) -> dict[int, Ending]:
        """The first call after each group's last failure that worked, of the same platform, action, direction and
        accounts, by the group's place; without those that have none. Raises QueryTooLarge, StoreError.
        """
        if not groups:
            return {}
        later = {number: quarter for number, quarter in self.engine.select(failures.quarters(groups)).rows}  # noqa: C416
        return failures.read_endings(self.engine.select(failures.endings(groups, later)).rows)

    def calls(self, which: Filter, groups: Sequence[Group]) -> dict[Way, int]:
        """How many calls of each group's way were made within the filter's range, failed or not; from the counts, so
        that a day of them is no dearer than an hour. Raises QueryTooLarge, StoreError.
        """
        if not groups:
            return {}
        actions = tuple(sorted({one.kind.action for one in groups}))
        return self._counts.ways(Filter(since=which.since, until=which.until, action=actions))

    def unanswered(self, failed: Iterable[tuple[str, datetime]]) -> dict[str, Unanswered]:
        """Of failures by id and time: those that no answer came to, or that were never sent.

        Raises QueryTooLarge, StoreError.
        """
        wanted = {identity: micros(at) for identity, at in failed}
        if not wanted:
            return {}
        rows = self.engine.select(failures.unanswered(list(wanted), list(wanted.values()))).rows
        return {identity: Unanswered(not_sent, error) for identity, not_sent, error in rows}

    def cause_totals(self, which: Filter) -> list[CauseTotal]:
        """Failures by cause and direction, most first. Of the filter, its range and what all entries are counted by, as
        of what is asked next. Raises QueryTooLarge, StoreError.
        """
        return shift.read_totals(self.engine.select(shift.totals(which)).rows)

    def affected(self, which: Filter, limit: int) -> list[Affected]:
        """What calls of the filter's range failed for, by cause and action: of orders, parcels and products at most so
        many each, those hit last first.

        Raises QueryTooLarge, StoreError.
        """
        return shift.read_affected(self.engine.select(shift.affected(which, limit)).rows)

    def worked(self, hit: Sequence[Affected], which: Filter) -> Worked:
        """When a call of the same action last worked for each of them within the filter's range.

        Raises QueryTooLarge, StoreError.
        """
        if not hit:
            return {}
        rows = self.engine.select(shift.worked(hit, which)).rows
        refused = self._refused((partly, instant(micro)) for *_, micro, partly in rows if partly)
        found: Worked = {}
        for action, one, ec, micro, partly in rows:
            if one not in refused.get(partly, ()):
                accounts, at = found.setdefault((action, one), {}), instant(micro)
                accounts[ec] = max(at, accounts.get(ec, at))
        return found

    def common(self, which: Filter, share: float = 0.0) -> list[Common]:
        """What failures of the filter's range have in common, by cause; so large a share of a cause's at least, as far
        as it is referred to. Raises QueryTooLarge, StoreError.
        """
        told = self.engine.select(shift.by_account(which)).rows
        every = {(why, direction): count for why, direction, _, _, _, count in told}
        frequent = {
            one
            for why, direction, pairs in self.engine.select(shift.frequent(which)).rows
            for one, count in pairs
            if count >= share * every.get((why, direction), 0)
        }
        referred = self.engine.select(shift.common(which, sorted(frequent))).rows if frequent else ()
        return shift.read_common([*(row[:-1] for row in told), *referred])

    def newest_failures(self, which: Filter, actions: Sequence[str], limit: int) -> list[Failed]:
        """So many of the latest failed calls of each cause whose action begins with one of these, newest first.

        Raises QueryTooLarge, StoreError.
        """
        return shift.read_newest(self.engine.select(shift.newest(which, actions, limit)).rows)

    def hours(self, which: Filter, limit: int) -> list[Hour]:
        """Calls that we made within the filter's range, by hour, platform, action and account; the latest first.

        A quarter of an hour in which the range ends is told as a whole. Raises QueryTooLarge, StoreError.
        """
        return shift.read_hours(self.engine.select(shift.hours(which, limit)).rows)

    def failing(self, which: Filter, limit: int) -> list[Failing]:
        """Calls of the filter's range that failed by the platform's own fault or without an answer, by platform, action
        and quarter of an hour; the latest first. Raises QueryTooLarge, StoreError.
        """
        return shift.read_failing(self.engine.select(shift.failing(which, limit)).rows)

    def stretches(self, which: Filter, quarters: int, limit: int) -> list[Stretch]:
        """Times within the filter's range in which no call to a platform worked, with calls in so many quarters of an
        hour at least; the latest first. Raises QueryTooLarge, StoreError.
        """
        return stretches.read(self.engine.select(stretches.stretches(which, quarters, limit)).rows)

    def account_names(self, ids: Iterable[str]) -> dict[tuple[str, str], str]:
        """The latest names of accounts, by side (`ec` or `shipping`) and id; without those that were never named."""
        wanted = list(ids)
        if not wanted:
            return {}
        query = Query(
            "SELECT kind, id, argMax(name, at) FROM account_names WHERE id IN {ids:Array(String)} GROUP BY kind, id",
            {"ids": wanted},
        )
        return {(side, identity): name for side, identity, name in self.engine.select(query).rows}

    def latest(
        self,
        subject: Subject,
        which: Filter,
        limit: int,
        before: datetime | None = None,
        *,
        failed: bool = False,
        now: datetime | None = None,
    ) -> list[Latest]:
        """The orders or parcels that were mentioned last within the filter's range (of the filter, that and what all
        entries are counted by); those last mentioned before a time, or by failed calls alone.

        Raises QueryTooLarge, StoreError.
        """
        found: list[Latest] = []
        for window in trade.windows(which, before, now or datetime.now(UTC)):
            rows = self.engine.select(trade.latest(subject, window, limit, before, failed=failed)).rows
            found = trade.read_latest(rows)
            if len(found) >= limit:
                break
        return found

    def mentioned(self, ids: Iterable[str], limit: int, actions: Sequence[str] = ()) -> Mentioned:
        """What refers to any of these ids in all of the log, newest first. `actions`: of these alone, where given.

        Raises QueryTooLarge, StoreError.
        """
        wanted = tuple(dict.fromkeys(one for one in ids if one))
        if not wanted:
            return Mentioned([], False)
        seconds = mentioned.latest(self.engine, words.Mentions((wanted,)), None, None, MENTIONED_SECONDS)
        if not seconds:
            return Mentioned([], False)
        rows = once(self.engine, lambda many: trade.mentions(wanted, seconds, actions, many), limit + 1)
        found = trade.read_mentions(rows)
        silent = self.unanswered((one.id, one.at) for one in found if one.kind == "no_answer")
        found = [one if one.id not in silent else _said(one, silent[one.id]) for one in found]
        refused = self._refused((one.id, one.at) for one in found if one.outcome == "partial")
        found = [structs.replace(one, refused=refused[one.id]) if one.id in refused else one for one in found]
        return Mentioned(found[:limit], len(found) > limit or len(seconds) == MENTIONED_SECONDS)

    def _refused(self, partly: Iterable[tuple[str, datetime]]) -> dict[str, tuple[str, ...]]:
        """What each of these calls, by id and time, failed for while it worked for others."""
        wanted = {identity: micros(at) for identity, at in partly}
        if not wanted:
            return {}
        rows = self.engine.select(failures.refused(list(wanted), list(wanted.values()))).rows
        return {identity: tuple(ids) for identity, ids in rows}

    def hourly(self, side: Side, since: datetime, until: datetime, accounts: Sequence[str]) -> list[Hourly]:
        """How each of these accounts of a side fared by the hour. Raises QueryTooLarge, StoreError."""
        if not accounts:
            return []
        return hourly.read(self.engine.select(hourly.hourly(side, since, until, accounts)).rows)

    def entries_at(self, places: Iterable[tuple[str, datetime]], most_bytes: int = SMALL_BODY) -> dict[str, Entry]:
        """Whole entries by id, of (id, time) pairs; without those that are gone or have a body of more bytes.

        For a few dozen of them: all bodies are read at once. Raises QueryTooLarge, StoreError.
        """
        wanted = {UUID(identity): micros(at) // 1_000_000 for identity, at in places}
        if not wanted:
            return {}
        query = entry.at_times(list(wanted), sorted(set(wanted.values())), most_bytes)
        return {found.id: found for found in sizes.whole(self.engine, query)}


def _said(one: Mention, silent: Unanswered) -> Mention:
    """With what is known of a call that no answer came to."""
    return structs.replace(
        one,
        kind="not_sent" if silent.not_sent else one.kind,
        message=one.message or silent.not_sent or silent.error,
    )
