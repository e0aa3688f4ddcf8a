"""The bytes of one side of an exchange, kept as they pass.

Fed on the caller's thread: a chunk is one append and one addition. A body past the limit is cut to head and tail,
and only from there on hashed, so that ordinary bodies cost no hashing. `Gauge` knows how many bytes all living
bodies hold: each takes its bytes back from it when it dies, wherever it was dropped. So nobody but its capture may
keep one, which lets it go when it has been encoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import hashlib

MANY_CHUNKS = 512
"""Small chunks are joined when so many have come: a list of tiny objects weighs more than their bytes."""


class Gauge:
    """Bytes held in memory. Added to without a lock: `+=` on an attribute is not interrupted under the GIL."""

    __slots__ = ("bytes", "limit")

    def __init__(self, limit: int) -> None:
        self.bytes = 0
        self.limit = limit


class Cut(NamedTuple):
    """A body as it travels."""

    body: bytes
    tail: bytes = b""
    size: int | None = None
    """True size in bytes, where the body was truncated."""
    sha256: str | None = None
    truncated: bool = False


class Body:
    """Bytes as they pass: whole up to `limit`, else the first and last `edge` bytes."""

    # What a class holds, an instance need not be given at every call.
    _held = 0
    _blocks: list[bytes] | tuple[()] = ()
    _head: bytes | None = None
    _tail = bytearray()
    _digest: hashlib._Hash | None = None
    size = 0
    """Bytes that have passed."""

    def __init__(self, limit: int, edge: int, gauge: Gauge) -> None:
        self._limit = limit
        self._edge = edge
        self._gauge = gauge
        self._chunks: list[bytes] = []

    def __del__(self) -> None:
        self._gauge.bytes -= self._held

    @property
    def held(self) -> int:
        """Bytes held in memory."""
        return self._held

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take a chunk. Mutable ones are copied, `bytes` are only referred to."""
        if type(chunk) is not bytes:
            chunk = bytes(chunk)
        size = len(chunk)
        self.size += size
        if self._head is not None:
            self._feed_tail(chunk)
            return
        self._chunks.append(chunk)
        self._held += size
        self._gauge.bytes += size
        if self.size > self._limit or (self._gauge.bytes > self._gauge.limit and self.size > 2 * self._edge):
            self._cut()
        elif len(self._chunks) > MANY_CHUNKS:
            self._blocks = self._blocks or []
            self._blocks.append(b"".join(self._chunks))
            self._chunks.clear()

    def refer_to(self, whole: bytes | bytearray | memoryview) -> None:
        """Take a body that the caller has in one piece: cut and hashed later, when taken, if memory allows."""
        whole = whole if type(whole) is bytes else bytes(whole)
        self._chunks.append(whole)
        self.size = len(whole)
        if self.size > self._limit and self._gauge.bytes + self.size > self._gauge.limit // 4:
            self._cut()  # now, before others find that memory is full
        else:
            self._hold(self.size)

    def clear(self) -> None:
        """Forget all: the sender begins again from the start."""
        self._gauge.bytes -= self._held
        self._held = self.size = 0
        self._chunks.clear()
        self._blocks = ()
        self._head = self._digest = None
        self._tail = bytearray()

    def taken(self) -> Cut:
        """The body, or its ends."""
        if self._head is None and self.size > self._limit:
            self._cut()
        if self._head is None:
            if len(self._chunks) == 1 and not self._blocks:
                return Cut(self._chunks[0])
            return Cut(b"".join(self._blocks) + b"".join(self._chunks))
        assert self._digest is not None
        tail = bytes(self._tail[-self._edge :]) if self._edge else b""
        if len(self._head) + len(tail) == self.size:
            return Cut(self._head + tail)
        return Cut(self._head, tail, self.size, self._digest.hexdigest(), truncated=True)

    def _cut(self) -> None:
        import hashlib  # loads OpenSSL: only where a body is cut

        whole = b"".join(self._blocks) + b"".join(self._chunks)
        self._blocks = ()
        self._chunks.clear()
        self._digest = hashlib.sha256(whole)
        self._head = whole[: self._edge]
        self._tail = bytearray(whole[max(self._edge, len(whole) - self._edge) :])
        self._hold(len(self._head) + len(self._tail))

    def _feed_tail(self, chunk: bytes) -> None:
        assert self._digest is not None
        self._digest.update(chunk)
        self._tail += chunk[-self._edge :] if self._edge else b""
        if len(self._tail) > 2 * self._edge:
            del self._tail[: -self._edge]
        self._hold(self._edge + len(self._tail))

    def _hold(self, held: int) -> None:
        self._gauge.bytes += held - self._held
        self._held = held
