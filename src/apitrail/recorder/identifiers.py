"""UUIDs whose order is the order of time (RFC 9562 §5.7)."""

from __future__ import annotations

import os

BITS = 0x3FFF_FFFF_FFFF_FFFF


class Identifiers:
    """Makes UUIDv7s.

    Random bytes are fetched many at a time: each fetch lets go of the interpreter lock, and the worker would have to
    wait for it again. So a child after a fork must make its own, or both would give out the same ids.
    """

    def __init__(self) -> None:
        self._random = b""
        self._at = 0

    def uuid7(self, at_ns: int) -> str:
        """A UUIDv7 for a moment given in nanoseconds since 1970.

        The first 48 bits are its milliseconds; the 12 bits after the version its fraction of a millisecond
        (RFC 9562 §6.2, method 3), so that ids of one millisecond still sort by time. 62 bits are random.
        """
        if self._at >= len(self._random):
            self._random, self._at = os.urandom(2048), 0
        bits = int.from_bytes(self._random[self._at : self._at + 8], "big") & BITS
        self._at += 8
        milliseconds, rest = divmod(max(at_ns, 0), 1_000_000)
        fraction = rest * 4096 // 1_000_000
        number = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | bits
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
