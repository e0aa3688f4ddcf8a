"""Undo Content-Encoding (RFC 9110 §8.4) of bodies that the library gave as on the wire.

gzip, deflate (with and without the zlib header, as servers really send it); br and zstd where a module for them can
be imported. What cannot be undone stays as it came, with its Content-Encoding header beside it: bytes are never
guessed at. What is broken further on is kept up to there, undone: as it came, no secret in it would be seen. Output
is bounded by streaming it through a `Body`, so a small answer that unfolds into gigabytes is kept as head and tail;
after `BOMB_FACTOR` times the limit it is no longer unfolded.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any

from apitrail.recorder.body import Body, Cut
from apitrail.recorder.decompressors import Decompressor, Missing, brotli, zstd

PIECE = 65_536
NOTE = "x-apitrail-note"
"""A header field that the recorder adds where it left out, or changed, what stood there."""
MOST_ENCODINGS = 10
REPLAYED = 1 << 20
"""Bytes of br or zstd before a fault that are undone a second time, to find what the faulty piece still had."""
BOMB_FACTOR = 50


class NotDecodable(Exception):
    """The bytes are not what Content-Encoding says, or no module here can undo it."""


def encodings_of(header: str) -> list[str]:
    """`gzip, br` as applied, identity left out."""
    return [name for part in header.lower().split(",") if (name := part.strip()) and name != "identity"]


def decoded(cut: Cut, encodings: list[str], empty: Callable[[], Body], most: int) -> tuple[Cut, bool]:
    """The body with its encodings undone, and whether that reached the end of it.

    Of a body that was cut while encoded only the head can be undone: the result is truncated, has no tail and no
    hash. Its true size is known for gzip alone, whose last four bytes tell it (RFC 1952 §2.3.1); else it is None.

    Raises NotDecodable.
    """
    if len(encodings) > MOST_ENCODINGS:
        raise NotDecodable(f"{len(encodings)} encodings, one upon the other")
    body = empty()
    whole = True
    try:
        for piece in _unfolded(cut.body, encodings):
            body.feed(piece)
            if body.size > most:
                whole = False
                break
    except _Torn:
        whole = False
    except NotDecodable:
        if not body.size:
            raise
        whole = False
    result = body.taken()
    if not cut.truncated:
        return result, whole
    size = int.from_bytes(cut.tail[-4:], "little") if encodings in (["gzip"], ["x-gzip"]) and cut.tail else 0
    head = result.body + result.tail if not result.truncated else result.body
    return Cut(head, b"", size if size > len(head) else None, None, truncated=True), True


class _Torn(Exception):
    """The encoded bytes end in the middle."""


def _unfolded(data: bytes, encodings: list[str]) -> Iterator[bytes]:
    pieces: Iterator[bytes] = (data[at : at + PIECE] for at in range(0, len(data), PIECE))
    for encoding in reversed(encodings):
        pieces = _one(encoding, pieces)
    return pieces


def _one(encoding: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if encoding in ("gzip", "x-gzip"):
        return _inflated(pieces, 16 + zlib.MAX_WBITS)
    if encoding == "deflate":
        return _inflated(pieces, zlib.MAX_WBITS)
    if encoding == "br":
        return _by_module(pieces, brotli)
    if encoding == "zstd":
        return _by_module(pieces, zstd)
    raise NotDecodable(f"Content-Encoding {encoding!r} is not known")


def _inflated(pieces: Iterator[bytes], window: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window)
    begun = False
    for piece in pieces:
        rest = piece
        while rest:
            before = inflater.copy()
            try:
                out = inflater.decompress(rest, PIECE * 16)
            except zlib.error as error:
                came = False
                for out in _before_the_fault(before, rest):
                    came = True
                    yield out
                if came or begun or window != zlib.MAX_WBITS:
                    raise NotDecodable(str(error)) from error
                window = -zlib.MAX_WBITS  # many servers send `deflate` without the zlib header
                inflater = zlib.decompressobj(window)
                begun = True
                continue
            begun = True
            if out:
                yield out
            rest = inflater.unconsumed_tail
            if inflater.eof:
                rest = inflater.unused_data
                if window <= zlib.MAX_WBITS or not rest.startswith(b"\x1f\x8b"):
                    rest = b""  # anything behind the end is padding
                else:
                    inflater = zlib.decompressobj(window)  # gzip members may follow one another
            elif not out and not rest:
                break
    out = inflater.flush()
    if out:
        yield out
    if begun and not inflater.eof:
        raise _Torn


def _before_the_fault(inflater: Any, rest: bytes) -> Iterator[bytes]:
    """What a call that failed had undone by then, but for its last byte: zlib gives none of it."""
    for step in (4096, 64, 1):
        while True:
            before = inflater.copy()
            try:
                out = inflater.decompress(rest, step)
            except zlib.error:
                inflater = before
                break
            if not out:
                return
            yield out
            rest = inflater.unconsumed_tail


def _by_module(pieces: Iterator[bytes], make: Callable[[], Decompressor]) -> Iterator[bytes]:
    try:
        decompressor = make()
    except Missing as error:
        raise NotDecodable(str(error)) from error
    given: list[bytes] = []
    came = size = 0
    for piece in pieces:
        if decompressor.finished():
            break  # anything behind the end is padding
        try:
            for out in decompressor.feed(piece):
                came += len(out)
                yield out
        except Exception as error:
            if size <= REPLAYED and (yield from _replayed(make(), given, piece, came)):
                return
            raise NotDecodable(f"{type(error).__name__}: {error}") from error
        size += len(piece)
        if size <= REPLAYED:
            given.append(piece)
    if not decompressor.finished():
        # brotli has no mark of its own: it waits for the rest of what is none.
        raise _Torn if came else NotDecodable("it ends before its first byte")


def _replayed(
    decompressor: Decompressor, before: list[bytes], faulty: bytes, skipped: int
) -> Generator[bytes, None, bool]:
    """What a piece that failed had undone by then: a module gives none of it. True where only padding was wrong."""
    steps = (faulty[at : at + 1] for at in range(len(faulty)))
    held = bytearray()
    finished = False
    with suppress(Exception):  # the fault, at its very byte
        for data in (*before, *steps):
            finished = decompressor.finished()
            if finished:
                break
            for out in decompressor.feed(data):
                held += out[skipped:]
                skipped = max(0, skipped - len(out))
                if len(held) >= PIECE:
                    yield bytes(held)
                    held.clear()
    if held:
        yield bytes(held)
    return finished
