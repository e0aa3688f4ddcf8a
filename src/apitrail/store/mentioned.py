"""When what somebody looks for is mentioned: the times in which entries that have it can be."""

from __future__ import annotations

from datetime import datetime

from apitrail.store.engine import Engine
from apitrail.store.queries import words


def latest(
    engine: Engine, wanted: words.Mentions, since: datetime | None, until: datetime | None, limit: int
) -> list[int]:
    """The latest times within the range that have all that is wanted, each as the first of SPAN seconds, newest first;
    one may come more than once. Where there are fewer than `limit`, these are all. Raises QueryTooLarge, StoreError.
    """
    if not wanted.sets[1:]:
        # Most ids are mentioned a few times. To have the engine sort these costs a fifth of the statement.
        found = [second for (second,) in engine.select(words.some_seconds(wanted, since, until, limit)).rows]
        if len(found) < limit:
            return sorted(map(words.spanned, found), reverse=True)
    return [second for (second,) in engine.select(words.seconds(wanted, since, until, limit)).rows]
