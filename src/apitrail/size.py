"""Numbers as people read them, the same on pages, in a terminal and in a log: 1 KB is 1,000 bytes."""

from __future__ import annotations


def size(count: float) -> str:
    """In the unit that one reads at a glance."""
    if count < 1000:
        return f"{count:.0f} B"
    if count < 999_950:
        return f"{count / 1000:.1f} KB"
    if count < 999_950_000:
        return f"{count / 1_000_000:.1f} MB"
    return f"{count / 1_000_000_000:.1f} GB"


def counted(count: int, one: str, more: str) -> str:
    """The number and the noun that goes with it."""
    return f"{count:,} {one if count == 1 else more}"
