"""ClickHouse's Native format: a block of rows, written column by column, as the engine itself holds them.

The engine takes it over nearly as it is: reading 3 KB of a row costs it 1 to 2 µs, of MessagePack 10, of RowBinary 7
(`docs/decisions/0004-ingest.md`). Written for revision 0 of the format, which is what `INSERT … FORMAT Native` reads.
Numbers are little-endian. The layout is that of ClickHouse's SerializationString, -Nullable, -Array and
-LowCardinality.

A block can be read again, to leave rows out of it; that is slower, and seldom needed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import accumulate, chain
from operator import mul
from typing import Any, TypeVar

Pieces = list[bytes]
"""What a writer adds to; joined once, at the end."""
Values = Sequence[Any]
T = TypeVar("T")


class Reader:
    """Bytes, and how far they are read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        self._at += count
        return self._data[self._at - count : self._at]

    def numbers(self, code: str, count: int) -> tuple[Any, ...]:
        """The next `count` numbers of a kind that `struct` knows."""
        form = struct.Struct(f"<{count}{code}")
        return form.unpack(self.take(form.size))

    def length(self) -> int:
        """The next length, as `length` wrote it."""
        value = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def sized(self) -> bytes:
        """The next bytes that come after their length."""
        return self.take(self.length())


class Type:
    """How the values of a column are written, and read."""

    def __init__(
        self,
        name: str,
        write: Callable[[Pieces, Any], None],
        read: Callable[[Reader, int], Values],
        blank: object = b"",
        prefix: bytes = b"",
    ) -> None:
        self.name = name
        """As the engine calls it."""
        self.write = write
        self.read = read
        self.blank = blank
        """What stands where a value is None."""
        self.prefix = prefix
        """What comes once before a column of it."""


Columns = Mapping[str, Type]


def block(columns: Columns, count: int, values: Sequence[Values | Lists]) -> bytes:
    """The block of `count` rows, one at least (the engine takes no empty ones), with these values, column by column in
    the order of `columns`.

    Raises ValueError for a value that does not fit its type, UnicodeEncodeError for a text that is none.
    """
    pieces = [length(len(columns)), length(count)]
    for (name, kind), column in zip(columns.items(), values, strict=True):
        pieces.append(_head(name, kind.name, kind.prefix))
        kind.write(pieces, column)
    return b"".join(pieces)


@cache
def _head(name: str, kind: str, prefix: bytes) -> bytes:
    """What stands before a column's values."""
    texts = (name.encode(), kind.encode())
    return b"".join(length(len(text)) + text for text in texts) + prefix


def without(columns: Columns, data: bytes, keep: Sequence[bool]) -> bytes:
    """The block with only those of its rows that are to be kept."""
    reader = Reader(data)
    reader.length()
    count = reader.length()
    values = []
    for kind in columns.values():
        reader.sized()
        reader.sized()
        reader.take(len(kind.prefix))
        column = kind.read(reader, count)
        values.append([value for value, kept in zip(column, keep, strict=True) if kept])
    return block(columns, sum(keep), values)


def length(value: int) -> bytes:
    """A number in as few bytes as it needs, seven bits in each, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_LENGTHS = tuple(map(length, range(1 << 14)))
_SHORT = tuple(map(chr, range(1 << 7)))


def _write_bytes(pieces: Pieces, values: Sequence[bytes]) -> None:
    sizes = list(map(len, values))
    short = max(sizes, default=0) < len(_LENGTHS)
    lengths = [_LENGTHS[size] for size in sizes] if short else [length(size) for size in sizes]
    pieces += _alternating(lengths, values)


def _write_text(pieces: Pieces, values: Sequence[str]) -> None:
    sizes = list(map(len, values))
    if max(sizes, default=0) < len(_SHORT):
        # Mostly short ASCII: then text and its lengths are encoded in one go.
        whole = "".join(_alternating([_SHORT[size] for size in sizes], values))
        if whole.isascii():
            pieces.append(whole.encode())
            return
    _write_bytes(pieces, [value.encode() for value in values])


def _alternating(lengths: Sequence[T], values: Sequence[T]) -> list[T]:
    """Each value after its length. Laid out by slices: half the time of zip and chain."""
    both = [*lengths, *values]
    both[::2] = lengths
    both[1::2] = values
    return both


def _read_bytes(reader: Reader, count: int) -> Values:
    return [reader.sized() for _ in range(count)]


def _number(name: str, code: str) -> Type:
    def write(pieces: Pieces, values: Values) -> None:
        try:
            pieces.append(struct.pack(f"<{len(values)}{code}", *values))
        except struct.error as error:
            raise ValueError(f"a value of {name}: {error}") from error

    return Type(name, write, lambda reader, count: reader.numbers(code, count), blank=0)


def _write_uuids(pieces: Pieces, values: Sequence[bytes]) -> None:
    pieces += values


UUID = Type("UUID", _write_uuids, lambda reader, count: [reader.take(16) for _ in range(count)], bytes(16))
"""Bytes in the engine's order, 16 an id; several may lie in one value."""
MICROSECONDS = _number("DateTime64(6, 'UTC')", "q")
"""Since 1970."""
UINT16 = _number("UInt16", "H")
UINT64 = _number("UInt64", "Q")
FLOAT64 = _number("Float64", "d")
BYTES = Type("String", _write_bytes, _read_bytes)
TEXT = Type("String", _write_text, lambda reader, count: [raw.decode() for raw in _read_bytes(reader, count)], "")


