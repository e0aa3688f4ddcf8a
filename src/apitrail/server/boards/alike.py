"""What the requests of failures say alike: the receiver's postcode, the way from country to country, the service.

It is in bodies alone, so the latest failures of a cause are read, and where something is alike, as many calls of the
same actions that worked beside them: what these say as often is not told. A field that a recorder masked is not there
to be compared, and nothing is told of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from apitrail.entry import Entry
from apitrail.profiles.bodies import parse
from apitrail.profiles.lanes import Lane, lane
from apitrail.store import Store
from apitrail.store.failures import Failed
from apitrail.store.model import Filter

READ = 24
"""Failures of a cause whose requests are read, and of calls that worked."""
LARGEST = 64 << 10
"""Bytes of a body that is read."""
ACTIONS = ("label.", "rate.", "address.", "pickup.", "shipment.", "order.ship", "order.create", "tracking.allocate")
"""What these begin with, says where a parcel goes."""
LEAST, SHARE = 3, 0.6
"""So many, and so large a share of those that say it."""
APART = 0.3
"""By so much more often than among calls that worked."""
COMPARED = 5
"""Calls that worked and say it too: from so many on they are compared."""
WORKED = ("success", "warning", "partial")

Value = Callable[[Lane], str]


class Alike(Struct, frozen=True):
    """A value that most of the failures that were read have in common."""

    feature: str
    """`postcode`, `lane` or `service`."""
    value: str
    """Of a postcode it may be only the beginning, followed by `…`."""
    count: int
    of: int
    """How many of the failures that were read have such a value at all."""
    good: int
    """How many of the calls that worked have the same value."""
    good_of: int
    """How many of the calls that worked, and were read, have such a value at all. If there are fewer than five, they
    are not compared."""


def alike(store: Store, which: Filter) -> dict[str, list[Alike]]:
    """By cause, of the filter's range. Raises QueryTooLarge, StoreError."""
    by_cause: dict[str, list[Failed]] = {}
    for one in store.newest_failures(which, ACTIONS, READ):
        by_cause.setdefault(one.cause, []).append(one)
    wanted = {cause: failed for cause, failed in by_cause.items() if len(failed) >= LEAST}
    read = _lanes(store, [(one.id, one.at) for failed in wanted.values() for one in failed])
    found: dict[str, list[Alike]] = {}
    for cause, failed in wanted.items():
        lanes = [read[one.id] for one in failed if one.id in read]
        if not any(_most(lanes, feature) for feature in FEATURES):
            continue
        told = compared(lanes, _worked(store, which, failed))
        if told:
            found[cause] = told
    return found


def compared(failed: Sequence[Lane], worked: Sequence[Lane]) -> list[Alike]:
    """What most of the failures say, and the calls that worked do not say as often."""
    found = []
    for feature, value in FEATURES.items():
        said = [text for one in failed if (text := value(one))]
        good = [text for one in worked if (text := value(one))]
        if feature != "postcode" and len(good) < COMPARED:
            continue  # most calls go the same few ways, by the same few services
        for shown, fits in _values(feature, said, compare=len(good) >= COMPARED):
            count, beside = sum(map(fits, said)), sum(map(fits, good))
            if len(good) >= COMPARED and count / len(said) - beside / len(good) < APART:
                continue
            found.append(Alike(feature, shown, count, len(said), beside, len(good)))
            break
    return found


def _way(one: Lane) -> str:
    return f"{one.sender} → {one.receiver}" if one.sender and one.receiver else one.receiver and f"→ {one.receiver}"


FEATURES: Mapping[str, Value] = {
    "postcode": lambda one: one.postcode,
    "lane": _way,
    "service": lambda one: one.service,
}


def _most(lanes: Iterable[Lane], feature: str) -> bool:
    said = [text for one in lanes if (text := FEATURES[feature](one))]
    return any(True for _ in _values(feature, said, compare=True))


def _values(feature: str, said: Sequence[str], *, compare: bool) -> Iterable[tuple[str, Callable[[str], bool]]]:
    """What most of them say, the most exact first: of postcodes their beginnings too, of a single character only
    where calls that worked are there to be compared.
    """
    if len(said) < LEAST:
        return
    longest = max(map(len, said)) if feature == "postcode" else 1
    shortest = 1 if compare else 2
    for length in [None, *range(longest - 1, shortest - 1, -1)] if feature == "postcode" else [None]:
        start, count = Counter(text[:length] for text in said).most_common(1)[0]
        if count >= LEAST and count >= SHARE * len(said):
            if length is None:
                yield start, start.__eq__
            else:
                yield f"{start}…", lambda text, start=start: text.startswith(start)  # type: ignore[misc]


def _worked(store: Store, which: Filter, failed: Sequence[Failed]) -> list[Lane]:
    asked = replace(
        which,
        outcome=WORKED,
        direction=("outbound",),
        action=tuple(sorted({one.action for one in failed})),
        platform=tuple(sorted({one.platform for one in failed if one.platform})),
    )
    rows = store.page(asked, limit=READ).entries
    return list(_lanes(store, [(row.id, row.created_at) for row in rows]).values())


def _lanes(store: Store, places: Iterable[tuple[str, datetime]]) -> dict[str, Lane]:
    return {key: _lane(one) for key, one in store.entries_at(places, LARGEST).items()}


def _lane(entry: Entry) -> Lane:
    sent = entry.request
    _, data = parse(sent.body, sent.content_type, sent.charset) if not sent.truncated else ("", None)
    query = dict(parse_qsl(urlsplit(entry.url).query))
    return lane([query, data])
