"""UUIDs whose order is the order of time (RFC 9562 §5.7)."""

from __future__ import annotations

import os


def uuid7(at_ns: int) -> str:
    """A UUIDv7 for a moment given in nanoseconds since 1970.

    The first 48 bits are its milliseconds; the 12 bits after the version its fraction of a millisecond
    (RFC 9562 §6.2, method 3), so that ids of one millisecond still sort by time. 62 bits are random.
    """
    at_ns = max(at_ns, 0)
    milliseconds, rest = divmod(at_ns, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    number = (
        (milliseconds & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | fraction << 64
        | 0b10 << 62
        | int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    )
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
