"""What belongs to one kind of work, of what the log holds."""

from __future__ import annotations

from msgspec.structs import replace

from apitrail.profiles.work import Work, is_of
from apitrail.store import Store
from apitrail.store.model import Filter

NO_ACTION = ("",)
"""No entry is without an action. Of no action at all a filter would choose every entry."""


def of_work(store: Store, which: Filter, work: Work | None) -> tuple[Filter, int]:
    """The filter narrowed to a kind of work as well, where one is given, and how many entries it lets through.

    Raises QueryTooLarge, StoreError.
    """
    known = store.facets(which)
    # A field is counted under all choices but its own.
    if work is None:
        return which, sum(one.count for one in known.outcome if not which.outcome or one.id in which.outcome)
    if work == "webhooks":
        if which.direction and "inbound" not in which.direction:
            return replace(which, action=NO_ACTION), 0
        mine = [one for one in known.direction if one.id == "inbound"]
        return replace(which, direction=("inbound",)), sum(one.count for one in mine)
    mine = [one for one in known.action if is_of(one.id, work) and (not which.action or one.id in which.action)]
    return replace(which, action=tuple(one.id for one in mine) or NO_ACTION), sum(one.count for one in mine)