def nullable(kind: Type) -> Type:
    """Values of `kind`, or None."""

    def write(pieces: Pieces, values: Values) -> None:
        pieces.append(bytes([value is None for value in values]))
        kind.write(pieces, [kind.blank if value is None else value for value in values])

    def read(reader: Reader, count: int) -> Values:
        none = reader.take(count)
        return [None if no else value for no, value in zip(none, kind.read(reader, count), strict=True)]

    return Type(f"Nullable({kind.name})", write, read, None, kind.prefix)


class Runs:
    """Values that mostly repeat the one before: each different one, and how often it stands there."""

    def __init__(self, values: Values, counts: Sequence[int]) -> None:
        self.values = values
        self.counts = counts


class Lists:
    """A column of lists: how many values each has, and all of them one after the other."""

    def __init__(self, sizes: Sequence[int], values: Values | Runs) -> None:
        self.sizes = sizes
        self.values = values


def array(kind: Type) -> Type:
    """Lists of values of `kind`, given as such or as `Lists`."""

    def write(pieces: Pieces, values: Values | Lists) -> None:
        if not isinstance(values, Lists):
            values = Lists(list(map(len, values)), list(chain.from_iterable(values)))
        pieces.append(struct.pack(f"<{len(values.sizes)}Q", *accumulate(values.sizes)))
        kind.write(pieces, values.values)

    def read(reader: Reader, count: int) -> Values:
        ends = reader.numbers("Q", count)
        inner = kind.read(reader, ends[-1] if ends else 0)
        return [inner[start:end] for start, end in zip((0, *ends), ends, strict=False)]

    return Type(f"Array({kind.name})", write, read, [], kind.prefix)


_INDICES = ((1 << 8, "B"), (1 << 16, "H"), (1 << 32, "I"))
_KEYS_FOLLOW = 1 << 9
_SHARED_DICTIONARY = struct.pack("<Q", 1)


def low_cardinality(kind: Type, *, none: bool = False) -> Type:
    """Few different texts, also given as `Runs`: each is written once, and then by its number. `none`: a value may be
    None.
    """

    def write(pieces: Pieces, given: Values | Runs) -> None:
        counts = given.counts if isinstance(given, Runs) else None
        values = given.values if isinstance(given, Runs) else given
        if not values:
            return
        # The first key is what stands for None, or for the default.
        keys: dict[Any, Any] = {None if none else kind.blank: 0}
        keys.update(dict.fromkeys(values))
        for number, key in enumerate(keys):
            keys[key] = number
        width = next(width for width, (most, _) in enumerate(_INDICES) if len(keys) <= most)
        pieces.append(struct.pack("<QQ", _KEYS_FOLLOW | width, len(keys)))
        kind.write(pieces, [kind.blank if key is None else key for key in keys])
        numbers = map(keys.__getitem__, values)
        code = _INDICES[width][1]
        if counts is not None:
            pieces.append(struct.pack("<Q", sum(counts)))
            one = struct.Struct(f"<{code}").pack
            pieces += map(mul, map(one, numbers), counts)
            return
        pieces.append(struct.pack("<Q", len(values)))
        pieces.append(bytes(numbers) if not width else struct.pack(f"<{len(values)}{code}", *numbers))

    def read(reader: Reader, count: int) -> Values:
        if not count:
            return []
        flags, size = reader.numbers("Q", 2)
        keys = list(kind.read(reader, size))
        if none:
            keys[0] = None
        (count,) = reader.numbers("Q", 1)
        return [keys[number] for number in reader.numbers(_INDICES[flags & 0xFF][1], count)]

    inner = f"Nullable({kind.name})" if none else kind.name
    return Type(f"LowCardinality({inner})", write, read, None if none else kind.blank, _SHARED_DICTIONARY)
