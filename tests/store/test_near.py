"""The times that a lookup found, as a condition on entries: as they are, or joined where they are many and close."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import Entry
from apitrail.exchange import Reference
from apitrail.store import Cursor, Filter, Store
from apitrail.store.queries.where import LISTED, WIDER, Where, near
from apitrail.store.queries.words import SPAN

Make = Callable[..., Entry]
FIRST = 1_790_000_000 // SPAN * SPAN


def joined(seconds: list[int]) -> tuple[int, list[int]]:
    """How long each of the times is that the condition names, and when they begin."""
    where = near(Where(), seconds)
    [length] = {int(text.split("INTERVAL ")[1].split()[0]) for text in where.conditions if "INTERVAL" in text}
    begun = where.params["seconds"]
    assert isinstance(begun, list)
    return length, [int(one) for one in begun]


def test_few_times_are_named_as_they_are_and_each_once() -> None:
    seconds = [FIRST, FIRST + 3 * SPAN, FIRST, FIRST + 9 * SPAN]
    assert joined(seconds) == (SPAN, [FIRST + 9 * SPAN, FIRST + 3 * SPAN, FIRST])


def test_very_many_close_together_become_few_that_are_longer() -> None:
    length, begun = joined([FIRST + place * SPAN for place in range(16_384)])
    assert length > SPAN
    assert len(begun) <= LISTED


def test_many_that_are_far_apart_stay_as_they_are() -> None:
    """Hours between them would be read for nothing."""
    seconds = [FIRST + place * 3600 // SPAN * SPAN for place in range(2_000)]
    assert joined(seconds) == (SPAN, seconds[::-1])


@given(st.sets(st.integers(0, 20_000), min_size=1, max_size=1_000), st.integers(1, 6))
def test_all_of_them_are_within_what_is_read_and_not_much_more(places: set[int], apart: int) -> None:
    seconds = [FIRST + place * apart * SPAN for place in places]
    length, begun = joined(seconds)
    assert all(second // length * length in begun for second in seconds)
    assert len(begun) * length <= WIDER * SPAN * len(seconds)


@pytest.mark.parametrize("limit", [1, 50])
def test_what_is_mentioned_nearly_always_is_found_among_it_where_few_are_of_an_action(
    store: Store, make: Make, limit: int
) -> None:
    """In more than one round: none comes twice, and none is left out at the edge of a round."""
    refers = {"references": [Reference("account", "S1")]}
    rare = {2, *range(16, 40), 600, 1_400, 1_401, *range(4_110, 4_136), 4_690}  # at both ends of the third round, too
    entries = [make(20 * at, action="rare" if at in rare else "order.get", **refers) for at in range(4_700)]
    entries += [make(20 * at + 3, action="rare") for at in range(0, 4_700, 100)]
    store.write(entries)
    wanted = [entries[at].id for at in sorted(rare, reverse=True)]
    which = Filter(reference=("account:S1",), action=("rare",))
    seen: list[str] = []
    cursor: Cursor | None = None
    while True:
        page = store.page(which, limit, cursor)
        seen += [row.id for row in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == wanted
    bars = store.histogram(which).bars
    assert sum(sum(bar.outcomes.values()) for bar in bars) == len(rare)
