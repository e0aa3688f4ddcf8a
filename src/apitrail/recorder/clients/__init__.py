"""The client libraries that can be recorded: one file each, one registry.

To support another: a module here with a `Client`, and its name in `CLIENTS`; the conformance suite in tests/clients
then runs over it. A hook takes exchanges where the library's transport sends them, for one call at its front may be
several (redirects, retries, authentication), each of which is an entry; what the front opens only links them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from apitrail.recorder.clients import imports
from apitrail.recorder.losses import lose


class CannotRecord(ValueError):
    """A library that is there, in a make that sends in a way of its own. The text says what to do."""


class Client(Protocol):
    """How one library is hooked."""

    name: str
    """The module that its users import."""

    def install(self) -> None:
        """Replace what the library sends with. The library is imported already."""

    def remove(self) -> None:
        """Put back the very objects that were replaced."""


CLIENTS = ("httpx", "httpx2", "aiohttp", "requests", "urllib3", "urllib.request", "http.client")

_installed: dict[str, Client] = {}
_awaited: set[str] = set()


def available() -> list[str]:
    """Those supported libraries that can be imported here, without importing them."""
    return [name for name in CLIENTS if _can_be_imported(name)]


def _can_be_imported(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None  # None: the host says that it is not to be imported
    return find_spec(name) is not None


def instrument(names: Iterable[str]) -> list[str]:
    """See `apitrail.instrument`."""
    names = list(names)
    for name in names:
        if name not in CLIENTS:
            raise ValueError(f"apitrail cannot record {name!r}; it can record {', '.join(CLIENTS)}")
    for name in names:
        import_module(name)
        _install(name)
    if names:
        return names
    found = available()
    for name in found:
        if name in sys.modules:
            _install_or_tell(name)
        elif name not in _awaited:
            _awaited.add(name)
            imports.when_imported(name, _install_awaited)
    return found


def uninstrument(names: Iterable[str]) -> None:
    """See `apitrail.uninstrument`."""
    for name in list(names) or CLIENTS:
        if name in _awaited:
            _awaited.discard(name)
            imports.forget(name)
        client = _installed.pop(name, None)
        if client is not None:
            client.remove()


def installed() -> list[str]:
    """Those that are recorded, or will be when they are imported."""
    return [name for name in CLIENTS if name in _installed or name in _awaited]


def _install_awaited(name: str) -> None:
    _awaited.discard(name)
    _install_or_tell(name)


def _install_or_tell(name: str) -> None:
    """The host has not asked for this one by name: neither its start nor its import of the library may fail by it."""
    try:
        _install(name)
    except CannotRecord as error:
        lose("instrument_failed", text=str(error))
    except Exception as error:
        lose("instrument_failed", error)


def _install(name: str) -> None:
    if name in _installed:
        return
    import_module("http.client")  # else its own hook, which awaits it, begins in the middle of the one that needs it
    client: Client = import_module(f"{__name__}.{name.replace('.', '_')}").CLIENT
    try:
        client.install()
    except BaseException:
        client.remove()
        raise
    _installed[name] = client
