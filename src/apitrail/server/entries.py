"""A page of entries and one entry, as the API and the command line ask for them.

Without the framework of the API: that takes longer to import than a command takes to answer.
"""

from __future__ import annotations

from uuid import UUID

from apitrail.entry import Entry
from apitrail.server.filters import read_page
from apitrail.server.problems import Problem
from apitrail.server.shapes import EntriesAnswer
from apitrail.store import Store


def entries(store: Store, query_string: bytes) -> EntriesAnswer:
    """A page of entries. Raises Problem, StoreError."""
    query = read_page(query_string)
    page = store.page(query.filter, query.limit, query.after)
    return EntriesAnswer(page.entries, page.next_cursor.encode() if page.next_cursor else None)


def find(store: Store, identifier: str) -> Entry:
    """The entry with this id. Raises Problem if it is not an id, or if there is no such entry."""
    try:
        wanted = str(UUID(identifier))
    except ValueError:
        raise Problem(
            "is not an id", field="id", value=identifier, fix="Write an id like 019cd1f6-7c3a-7b42-8d0e-4f5a6b7c8d9e."
        ) from None
    entry = store.entry(wanted)
    if entry is None:
        raise Problem(
            "the log has no entry with this id",
            field="id",
            value=wanted,
            fix="Check the id. The entry was never recorded here, or it is older than the log keeps entries.",
            status=404,
        )
    return entry
