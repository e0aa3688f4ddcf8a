"""The log: opened by `open_store`, written through a `Writer`, asked with a `Filter`.

Only this package knows SQL, and only `embedded.py` and `cluster.py` in it reach an engine.
"""

from apitrail.store.batch import Batch
from apitrail.store.block import BadEntry
from apitrail.store.engine import StoreUnavailable
from apitrail.store.log import MAX_LIMIT, Store
from apitrail.store.model import (
    BadCursor,
    Bar,
    Cursor,
    Facets,
    Filter,
    FolderInUse,
    Histogram,
    LossRow,
    Option,
    Page,
    QueryTooLarge,
    Span,
    StoreError,
    Term,
    Token,
    Written,
)
from apitrail.store.opening import MAX_SECONDS, MEMORY_LIMIT, open_store
from apitrail.store.queries.histogram import STEPS, counted_anew, histogram_of
from apitrail.store.writer import Busy, Writer

__all__ = [
    "MAX_LIMIT",
    "MAX_SECONDS",
    "MEMORY_LIMIT",
    "STEPS",
    "BadCursor",
    "BadEntry",
    "Bar",
    "Batch",
    "Busy",
    "Cursor",
    "Facets",
    "Filter",
    "FolderInUse",
    "Histogram",
    "LossRow",
    "Option",
    "Page",
    "QueryTooLarge",
    "Span",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "Term",
    "Token",
    "Writer",
    "Written",
    "counted_anew",
    "histogram_of",
    "open_store",
]
