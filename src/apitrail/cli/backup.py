"""`apitrail backup`, `backups` and `restore`.

A backup in a folder has the key of the fingerprints beside it, readable by its owner only: without it the masked
secrets of old and new entries could not be compared. A bucket does not get the key: whoever keeps it keeps that too.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from apitrail.cli.log import opened
from apitrail.server.backups import BackupWish
from apitrail.server.folder import prepare
from apitrail.server.masking import KEY_FILE
from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.size import counted, size
from apitrail.store import StoreError
from apitrail.store.backup import NAME, Folder, place
from apitrail.store.restore import listed, restore

_POLL_S = 0.1


def make(settings: Settings, to: str, *, full: bool) -> None:
    """Makes a backup, and prints its name when it is on the disk. Raises Problem, StoreError."""
    where = place(to, *_key())
    with opened(settings) as log, _shown("copied") as shown:
        state = log.begin_backup(_wish(to, full=full))
        while not state.done:
            shown(state.copied, state.files)
            time.sleep(_POLL_S)
            state = log.look_at_backup(state)
    if isinstance(where, Folder):
        _carry_key(settings.data, where.path)
    new = "" if state.name.endswith("-full") else f", of which {size(state.written)} are new and copied"
    typer.echo(f"{counted(state.files, 'file', 'files')}, {size(state.bytes)}{new}, in {where}/{state.name}")
    if not isinstance(where, Folder):
        typer.echo(f"The key of the fingerprints is not in it: keep {settings.data / KEY_FILE} in another safe place.")


def show(at: str) -> None:
    """Prints the whole backups of a place, oldest first. Raises StoreError."""
    names = listed(place(at, *_key()))
    for name in names:
        typer.echo(name)
    if not names:
        typer.echo(f"There are no backups yet: `apitrail backup {at}` makes one.", err=True)


def bring_back(settings: Settings, source: str) -> None:
    """Makes the data folder from a backup. Raises StoreError, Problem."""
    at, _, name = source.rstrip("/").rpartition("/")
    if not NAME.fullmatch(name):
        raise Problem(
            "is not the name of a backup",
            field="FROM",
            value=source,
            fix="Give the place and the name, as `apitrail backups PLACE` lists them: PLACE/20260101T000000Z-full.",
        )
    if settings.store:
        raise Problem(
            "cannot be restored into",
            field="store",
            value=settings.store,
            fix="Restore into a folder with --data; a cluster has its own RESTORE.",
        )
    where = place(at or ".", *_key())
    # Before the log: one without its key would begin a new one.
    brought = False
    if isinstance(where, Folder) and (where.path / KEY_FILE).is_file():
        prepare(settings.data)
        brought = _carry_key(where.path, settings.data)
    try:
        with _shown("read") as shown:
            span = restore(
                settings.data,
                where,
                name,
                memory_limit=settings.memory,
                told=lambda state: shown(state.copied, state.files),
            )
    except BaseException:
        if brought:
            (settings.data / KEY_FILE).unlink()
        raise
    covered = ""
    if span.oldest and span.newest:
        covered = f", {span.oldest:%Y-%m-%d %H:%M} to {span.newest:%Y-%m-%d %H:%M} UTC"
    typer.echo(f"{counted(span.entries, 'entry', 'entries')}{covered}, in {settings.data}")
    if not (settings.data / KEY_FILE).exists():
        typer.echo(
            f"Put {KEY_FILE} into that folder before the server starts, or new fingerprints will not match old ones."
        )


def _wish(to: str, *, full: bool = False) -> BackupWish:
    # The server may have been started in another folder.
    return BackupWish(to if "://" in to else str(Path(to).absolute()), full, *_key())


def _key() -> tuple[str, str]:
    return os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")


def _carry_key(source: Path, target: Path) -> bool:
    """Whether one folder had the key, the other had none, and now has it."""
    if not (source / KEY_FILE).is_file() or (target / KEY_FILE).exists():
        return False
    _copy_private(source / KEY_FILE, target / KEY_FILE)
    return True


def _copy_private(source: Path, target: Path) -> None:
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, source.open("rb") as key:
            shutil.copyfileobj(key, file)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise StoreError(f"{target}: the key cannot be written ({error.strerror}). Copy {source} by hand") from error


@contextmanager
def _shown(verb: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn(verb), BarColumn(), TextColumn("{task.completed} of {task.total} files"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(verb, total=None)
        yield lambda done, total: progress.update(task, completed=min(done, total), total=total or None)
