"""Messages between the server and a worker, on a stream socket: a message is parts of bytes, behind their sizes."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

_COUNT = struct.Struct("<I")
_BUFFER = 4 << 20
"""Bytes under way: the more, the fewer times the two have to wait for each other."""


class Gone(Exception):
    """The other side is not there any more, or does not answer in time."""


class Channel:
    """One end. Not for several threads at once."""

    def __init__(self, end: socket.socket, patience_s: int = 0) -> None:
        """`patience_s`: how long to wait for the other side; 0 waits for good."""
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        if patience_s:
            wait = struct.pack("@ll", patience_s, 0)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
        self._end = end

    def send(self, parts: Sequence[bytes]) -> None:
        """Raises Gone."""
        sizes = struct.pack(f"<{len(parts)}Q", *map(len, parts))
        try:
            self._end.sendall(_COUNT.pack(len(parts)) + sizes)
            for part in parts:
                self._end.sendall(part)
        except OSError as error:
            raise Gone(str(error)) from error

    def receive(self) -> list[bytes]:
        """The next message. Raises Gone, also where it ends in the middle."""
        (count,) = _COUNT.unpack(self._take(_COUNT.size))
        sizes = struct.unpack(f"<{count}Q", self._take(8 * count))
        return [self._take(size) for size in sizes]

    def close(self) -> None:
        """Tells the other side that nothing more will come."""
        self._end.close()

    def _take(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            try:
                part = self._end.recv(size, socket.MSG_WAITALL)  # less than all where a signal came in between
            except OSError as error:
                raise Gone(str(error)) from error
            if not part:
                raise Gone(f"{size} bytes did not come")
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
