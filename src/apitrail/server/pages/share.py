"""What part of the calls failed, in so many digits as one needs: 3.5 %, and no rounding to all or none."""

from __future__ import annotations


def percent(part: int, whole: int) -> str:
    """Of a whole that is not 0."""
    if part == whole:
        return "100 %"
    share = 100 * part / whole
    return "< 0.1 %" if 0 < share < 0.1 else f"{min(share, 99.9):.1f} %"
