"""Whether all of a backup is in its folder.

The engine's `.backup` lists each file with its size, and is itself part of the backup. On a disk that is full the
engine (chDB 26.9) says that a backup is made although files of it are empty or cut; only a restoring would tell.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from apitrail.store.model import BadPlace

NAME = ".backup"


def check(made: Path) -> None:
    """Raises BadPlace, naming a file, where one of this backup is not there with its size; OSError where it cannot be
    looked at.
    """
    try:
        for _, element in ElementTree.iterparse(made / NAME):  # noqa: S314, the engine's own file
            if element.tag == "file":
                _check(made, element)
                element.clear()
    except ElementTree.ParseError as error:
        raise _torn(made, NAME) from error


def _check(made: Path, file: ElementTree.Element) -> None:
    size = int(file.findtext("size", "0"))
    if file.findtext("use_base") == "true":  # the rest is in the one that it is based on; all of it, if nothing is said
        size -= int(file.findtext("base_size", str(size)))
    if not size:
        return
    name = file.findtext("data_file", "") or file.findtext("name", "")
    try:
        found = (made / name).stat().st_size
    except FileNotFoundError:
        found = 0
    if found != size:
        raise _torn(made, name)


def _torn(made: Path, name: str) -> BadPlace:
    return BadPlace(
        f"{made}: the backup is not whole: its file {name} is missing or cut. See whether that disk is full, "
        "and make a new one that stands alone: --full"
    )
