"""A body without the ids that its entry refers to: they are kept once, among the references, and a mark of two bytes
stands for each in the body: its number, or that it is the next one. It unfolds to the very same bytes.

A third of what a log takes was ids in bodies. Only such ids are left out, and only where nothing but a sign stands
before and behind them, that

- the words of a body are those of what is left and those of the ids,
- a text without signs (a part of an order number, a name) is in the body where it is in what is left, or in an id,
- a text with signs can only begin within an id, end within one, or have a whole one in it: see `edges`.

So a search reads what is left and the references, and puts a body together for the few where that says nothing.
Figures in docs/decisions/0015-disk.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

LEAST: Final = 8
"""Characters of an id that is left out."""
MARK: Final = b"\xff"
"""Begins what stands for an id. A body that has it stays as it is: no text in UTF-8, Big5, GB 18030, Shift JIS has."""
_FIRST: Final = 0x80
_NEXT: Final = 0x1F
_FILE: Final = 0x1E
FILE: Final = MARK + bytes([_FILE])
"""Stands for a file: see `files`."""
NEXT: Final = MARK + bytes([_NEXT])
"""Stands for the reference behind that of the mark before it: a list of ids is the same few bytes over and over."""
_PLACES: Final = [MARK + bytes([number]) for number in range(_FIRST, 0xFF)]
"""What stands for each of the first references."""
_WORK: Final = 1 << 17
"""Bytes of one body that are looked at in vain, at most. Many ids in a large body would cost more than they save."""

_LETTERS: Final = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""All that an id that is left out is made of."""
_NOT_BEFORE: Final = tuple(code >= 0x80 or code in _LETTERS + b"%\\" for code in range(256))
"""Such a letter, or what may make a character with those that follow: %41, \\u0041, any charset's."""
_BEHIND: Final = tuple(code < 0x40 and code not in _LETTERS + b"%" for code in range(256))
"""ASCII below the letters, which is no second byte in any charset: so no character is found across a mark's end."""
_RUN: Final = re.compile(rb"[0-9A-Za-z_-]+")


def encoded(ids: Sequence[str]) -> list[bytes]:
    """The ids in UTF-8. Raises UnicodeEncodeError for one that is no text."""
    found = "\n".join(ids).encode().split(b"\n")
    return found if len(found) == len(ids) else [one.encode() for one in ids]


def foldable(ids: list[bytes]) -> list[bytes]:
    """The ids as `fold` takes them: nothing in place of those that are never left out. Mostly all of a block's are."""
    if not b"".join(ids).translate(None, _LETTERS):
        return ids
    return [b"" if one.translate(None, _LETTERS) else one for one in ids]


def fold(body: bytes, ids: Sequence[bytes]) -> bytes:
    """The body with marks for these ids, the entry's references in order; shorter than it was where any is in it.

    Each is left out once: where it is found behind the one before, or else before that. Few come twice.
    """
    if not body or MARK in body:
        return body
    find, length = body.find, len(body)
    pieces: list[bytes] = []
    before: list[tuple[bytes, bytes]] = []
    last = missed = 0
    near = chained = False
    for one, place in zip(ids, _PLACES, strict=False):
        size = len(one)
        if size < LEAST:
            near = False
            continue
        at = find(one, last)
        if at < 0:
            near = False
            missed += length
            if missed > _WORK:
                break
            if last and find(one, 0, last) >= 0:
                before.append((one, place))
            continue
        end = at + size
        if (at and _NOT_BEFORE[body[at - 1]]) or (end < length and not _BEHIND[body[end]]):  # as `_apart`
            near = False
            continue
        pieces.append(body[last:at])
        if near:
            pieces.append(NEXT)
            chained = True
        else:
            pieces.append(place)
            near = True
        last = end
    if not last:
        return body
    if not before:
        pieces.append(body[last:])
        return b"".join(pieces)
    # Mostly they stand before all marks. Where one does not, which mark another is next to is no longer told.
    start = pieces[0] if chained else b"".join(pieces)
    behind = b"".join(pieces[1:]) if chained else b""
    for one, place in before:
        at = start.find(one)
        if at < 0:
            if one not in behind:
                continue
            _number(pieces)
            start, behind = b"".join((start, *pieces[1:])), b""
            at = start.find(one)
        end = at + len(one)
        if _apart(start, at, end):
            start = b"".join((start[:at], place, start[end:]))
    return b"".join((start, behind, body[last:]))


