"""Batches and exchanges that nest deeper than a decoder follows, or have a document where a body's text belongs.

A decoder gives up at some thousand levels, and with it everybody's exchanges in that batch. So the text is gone
through here without recursion, and made shallow: a body that was given as JSON becomes its own text, and what no field
of an exchange can be, for it lies too deep, is left out.
"""

from __future__ import annotations

import re

import msgspec

LEVELS = 16
"""Levels that are kept; an exchange within its batch has eight."""
IN_A_BATCH = 2
"""Levels around an exchange: of the batch, and of its list."""
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[{]++|[\]}]++', re.DOTALL)
_MESSAGES = (b'"request"', b'"response"')
_BODIES = (b'"text"', b'"body"')
_NEAR = 64
"""Bytes between a name and its value, at most."""
_SCALARS = re.compile(rb"[\x00-\x7f\xc0\xc2\xc3\xe0-\xff]++")
_NIL = b"\xc0"
_FIXED = {0xC0: 1, 0xC2: 1, 0xC3: 1, 0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5}
_FIXED |= {0xD3: 9, 0xD4: 3, 0xD5: 4, 0xD6: 6, 0xD7: 10, 0xD8: 18}
_COUNTED = {0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1)}
_COUNTED |= {0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0)}
"""First byte → bytes of the count, and bytes beside what it counts."""
_LISTS = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""First byte → bytes of the count, and values that each counts."""


def shallow_json(data: bytes, around: int = 0) -> bytes:
    """JSON with no more than LEVELS levels, bodies as text. `around`: the levels that stand around an exchange.

    What is no JSON stays none. Raises UnicodeDecodeError for a body that is not UTF-8.
    """
    pieces: list[bytes] = []
    kept = depth = 0
    owner = name = (0, 0)  # of the message that we are in, and of the last string
    body = False  # what is being cut out is one
    cut = cut_depth = -1
    for token in _TOKEN.finditer(data):
        start, end = token.span()
        first = data[start]
        if first == 0x22:
            if cut < 0:
                name = (start, end)
        elif first in b"[{":
            while cut < 0 and start < end:
                named = _named(data, name, start)
                body = depth == around + 2 and named in _BODIES and data[slice(*owner)] in _MESSAGES
                if body or depth == LEVELS:
                    cut, cut_depth = start, depth
                    break
                if depth == around + 1:
                    owner = name if named else (0, 0)
                depth += 1
                start += 1
            depth += end - start if cut >= 0 else 0
        else:
            depth -= end - start
            if cut >= 0 and depth <= cut_depth:
                stop = end - (cut_depth - depth)
                begin = name[0] if body else cut
                text = b'"text":' + msgspec.json.encode(data[cut:stop].decode()) if body else b"null"
                pieces += (data[kept:begin], text)
                kept, cut = stop, -1
    pieces.append(data[kept:])
    return b"".join(pieces)


def _named(data: bytes, name: tuple[int, int], start: int) -> bytes:
    """The name, in quotes, of the value that begins here; empty where it has none."""
    between = data[name[1] : start] if start - name[1] <= _NEAR else b""
    return data[slice(*name)] if between.strip() == b":" else b""


def shallow_messagepack(data: bytes) -> bytes:
    """MessagePack with no more than LEVELS levels: what is deeper is nil.

    Raises IndexError for data that ends too early, ValueError for what is no MessagePack.
    """
    pieces: list[bytes] = []
    at = kept = 0
    left = [1]  # values that are still to come, of each level
    while left:
        if not left[-1]:
            left.pop()
            continue
        left[-1] -= 1
        length, inside = _value(data, at)
        if inside and len(left) > LEVELS:
            pieces += (data[kept:at], _NIL)
            kept = at = _passed(data, at)
        else:
            at += length
            if inside:
                left.append(inside)
    pieces.append(data[kept:])
    return b"".join(pieces)


def _passed(data: bytes, at: int) -> int:
    """Where a value ends, with all that is in it."""
    left = 1
    while left:
        scalars = _SCALARS.match(data, at, at + left)
        if scalars:
            left -= scalars.end() - at
            at = scalars.end()
            continue
        length, inside = _value(data, at)
        at += length
        left += inside - 1
    return at


def _value(data: bytes, at: int) -> tuple[int, int]:
    """The length of the value that begins here, without the values in it, and how many these are."""
    first = data[at]
    if first <= 0x7F or first >= 0xE0:
        return 1, 0
    if first <= 0x8F:
        return 1, (first & 0x0F) * 2
    if first <= 0x9F:
        return 1, first & 0x0F
    if first <= 0xBF:
        return 1 + (first & 0x1F), 0
    if first in _FIXED:
        return _FIXED[first], 0
    if first in _COUNTED:
        width, beside = _COUNTED[first]
        return 1 + width + beside + int.from_bytes(data[at + 1 : at + 1 + width]), 0
    if first in _LISTS:
        width, each = _LISTS[first]
        return 1 + width, each * int.from_bytes(data[at + 1 : at + 1 + width])
    raise ValueError(f"no value of MessagePack begins with {first:#x}")
