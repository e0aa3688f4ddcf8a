"""The commands that keep a log in order: what it takes, what is pinned, backups, moving to a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from apitrail.cli.options import with_settings
from apitrail.server.problems import shorten
from apitrail.server.settings import Settings

upkeep = typer.Typer()
pin_app = typer.Typer(
    help="Keep an order under dispute. Entries and bodies of a pinned reference are kept, whatever their age.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_upkeep(app: typer.Typer) -> None:
    """Adds the commands of this module to the program."""
    app.add_typer(upkeep)
    app.add_typer(pin_app, name="pin")


@upkeep.command()
@with_settings(
    "data", "store", "keep_success_bodies", "keep_failure_bodies", "keep_entries", "keep_integration", "disk_budget"
)
def stats(
    settings: Settings,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back to count the largest senders.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """Show how much space the log takes. By day, action and integration; how long it is kept; when the disk is full.

    With a running server, these times are the server's own.
    """
    from apitrail.cli.stats import show

    show(settings, days, as_json=as_json)


@pin_app.command("add")
@with_settings("data", "store")
def add_pin(
    settings: Settings,
    reference: Annotated[str, typer.Argument(metavar="TYPE:ID", help="For example order:2611250CZ3ZJWF.")],
    note: Annotated[str, typer.Option(help="Why it is kept, for whoever sees it later.")] = "",
) -> None:
    """Keep all that refers to an order, a shipment or the like. Bodies that have expired already do not come back."""
    from apitrail.cli.log import opened
    from apitrail.server.pins import PinWish

    with opened(settings) as log:
        made = log.pin(PinWish(reference, note))
        touching = log.entries(urlencode({"reference": made.reference, "limit": "1"})).entries
    typer.echo(f"{made.reference} is pinned.")
    if not touching:
        typer.echo(
            "No entry refers to it yet: check its type and number, unless its calls are still to come.", err=True
        )


@pin_app.command("list")
@with_settings("data", "store")
def list_pins(settings: Settings) -> None:
    """List what is pinned, oldest first."""
    from apitrail.cli.log import opened

    with opened(settings) as log:
        found = log.pins()
    for one in found:
        typer.echo(f"{one.pinned_at:%Y-%m-%d %H:%M} UTC  {one.reference}  {shorten(one.note)}")
    if not found:
        typer.echo("Nothing is pinned: `apitrail pin add order:ID` keeps an order's entries.")


@pin_app.command("remove")
@with_settings("data", "store")
def remove_pin(
    settings: Settings, reference: Annotated[str, typer.Argument(metavar="TYPE:ID", help="As `pin list` shows it.")]
) -> None:
    """Remove a pin: its entries are removed with others of their age."""
    from apitrail.cli.log import opened
    from apitrail.server.pins import PinWish

    with opened(settings) as log:
        log.unpin(PinWish(reference))
    typer.echo(f"{reference} is no longer pinned.")


@upkeep.command()
@with_settings("data", "store")
def backup(
    settings: Settings,
    to: Annotated[str, typer.Argument(metavar="TO", help="A folder, or https://host/bucket/prefix.")],
    full: Annotated[
        bool, typer.Option("--full", help="Everything, not only what has arrived since the last full backup.")
    ] = False,
) -> None:
    """Back up the log, beside a running server too. Copies what is new since the last full backup there, or everything.

    The key of a bucket is taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    """
    from apitrail.cli.backup import make

    make(settings, to, full=full)


@upkeep.command()
def backups(
    at: Annotated[str, typer.Argument(metavar="AT", help="A folder, or https://host/bucket/prefix.")],
) -> None:
    """List the whole backups of a place, oldest first. This works without a log, for when it has been lost."""
    from apitrail.cli.backup import show

    show(at)


@upkeep.command()
@with_settings("data", "store", "memory")
def restore(
    settings: Settings,
    source: Annotated[str, typer.Argument(metavar="FROM", help="PLACE/NAME, as `backups PLACE` lists it.")],
) -> None:
    """Make a new data folder from a backup. An existing log is never overwritten."""
    from apitrail.cli.backup import bring_back

    bring_back(settings, source)


@upkeep.command()
@with_settings("memory")
def migrate(
    settings: Settings,
    source: Annotated[
        Path, typer.Option("--from", metavar="DIR", help="The data folder; no server may be running on it.")
    ],
    target: Annotated[str, typer.Option("--to", metavar="URL", help="The target, as for `store`: clickhouse://…")],
) -> None:
    """Move a log from a folder to ClickHouse. To a server or a cluster; both sides are compared day by day.

    Nothing is removed from the folder. If a run breaks off, the next one continues it; nothing is stored twice. Ends
    with 1 if anything is missing or different at the target.
    """
    from apitrail.cli.migrate import migrate as move

    if not move(source, target, memory=settings.memory):
        raise typer.Exit(1)