def _number(pieces: list[bytes]) -> None:
    """Let each of the marks, which are every second of the pieces, tell its number."""
    number = -1
    for place in range(1, len(pieces), 2):
        number = number + 1 if pieces[place] is NEXT else pieces[place][1] - _FIRST
        pieces[place] = _PLACES[number]


def _apart(body: bytes, at: int, end: int) -> bool:
    return (not at or not _NOT_BEFORE[body[at - 1]]) and (end == len(body) or _BEHIND[body[end]])


def unfold(stored: bytes, ids: Sequence[str], files: Iterable[bytes] = ()) -> bytes:
    """The body that was folded, by the ids of the entry's references and the files that were taken out of it."""
    first, *rest = stored.split(MARK)
    pieces = [first]
    file = iter(files)
    number = -1
    for part in rest:
        if part[0] == _FILE:
            pieces += (next(file), part[1:])
            continue
        number = number + 1 if part[0] == _NEXT else part[0] - _FIRST
        pieces += (ids[number].encode(), part[1:])
    return b"".join(pieces)


def unfolded(column: str, name: str) -> str:
    """The same as SQL, of a column of `entries`, with a byte that no text has in place of each file; `name` begins the
    names of its parts. A body that has the mark's byte anyway is taken for a folded one.
    """
    # Each part is written once and named: to read the text of a question takes longer than to answer it, where bodies
    # are put together for many forms of a text.
    parts = f"(splitByChar('\\xff', replaceAll({column}, '\\xff\\x1e', '\\xfe')) AS {name}_parts)"
    rest = f"(arrayPopFront({name}_parts) AS {name}_rest)"
    signs = f"(arrayMap(part -> reinterpretAsUInt8(part), {name}_rest) AS {name}_signs)"
    # What its number is more than its place is the same for a mark and for all next ones that follow it.
    more = f"arrayMap((sign, at) -> sign - at, {signs}, (arrayEnumerate({name}_rest) AS {name}_nth))"
    told = f"arrayFill((more, sign) -> sign != {_NEXT}, {more}, {name}_signs)"
    one = f"concat(reference_ids[more + at - {_FIRST - 1}], substring(part, 2))"
    return f"concat({parts}[1], arrayStringConcat(arrayMap((part, more, at) -> {one}, {rest}, {told}, {name}_nth)))"


def within(written: Iterable[bytes]) -> list[str]:
    """Those of the texts that may be a part of an id, in small letters: they have no sign."""
    return list(dict.fromkeys(text.decode().lower() for text in written if _RUN.fullmatch(text)))


def edges(written: Iterable[bytes]) -> tuple[list[str], list[str], list[str]]:
    """How an id must end, begin or be as a whole, in small letters, for one of these texts to be partly in it: what
    they begin with up to a sign, what they end with, and the words within them. A text without a sign has none.
    """
    ends, beginnings, wholes = dict[str, None](), dict[str, None](), dict[str, None]()
    for text in written:
        for run in _RUN.finditer(text):
            first, last = run.start(), run.end()
            if (first == 0 and last == len(text)) or not _apart(text, first, last):
                continue
            word = run[0].decode().lower()
            if first == 0:
                ends[word] = None
            elif last == len(text):
                beginnings[word] = None
            elif len(word) >= LEAST:
                wholes[word] = None
    return list(ends), list(beginnings), list(wholes)
