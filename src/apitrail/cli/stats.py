"""`apitrail stats`: what the log takes, as a person reads it in a terminal."""

from __future__ import annotations

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from apitrail.cli.log import opened
from apitrail.server.problems import shorten
from apitrail.server.settings import Settings
from apitrail.server.usage import StorageAnswer
from apitrail.size import counted, size
from apitrail.store.stats import Use

SHOWN_DAYS = 14


def show(settings: Settings, days: int, *, as_json: bool) -> None:
    """Prints it. Raises Problem, StoreError."""
    with opened(settings) as log:
        answer = log.storage(days)
    if as_json:
        typer.echo(msgspec.json.encode(answer))
        return
    console = Console()
    _whole(console, answer)
    _by_day(console, answer)
    stats = answer.stats
    for title, uses in (
        ("Action", stats.actions),
        ("EC integration", stats.ec_integrations),
        ("Shipping integration", stats.shipping_integrations),
    ):
        if uses:
            _by_use(console, f"{title}, last {counted(days, 'day', 'days')}", uses)
    for one in stats.removed[:SHOWN_DAYS]:
        why = "too old" if one.why == "age" else "over the disk budget"
        entries = counted(one.entries, "entry", "entries")
        what = entries if one.what == "entries" else f"bodies of {entries}"
        console.print(f"{one.at:%Y-%m-%d %H:%M} UTC: {what} of {one.day} removed, {why}")
    if stats.pins:
        console.print(f"{len(stats.pins):,} pinned, and kept at any age: `apitrail pin list`")


def _whole(console: Console, answer: StorageAnswer) -> None:
    stats, keep, ahead = answer.stats, answer.keep, answer.stats.forecast
    covered = ""
    if stats.span.oldest and stats.span.newest:
        covered = f", {stats.span.oldest:%Y-%m-%d} to {stats.span.newest:%Y-%m-%d}"
    console.print(f"{counted(stats.span.entries, 'entry', 'entries')}{covered}; {size(stats.bytes_on_disk)} on disk")
    console.print(
        f"kept: bodies for {keep.success_bodies} days, of failures for {keep.failure_bodies};"
        f" entries for {keep.entries} days" + (f"; at most {size(answer.disk_budget)}" if answer.disk_budget else "")
    )
    for one in answer.keep_integrations:
        # As text, as names below.
        console.print(
            Text(
                f"      {one.side}:{shorten(one.id)}: bodies for {one.keep.success_bodies} days, of failures for"
                f" {one.keep.failure_bodies}; entries for {one.keep.entries} days"
            )
        )
    if ahead.bytes_per_day is None:
        console.print("forecast: after the first whole day")
        return
    console.print(f"forecast: {size(ahead.bytes_per_day)} a day, {outlook(answer)}")


def outlook(answer: StorageAnswer) -> str:
    """Where the log settles, or what happens before."""
    ahead = answer.stats.forecast
    settles = f"settles at about {size(ahead.settles_at or 0)}"
    if ahead.limit is None:
        return settles
    limit = size(ahead.limit)
    if ahead.days_left is None:
        return f"{settles} of {limit}"
    if ahead.days_held is None:
        full = f"full in {counted(ahead.days_left, 'day', 'days')}" if ahead.days_left else "full today"
        return f"{settles} of {limit}; [bold]{full}[/bold]"
    met = f"is reached in {counted(ahead.days_left, 'day', 'days')}" if ahead.days_left else "is reached"
    return (
        f"[bold]the budget of {limit} {met}[/bold]: it holds about {counted(ahead.days_held, 'day', 'days')},"
        f" and the oldest are removed first; {answer.keep.entries} days need about {size(ahead.settles_at or 0)}"
    )


def _by_day(console: Console, answer: StorageAnswer) -> None:
    table = Table("Day (UTC)", box=None)
    table.add_column("Entries", justify="right")
    table.add_column("On disk", justify="right")
    for one in answer.stats.days[:SHOWN_DAYS]:
        table.add_row(one.day.isoformat(), f"{one.entries:,}", size(one.bytes_on_disk))
    console.print(table)
    if len(answer.stats.days) > SHOWN_DAYS:
        console.print(f"and {counted(len(answer.stats.days) - SHOWN_DAYS, 'earlier day', 'earlier days')}")


def _by_use(console: Console, title: str, uses: list[Use]) -> None:
    table = Table(title, box=None)
    table.add_column("Entries", justify="right")
    table.add_column("Bodies as received", justify="right")
    for one in uses:
        # As text: rich would take a name in brackets, `[test] shop`, for its own markup.
        table.add_row(Text(shorten(one.name or one.id)), f"{one.entries:,}", size(one.bytes))
    console.print(table)
