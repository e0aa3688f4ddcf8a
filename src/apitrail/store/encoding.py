"""Encodes entries and losses as blocks of their tables.

By column, not by entry, so that most of the work is done in C: 15 µs an entry, of which a third are the three documents
of `apitrail.store.rows`.

Two things are written otherwise than they came: an id is in lower case, and a lone surrogate (which is not text, and
cannot be stored as such) becomes U+FFFD.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from apitrail.entry import Entry, Incoming, Payload
from apitrail.exchange import Loss
from apitrail.store import bodies, native
from apitrail.store.block import COLUMNS, ID_SLACK_MS, LATEST, LOSS_COLUMNS, BadEntry, Block, tally
from apitrail.store.files import LEAST, taken_out
from apitrail.store.folding import first, fold, fold_one
from apitrail.store.native import Lists, Runs
from apitrail.store.rows import row_documents, side_documents
from apitrail.store.shelves import spread
from apitrail.store.times import micros

_LATEST = micros(LATEST)
_NOTHING = Payload()


def encode(incoming: Sequence[Incoming]) -> Block:
    """The entries, one at least, as a block. Raises BadEntry for the first that cannot be a row."""
    try:
        return _encode(incoming)
    except UnicodeEncodeError:
        return _encode([_without_surrogates(one) for one in incoming])
    except (ValueError, TypeError, OverflowError):
        for one in incoming:
            _check(one.entry)
        raise


def encode_losses(losses: Sequence[Loss]) -> bytes:
    """The losses, one at least, as a block of their table. Raises BadEntry for the first that cannot be a row."""
    for loss in losses:
        _whole(loss.count, 64, "count", loss.recorder)
    return native.block(
        LOSS_COLUMNS,
        len(losses),
        [
            *([_clean(text) for text in map(attrgetter(name), losses)] for name in ("recorder", "host", "process")),
            [_clean(loss.reason) for loss in losses],
            [loss.count for loss in losses],
            [_time(loss.first_at, "first_at", loss.recorder) for loss in losses],
            [_time(loss.last_at, "last_at", loss.recorder) for loss in losses],
            [_clean(loss.text) for loss in losses],
        ],
    )


def columns_of(structs: Sequence[Struct]) -> dict[str, Sequence[Any]]:
    """Entries, or payloads, by field: half the time of asking each for each."""
    return dict(zip(structs[0].__struct_fields__, zip(*map(astuple, structs), strict=True), strict=True))


def _encode(incoming: Sequence[Incoming]) -> Block:
    of = columns_of([one.entry for one in incoming])
    times = _times(of["created_at"])
    numbers = _uuids(of["id"], times)
    count = len(incoming)
    ids = struct.pack(f"<{2 * count}Q", *numbers)
    kinds, runs, lists = [one.kinds for one in incoming], [one.runs for one in incoming], [one.ids for one in incoming]
    mentioned = list(map(len, lists))
    mentioned_ids = list(chain.from_iterable(lists))
    encoded = bodies.encoded(mentioned_ids)
    foldable = bodies.foldable(encoded)
    known = own = _apart(encoded, mentioned)
    if foldable is not encoded:
        own = _apart(foldable, mentioned)
    if not all(map(math.isfinite, of["duration_ms"])):
        raise ValueError("a duration is not a finite number")
    ec = [one.id if one else None for one in of["ec_integration"]]
    shipping = [one.id if one else None for one in of["shipping_integration"]]
    *answered, answers, files = side(of["response"], own, _places(kinds, runs, "request"), files=True)
    data = native.block(
        COLUMNS,
        count,
        [
            (ids,),
            times,
            _received(of["received_at"]),
            of["direction"],
            of["platform"],
            of["action"],
            of["method"],
            ec,
            [one.name if one else "" for one in of["ec_integration"]],
            shipping,
            [one.name if one else "" for one in of["shipping_integration"]],
            of["merchant"],
            [one.type if one else None for one in of["source"]],
            [one.id if one else None for one in of["source"]],
            Lists(mentioned, Runs(list(chain.from_iterable(kinds)), list(chain.from_iterable(runs)))),
            Lists(mentioned, mentioned_ids),
            of["status"],
            of["outcome"],
            of["cause"],
            of["code"],
            of["message"],
            of["duration_ms"],
            [one.id if one else None for one in of["recorder"]],
            [one.sequence if one else 0 for one in of["recorder"]],
            rows(of, kinds, runs, known),
            *side(of["request"], own, _places(kinds, runs, "delivery"))[:3],
            *answered,
            *spread(of["action"], answers),
            files,
        ],
    )
    return Block(ids, struct.pack(f"<{count}q", *times), data, tally(times, of["outcome"], ec, shipping))


def rows(
    columns: Mapping[str, Sequence[Any]],
    kinds: Sequence[Sequence[str]],
    runs: Sequence[Sequence[int]],
    ids: Sequence[Sequence[bytes]],
) -> list[bytes]:
    """The column `row`; `kinds`, `runs` and `ids`: of each entry, as in `Incoming`."""
    documents = row_documents(columns)
    return [
        fold(plain, items, types, counts, own, source) if items or source else plain
        for plain, items, types, counts, own, source in zip(
            documents, columns["items"], kinds, runs, ids, columns["source"], strict=True
        )
    ]


def _places(kinds: Sequence[Sequence[str]], runs: Sequence[Sequence[int]], kind: str) -> list[int]:
    """Where each entry's first reference of this kind is; -1 where it has none."""
    return [first(kind, types, counts) if kind in types else -1 for types, counts in zip(kinds, runs, strict=True)]


