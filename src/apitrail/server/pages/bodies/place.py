"""Where a body that is shown in part goes on: a place that one layout ended at, and the next begins from."""

from __future__ import annotations

from msgspec import Struct

DEEPEST = 40
"""Levels that are still indented further: a body of a million brackets must not become a million blanks a line."""
UP = '<span class="up"></span>'
"""The end of a fold that an earlier piece began: what comes after it is a level further out."""


class BadPlace(ValueError):
    """The place was not made by this server."""


class Place(Struct, frozen=True):
    """Where the layout of a text goes on: how far it is, and what it is within."""

    offset: int = 0
    depth: int = 0
    folds: int = 0
    """Folds that are open there: those of the outermost brackets."""
    last: str = ""
    """What the form's layout needs to know of what came before, in one character; empty for nothing."""
    within: bool = False
    """A text goes on there that the last piece cut."""

    def encode(self) -> str:
        """For a URL."""
        return f"{self.offset}.{self.depth}.{self.folds}.{ord(self.last or chr(0))}.{int(self.within)}"

    @classmethod
    def decode(cls, text: str) -> Place:
        """The place that `encode` wrote. Raises BadPlace for what cannot be one."""
        parts = text.split(".")
        if len(parts) != 5 or not all(part.isdecimal() and len(part) < 10 for part in parts):
            raise BadPlace(text)
        offset, depth, folds, last, within = (int(part) for part in parts)
        if folds > min(depth, DEEPEST) or last > 127 or within > 1:
            raise BadPlace(text)
        return cls(offset, depth, folds, chr(last) if last else "", within == 1)
