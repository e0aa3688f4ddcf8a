"""br and zstd, undone by whichever module for them can be imported; the standard library has zstd from Python 3.14.

Three hundred bytes of br unfold into 200 MB, so each call is given a limit of what it may answer. Modules that know of
no limit are given a few bytes at a time instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Protocol

ZSTD = b"\x28\xb5\x2f\xfd"
"""How a frame of zstd begins (RFC 8878 §3.1.1)."""
MOST_AT_ONCE = 1 << 20
"""Bytes that one call may answer, roughly."""
_FEW = 16
"""Bytes that a module without limits is given at once: of br, they unfold into some ten MB at most."""


class Missing(Exception):
    """No module that can be imported undoes this."""


class Decompressor(Protocol):
    """Undoes one body, given in pieces."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What these bytes unfold into, in bounded pieces. Raises whatever the module does of bytes that are wrong."""

    def finished(self) -> bool:
        """Whether the end has come; what stands behind it is padding."""


def brotli() -> Decompressor:
    """For `br` (RFC 7932). Raises Missing."""
    return _Brotli(_imported("brotli", "brotlicffi"))


def zstd() -> Decompressor:
    """For `zstd` (RFC 8878). Raises Missing."""
    module = _imported("compression.zstd", "backports.zstd", "zstandard")
    return _Zstandard(module) if module.__name__ == "zstandard" else _Zstd(module)


def _imported(*names: str) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise Missing(f"none of {', '.join(names)} is installed")


class _Brotli:
    def __init__(self, module: Any) -> None:
        made = module.Decompressor()
        self._process = getattr(made, "process", None) or made.decompress
        self.finished = made.is_finished
        self._limited = hasattr(made, "can_accept_more_data")  # brotli 1.2, brotlicffi 1.2

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._limited:
            out = self._process(data, output_buffer_limit=MOST_AT_ONCE)
            while out:
                yield out
                out = b"" if self.finished() else self._process(b"", output_buffer_limit=MOST_AT_ONCE)
            return
        yield from _by_few(self._process, self.finished, data)


class _Zstd:
    def __init__(self, module: Any) -> None:
        self._make = module.ZstdDecompressor
        self._frame = self._make()

    def finished(self) -> bool:
        return bool(self._frame.eof)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or not self._frame.needs_input:
            out = self._frame.decompress(data, max_length=MOST_AT_ONCE)
            data = b""
            if out:
                yield out
            if self._frame.eof:
                data = self._frame.unused_data
                if not data.startswith(ZSTD):
                    return
                self._frame = self._make()  # frames may follow one another


class _Zstandard:
    def __init__(self, module: Any) -> None:
        self._made = module.ZstdDecompressor().decompressobj()

    def finished(self) -> bool:
        return bool(getattr(self._made, "eof", True))

    def feed(self, data: bytes) -> Iterator[bytes]:
        return _by_few(self._made.decompress, lambda: bool(getattr(self._made, "eof", False)), data)


def _by_few(decompress: Any, finished: Any, data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _FEW):
        if finished():
            return
        out = decompress(data[at : at + _FEW])
        if out:
            yield out
