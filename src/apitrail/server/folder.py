"""The data folder: everything of one log that lies on the disk."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from apitrail.server.problems import Problem
from apitrail.store.lock import NAME as LOCK
from apitrail.store.opening import INNER, MAKING

log = logging.getLogger("apitrail.server")


def prepare(folder: Path) -> None:
    """Makes the folder, for its owner only. One that is there keeps its mode; a warning says if others can look in.

    Raises Problem where it cannot be made or written.
    """
    fix = "Give a folder that you may write to."
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"cannot be made ({error.strerror})", field="data", value=folder, fix=fix) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Problem("is not writable", field="data", value=folder, fix=fix)
    if folder.stat().st_mode & 0o077:
        log.warning("others on this machine can look into %s; `chmod 700 %s` keeps the log to yourself", folder, folder)


def demand(folder: Path, field: str = "data", said: str = "--data or APITRAIL_DATA") -> None:
    """Raises Problem where no log is in the folder: a slip of the fingers must neither make one nor back one up.

    `said`: what it is given with.
    """
    fix = f"Give the folder of the log with {said}."
    if not folder.is_dir():
        raise Problem("is not there", field=field, value=folder, fix=fix)
    # A server that just starts has locked the folder before it makes the log.
    if not any((folder / name).exists() for name in (INNER, MAKING, LOCK)):
        raise Problem("holds no log", field=field, value=folder, fix=fix)
