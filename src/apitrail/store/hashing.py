"""xxHash32, as the engine computes it: the numbers that words have in `mentions`.

Worked out here, because the engine takes three milliseconds of a processor longer over a question in which it has to.
"""

from __future__ import annotations

from collections.abc import Iterable

_P1, _P2, _P3, _P4, _P5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
_MASK = 0xFFFFFFFF
_CAPITALS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")


def word_numbers(words: Iterable[str]) -> list[int]:
    """`xxHash32(lower(word))` of each, where `lower` is the engine's: of ASCII alone."""
    return [xx_hash32(word.encode("utf-8", "replace").translate(_CAPITALS)) for word in words]


def xx_hash32(data: bytes) -> int:
    """Of seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md)."""
    place, length = 0, len(data)
    if length >= 16:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        while place + 16 <= length:
            for lane in range(4):
                mixed = lanes[lane] + _word(data, place + 4 * lane) * _P2
                lanes[lane] = _turned(mixed, 13) * _P1 & _MASK
            place += 16
        total = sum(_turned(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True))
    else:
        total = _P5
    total = (total + length) & _MASK
    while place + 4 <= length:
        total = _turned(total + _word(data, place) * _P3, 17) * _P4 & _MASK
        place += 4
    for byte in data[place:]:
        total = _turned(total + byte * _P5, 11) * _P1 & _MASK
    total = (total ^ total >> 15) * _P2 & _MASK
    total = (total ^ total >> 13) * _P3 & _MASK
    return total ^ total >> 16


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "little")


def _turned(value: int, by: int) -> int:
    value &= _MASK
    return (value << by | value >> (32 - by)) & _MASK
