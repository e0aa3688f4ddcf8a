"""`apitrail migrate`: a log from a data folder to a ClickHouse server or cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apitrail.server import folder
from apitrail.server.masking import KEY_FILE
from apitrail.server.problems import Problem
from apitrail.size import counted
from apitrail.store import open_store
from apitrail.store.moving import BESIDE, Moved, move, total


def migrate(source: Path, target: str, *, memory: int) -> bool:
    """Moves what the target does not have, and prints what became of each day. Whether the target has it all.

    Raises Problem, StoreError.
    """
    if "://" not in target:
        raise Problem(
            "is not an address of a store",
            field="--to",
            value=target,
            fix="Write it as clickhouse://user@host:8123/database, or …host1,host2/database?cluster=NAME.",
        )
    folder.demand(source, "--from", "--from")
    whole = True
    moved = 0
    giving = open_store(source, memory_limit=memory)
    try:
        taking = open_store(target, memory_limit=memory)
        try:
            with _shown(total(giving)) as shown:
                for one in move(giving, taking, shown):
                    _print(one)
                    whole = whole and one.whole
                    moved += one.moved if one.what not in BESIDE else 0
            typer.echo(f"{counted(total(giving), 'entry', 'entries')} in {source}, of which {moved:,} were moved now.")
            typer.echo(f"{counted(taking.span().entries, 'entry', 'entries')} in {taking.engine.place}.")
        finally:
            taking.close()
    finally:
        giving.close()
    if (source / KEY_FILE).is_file():
        typer.echo(
            f"Give every server the key {source / KEY_FILE} (fingerprint_key_file), or new fingerprints will not match "
            "old ones."
        )
    return whole


def _print(one: Moved) -> None:
    if one.what in BESIDE and not one.rows:
        return
    there = one.rows - one.moved - one.missing
    state = "the same on both sides" if one.whole else f"MISSING {one.missing}, DIFFERENT {one.different}"
    typer.echo(f"{one.what:<12}  {one.rows:>9} rows  {one.moved:>9} moved  {there:>9} were there  {state}")
    for sample in one.samples:
        typer.echo(f"  {sample}")


@contextmanager
def _shown(rows: int) -> Iterator[Callable[[str, int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=rows)
        yield lambda day, done: progress.update(task, description=day, advance=done)
