"""Chunked transfer coding (RFC 9112 §7.1), undone while it passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SIZE, DATA, BREAK, TRAILER = range(4)
LINE_MOST = 65_536


class Unchunked:
    """Takes the bytes of a chunked body in any pieces, and gives on what is in the chunks, without copying whole ones.

    What is no chunked coding raises ValueError, once; what comes after that is not looked at.
    """

    __slots__ = ("_give", "_left", "_line", "_over", "_state", "ended")

    def __init__(self, give: Callable[[bytes], None]) -> None:
        self._give = give
        self.ended = False
        """The last chunk and its trailers have come."""
        self._state = SIZE
        self._left = 0
        self._line = b""
        self._over = False

    def __call__(self, data: Any) -> None:
        if self._over:
            return
        data = data if type(data) is bytes else bytes(data)
        at = 0
        while at < len(data):
            if self._state == DATA:
                piece = data if at == 0 and len(data) <= self._left else data[at : at + self._left]
                self._give(piece)
                at += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._state = BREAK
                continue
            end = data.find(b"\n", at)
            if end < 0:
                self._line += data[at:]
                if len(self._line) > LINE_MOST:
                    self._over = True
                    raise ValueError("a chunk's size has no end")
                return
            line = (self._line + data[at:end]).strip()
            self._line = b""
            at = end + 1
            if not self._read(line):
                self._over = self.ended = True  # nothing more belongs to it
                return

    def _read(self, line: bytes) -> bool:
        """Take a line of the framing; False when it was the last."""
        if self._state == BREAK:
            self._state = SIZE
            return True
        if self._state == TRAILER:
            return bool(line)
        try:
            self._left = int(line.partition(b";")[0], 16)
            if self._left < 0:
                raise ValueError("a chunk's size is below zero")  # Python's own reading takes it
        except ValueError:
            self._over = True
            raise
        self._state = DATA if self._left else TRAILER
        return True
