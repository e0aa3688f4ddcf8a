"""How the C library keeps memory in this process and those that are forked from it.

Batches come and go by the megabyte. As it is set, the library gives such memory back to the kernel after each, and has
it made anew, page by page, for the next: half a page fault an entry in a worker alone.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""As <malloc.h> numbers them."""
KEPT = 16 << 20
"""Bytes at the end of each of the library's areas (a worker has one, the server one for each of a few threads)."""
APART = 8 << 20
"""Bytes. A piece as large as that is given back at once."""


def keep_freed() -> None:
    """From now on, some of what is freed stays at hand. Does nothing where the C library is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none, nor has macOS
        return
    mallopt(_MMAP_THRESHOLD, APART)
    mallopt(_TRIM_THRESHOLD, KEPT)
