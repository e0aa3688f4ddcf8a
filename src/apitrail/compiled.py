"""The innermost modules of the server's side as machine code, where they were compiled: the same sources, in three
fifths of the time.

`python -m apitrail.compiling` makes them, into the folder `__compiled__` beside this file; the command line uses them
where they are there. Nothing needs them. One is never used once a source has changed: beside them lies a list of all
sources that had a say, each with its hash, and what does not match it is as good as not there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

MODULES = (
    "apitrail.profiles.blame",
    "apitrail.profiles.bodies",
    "apitrail.profiles.charset",
    "apitrail.profiles.conditions",
    "apitrail.profiles.engine",
    "apitrail.profiles.facts",
    "apitrail.profiles.identifiers",
    "apitrail.profiles.judging",
    "apitrail.profiles.locators",
    "apitrail.profiles.payloads",
    "apitrail.profiles.places",
    "apitrail.profiles.platform",
    "apitrail.profiles.recognition",
    "apitrail.profiles.routes",
    "apitrail.profiles.stating",
    "apitrail.profiles.steps",
    "apitrail.server.checks",
    "apitrail.server.identity",
    "apitrail.store.bodies",
    "apitrail.store.encoding",
    "apitrail.store.files",
    "apitrail.store.folding",
    "apitrail.store.native",
)
"""What is compiled: functions and plain classes of what is done for every exchange. Structs of msgspec, and classes
with cached properties, must be in modules that are not."""
SHARED = "apitrail__mypyc"
"""A module of the compiler's own, with the code of all of them."""
FOLDER = Path(__file__).with_name("__compiled__")
LIST = "sources.json"
SUFFIX = EXTENSION_SUFFIXES[0]
"""What the name of a compiled module ends with: it tells Python's version and the kind of machine."""


def use(folder: Path = FOLDER) -> bool:
    """From now on, what is imported is taken from there; False where nothing is there that fits the sources.

    To be called before any of MODULES is imported.
    """
    if not fits(folder):
        return False
    sys.meta_path.insert(0, _Finder({name: folder / f"{name}{SUFFIX}" for name in (*MODULES, SHARED)}))
    return True


def in_use() -> int:
    """How many compiled modules this process has."""
    loaded = (sys.modules.get(name) for name in MODULES)
    return sum(module is not None and (module.__file__ or "").endswith(SUFFIX) for module in loaded)


def fits(folder: Path = FOLDER) -> bool:
    """Whether all is there, made for this Python of the sources as they are."""
    try:
        told = json.loads((folder / LIST).read_bytes())
        return bool(told["suffix"] == SUFFIX and told["files"] == hashes(folder, told["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def hashes(folder: Path, names: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """The SHA-256 of files, by their place from `folder`. Raises OSError."""
    return {name: sha256((folder / name).read_bytes()).hexdigest() for name in names}


class _Finder:
    """Finds modules by a table, before anybody else does."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """See importlib.abc.MetaPathFinder."""
        file = self._files.get(fullname)
        return spec_from_file_location(fullname, file) if file is not None else None
