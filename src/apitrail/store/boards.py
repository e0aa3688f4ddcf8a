"""What the boards ask: failures by what they have in common. All of it bounded by a range and a number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apitrail.store.engine import Query
from apitrail.store.failures import Ending, Group
from apitrail.store.model import Filter
from apitrail.store.queries import failures
from apitrail.store.upkeep import Upkeep


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
