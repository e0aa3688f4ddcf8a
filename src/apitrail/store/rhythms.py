"""What one asks to see that calls stayed away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apitrail.store.model import Rhythm
from apitrail.store.queries import rhythm
from apitrail.store.upkeep import Upkeep


class Rhythms(Upkeep):
    """The part of `Store` that answers it."""

    def rhythms(
        self,
        since: datetime,
        until: datetime,
        actions: Sequence[str],
        ec: Sequence[str] = (),
        shipping: Sequence[str] = (),
    ) -> list[Rhythm]:
        """How regularly accounts (all, where none is given) made calls of these actions; `webhook.*`: any notification.

        By side, account and action; what came in one quarter of an hour only is not told. Raises QueryTooLarge,
        StoreError.
        """
        return rhythm.read(self.engine.select(rhythm.rhythms(since, until, actions, ec, shipping)).rows)

    def quarter_edges(
        self, quarters: Sequence[datetime], actions: Sequence[str]
    ) -> dict[tuple[str, str, str, datetime], tuple[datetime, datetime]]:
        """The first and the last call within these quarters of an hour, by side, account, action and quarter."""
        return rhythm.read_edges(self.engine.select(rhythm.edges(quarters, actions)).rows) if quarters else {}
