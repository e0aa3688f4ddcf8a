"""Do something when a library is imported for the first time, without importing it ourselves.

A finder at the head of sys.meta_path that finds nothing itself: it asks the others, and lets the module's own loader
run before it calls back. The module keeps its own loader and spec. When nothing is awaited the finder is gone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

_awaited: dict[str, Callable[[str], None]] = {}


def when_imported(name: str, then: Callable[[str], None]) -> None:
    """Call `then(name)` right after the module `name` has been imported."""
    _awaited[name] = then
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def forget(name: str) -> None:
    """Await it no more."""
    _awaited.pop(name, None)
    if not _awaited and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        self._asking: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _awaited or fullname in self._asking:
            return None
        self._asking.add(fullname)
        try:
            spec = find_spec(fullname)
        finally:
            self._asking.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, own: Loader) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._own
        if module.__spec__ is not None:
            module.__spec__.loader = self._own
        self._own.exec_module(module)
        then = _awaited.get(module.__name__)
        forget(module.__name__)
        if then is not None:
            then(module.__name__)


_finder = _Finder()
