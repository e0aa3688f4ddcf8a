"""Packages that another package loads where they are installed, for what is never asked of it here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Within it, to import one of these fails as if it were not installed. What is loaded already stays.

    For a process of our own: another thread's import would fail too.
    """
    kept_out = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(kept_out))  # type: ignore[arg-type]  # None: the import system's sign for it
    try:
        yield
    finally:
        for name in kept_out:
            del sys.modules[name]