def _apart(ids: list[bytes], counts: Sequence[int]) -> list[list[bytes]]:
    """The ids of each entry, which has so many of them."""
    ends = list(accumulate(counts))
    return [ids[end - count : end] for end, count in zip(ends, counts, strict=True)]


def side(
    payloads: Sequence[Payload | None],
    own: Sequence[Sequence[bytes]],
    named: Sequence[int],
    *,
    files: bool = False,
) -> tuple[list[bytes], Sequence[int], list[bytes], list[bytes]]:
    """The columns of one side: documents, sizes, bodies without those of each entry's `own` ids that are left out, and
    the files that were taken out of these, if they shall be. Nothing stands for what never came.
    """
    of = columns_of([one or _NOTHING for one in payloads])
    stored: list[bytes] = []
    apart = [b""] * len(payloads)
    folded: list[bool] = []
    for body, tail, ids in zip(of["body"], of["tail"], own, strict=True):
        whole = body + tail if tail else body
        kept = bodies.fold(whole, ids)
        if files and len(whole) >= LEAST:
            kept, apart[len(stored)] = taken_out(whole, kept)
        stored.append(kept)
        folded.append(len(kept) < len(whole))
    documents = side_documents(of, folded)
    for number, payload in enumerate(payloads):
        if payload is None:
            documents[number] = b""
        elif named[number] >= 0:
            documents[number] = fold_one(documents[number], named[number], own[number])
    return documents, of["size"], stored, apart


def _times(values: Sequence[datetime]) -> list[int]:
    times = [micros(at) for at in values]
    if not 0 <= min(times) <= max(times) <= _LATEST:
        raise ValueError("a time is outside the engine's range")
    return times


def _received(values: Sequence[datetime | None]) -> Sequence[int | None]:
    """Mostly one time for all: the batch's."""
    first = values[0]
    if first is not None and all(at is first for at in values):
        return _times((first,)) * len(values)
    return [None if at is None else _times((at,))[0] for at in values]


def _uuids(named: Sequence[str], times: Sequence[int]) -> tuple[int, ...]:
    """Two numbers for each id, whose time must be the entry's: each narrows the other, when a batch is written and
    when an entry is opened.
    """
    digits = [one.replace("-", "") for one in named]
    raw = bytes.fromhex("".join(digits))
    if any(len(one) != 32 for one in digits) or len(raw) != 16 * len(digits):
        raise ValueError("an id is not a UUID")
    numbers: tuple[int, ...] = struct.unpack(f">{2 * len(digits)}Q", raw)
    for high, at in zip(numbers[::2], times, strict=True):
        if high >> 12 & 0xF != 7 or not -ID_SLACK_MS <= (high >> 16) - at // 1000 <= ID_SLACK_MS:
            raise ValueError("an id does not have the time of its entry")
    return numbers


def _check(entry: Entry) -> None:
    """Raises BadEntry where the entry cannot be a row."""
    of = f"entry {entry.id}"
    at = _time(entry.created_at, "created_at", of)
    try:
        _uuids([entry.id], [int(entry.id.replace("-", "")[:12], 16) * 1000])
    except ValueError:
        raise BadEntry(f"entry: id is {entry.id!r}; it must be a UUIDv7") from None
    try:
        _uuids([entry.id], [at])
    except ValueError:
        raise BadEntry(
            f"{of}: created_at is {entry.created_at.isoformat()}; it must be the time in the id, to the millisecond"
        ) from None
    if entry.received_at is not None:
        _time(entry.received_at, "received_at", of)
    if not math.isfinite(entry.duration_ms):
        raise BadEntry(f"{of}: duration_ms is {entry.duration_ms}; it must be a finite number")
    if entry.status is not None:
        _whole(entry.status, 16, "status", of)
    if entry.recorder:
        _whole(entry.recorder.sequence, 64, "recorder.sequence", of)
    _whole(entry.request.size, 64, "request.size", of)
    if entry.response:
        _whole(entry.response.size, 64, "response.size", of)


def _time(at: datetime, field: str, of: str) -> int:
    if at.tzinfo is None:
        raise BadEntry(f"{of}: {field} is {at.isoformat()}; it must have a UTC offset, such as +08:00")
    value = micros(at)
    if not 0 <= value <= _LATEST:
        raise BadEntry(f"{of}: {field} is {at.isoformat()}; it must be between 1970 and {LATEST.year}")
    return value


def _whole(value: int, bits: int, field: str, of: str) -> None:
    if not 0 <= value < 1 << bits:
        raise BadEntry(f"{of}: {field} is {value}; it must be at least 0 and less than 2^{bits}")


def _without_surrogates(incoming: Incoming) -> Incoming:
    plain = msgspec.to_builtins(incoming, builtin_types=(bytes, datetime))
    return msgspec.convert(_cleaned(plain), Incoming, builtin_types=(bytes, datetime))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value


def _clean(text: str) -> str:
    if text.isascii():
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if 0xD800 <= ord(char) <= 0xDFFF else char for char in text)
