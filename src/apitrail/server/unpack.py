"""Undoes the content coding of a request body, and never makes more than the allowed number of bytes of it."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from apitrail.server.problems import Problem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODINGS = ("gzip", "zstd", "deflate")

MOST_MEMBERS = 1000
"""Of gzip, or frames of zstd, one after the other."""

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's window bits, which also choose the wrapper
_ZSTD_WINDOW_LOG = 27  # 128 MiB, what `zstd` itself accepts without --long


class _Inflater(Protocol):
    """What zlib's and zstd's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def unpack(data: bytes, coding: str, limit: int) -> bytes:
    """The body as it was before `coding` (the value of Content-Encoding, or empty).

    Raises Problem: 415 for a coding that is not known, 413 where it unpacks to more than `limit` bytes, 400 for
    bytes that are damaged or end too early.
    """
    coding = coding.strip().lower()
    make: Callable[[], _Inflater]
    if coding in ("", "identity"):
        return data
    if coding in ("gzip", "x-gzip"):
        make = _gzip
    elif coding == "zstd":
        make = _zstd
    elif coding == "deflate":
        # RFC 9110 means zlib's format; some senders leave out its two bytes of header.
        make = _zlib if _has_zlib_header(data) else _raw
    else:
        raise Problem(
            "is not known here",
            field="Content-Encoding",
            value=coding,
            fix=f"Send one of {', '.join(CODINGS)}, or none.",
            status=415,
        )
    try:
        return _inflate(data, make, limit)
    except (zlib.error, zstd.ZstdError, EOFError) as error:
        raise Problem(
            f"the body is not whole {coding}: {error}",
            field="Content-Encoding",
            value=coding,
            fix="Compress the whole body once, and name that coding.",
        ) from error


def _inflate(data: bytes, make: Callable[[], _Inflater], limit: int) -> bytes:
    """All members (gzip) or frames (zstd), one after the other."""
    parts: list[bytes] = []
    size = 0
    while data:
        if len(parts) == MOST_MEMBERS:  # what follows one is copied: a million of empty ones would take hours
            raise EOFError(f"it has more than {MOST_MEMBERS} members")
        inflater = make()
        # One byte more than allowed is asked for, to tell "exactly the limit" from "more".
        part = inflater.decompress(data, limit - size + 1)
        size += len(part)
        if size > limit:
            raise too_large(limit)
        if not inflater.eof:
            raise EOFError("it ends in the middle")
        parts.append(part)
        data = inflater.unused_data
    return b"".join(parts)


def too_large(limit: int) -> Problem:
    """The answer to a batch over the limit."""
    return Problem(
        f"the batch is larger than {limit} bytes",
        field="body",
        fix="Send smaller batches, or raise the setting max_batch.",
        status=413,
    )


def _gzip() -> _Inflater:
    return zlib.decompressobj(_GZIP)


def _zlib() -> _Inflater:
    return zlib.decompressobj(_ZLIB)


def _raw() -> _Inflater:
    return zlib.decompressobj(_RAW)


def _zstd() -> _Inflater:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


def _has_zlib_header(data: bytes) -> bool:
    """RFC 1950 §2.2: method 8, and the two bytes as a number divisible by 31."""
    return len(data) >= 2 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
