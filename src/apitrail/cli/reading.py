"""`apitrail search`, `tail` and `show`: the log in a terminal, asked in the language of the page and the API."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from apitrail.cli.connection import to_url
from apitrail.cli.following import News, follow
from apitrail.cli.log import Log, RunningServer, opened
from apitrail.entry import EntryRow
from apitrail.server.filters import read_text
from apitrail.server.nearer import numbers, parts
from apitrail.server.problems import shorten
from apitrail.server.settings import Settings
from apitrail.server.shapes import PayloadAnswer
from apitrail.size import counted

COLOURS = {
    "success": "green",
    "warning": "yellow",
    "partial": "yellow",
    "request_error": "dark_orange",
    "platform_error": "red",
}
_AT_ONCE = 500

_json = msgspec.json.Encoder().encode


class Asked(Struct, frozen=True, kw_only=True):
    """Where the log is, and what is wanted of it."""

    settings: Settings
    url: str = ""
    token: str = ""
    text: str = ""
    since: str = ""
    until: str = ""
    limit: int = 50
    as_json: bool = False

    def query(self, **more: str) -> str:
        """The query string of the API."""
        pairs = {"text": self.text.strip(), "from": self.since, "to": self.until, **more}
        return urlencode({name: value for name, value in pairs.items() if value})


@contextmanager
def _reading(asked: Asked) -> Iterator[Log]:
    if not asked.url:
        with opened(asked.settings) as log:
            yield log
        return
    connection = to_url(asked.url, asked.token)
    try:
        yield RunningServer(connection)
    finally:
        connection.close()


def search(asked: Asked) -> bool:
    """Print what is found, newest first. Whether there was anything."""
    show = _printer(asked.as_json)
    left, cursor = asked.limit, ""
    with _reading(asked) as log:
        while left > 0:
            page = log.entries(asked.query(limit=str(min(left, _AT_ONCE)), cursor=cursor))
            for entry in page.entries:
                show(entry)
            left -= len(page.entries)
            cursor = page.next_cursor or ""
            if not cursor:
                break
        if left == asked.limit:
            sys.stderr.write(_nothing(asked))
        elif cursor:
            sys.stderr.write(
                f"There are more: these are the newest {asked.limit}. Narrow the search, or raise --limit.\n"
            )
    return left < asked.limit


def _nothing(asked: Asked) -> str:
    """That nothing was found, and what could be looked for instead."""
    lines = [*numbers(asked.text), *parts(asked.text)]
    instead = f" Try: {', '.join(map(shlex.quote, lines))}" if lines else ""
    return f"Nothing was found.{instead}\n"


def tail(asked: Asked, *, following: bool) -> None:
    """Print the newest, oldest first; with `following` also what comes, until the process is interrupted."""
    show = _printer(asked.as_json)

    def print_all(entries: Sequence[EntryRow]) -> None:
        for entry in entries:
            show(entry)
        sys.stdout.flush()

    def say(line: str) -> None:
        sys.stderr.write(f"apitrail: {line}\n")

    if following:
        news = News(asked.query, asked.limit, slow=read_text(asked.text).duration_over is None)
        follow(news, _reading(asked), asked.settings, print_all, say)
    else:
        with _reading(asked) as log:
            print_all(log.entries(asked.query(limit=str(asked.limit))).entries[::-1])


def show(asked: Asked, entry_id: str) -> None:
    """Print one entry, whole."""
    with _reading(asked) as log:
        entry = log.entry(entry_id)
    if asked.as_json:
        _print_json(entry)
        return
    console = _console()
    console.print(_line(entry))
    facts: dict[str, object] = {
        "id": entry.id,
        "url": entry.url,
        "direction": entry.direction,
        "platform": entry.platform,
        "references": ", ".join(f"{one.type}:{one.id}" for one in entry.references),
        "cause": entry.cause,
        "code": entry.code,
        "message": entry.message,
        "advice": entry.advice,
        "error": f"{entry.error.type}: {entry.error.text}" if entry.error else None,
        "not sent": entry.not_sent,
        "attempt": entry.attempt if entry.attempt > 1 else None,
    }
    for name, value in facts.items():
        if value:
            console.print(Text.assemble((f"{name:<12}", "dim"), shorten(value, 100_000)))
    for side, payload in (("request", entry.request), ("response", entry.response)):
        console.print()
        if payload is None:
            console.print(Text("no response", style="dim"))
        else:
            _payload(console, side, payload)


def _payload(console: Console, side: str, payload: PayloadAnswer) -> None:
    about = f"{side}: {counted(payload.size, 'byte', 'bytes')}"
    if payload.truncated:
        about += ", not kept in full"
    console.print(Text(about, style="bold"))
    for name, value in payload.headers:
        console.print(Text.assemble((f"{shorten(name, 200)}: ", "dim"), shorten(value, 10_000)))
    if payload.encoding == "base64":
        console.print(Text("not text: get its bytes from the API, at the address of the body", style="dim"))
        return
    for part in (payload.body, payload.tail):
        if part:
            console.print()
            console.print(Text(_laid_out(part)))


def _laid_out(body: str) -> str:
    """JSON with a line for each value, its digits and escapes as they are; other text line by line."""
    with suppress(msgspec.DecodeError):
        body = msgspec.json.format(body, indent=2)
    return "\n".join(shorten(line, 1_000_000) for line in body.replace("\t", "    ").splitlines())


def _printer(as_json: bool) -> Callable[[EntryRow], None]:
    if as_json:
        return _print_json
    console = _console()
    return lambda entry: console.print(_line(entry))


def _print_json(entry: EntryRow) -> None:
    """One line for a pipe."""
    sys.stdout.write(_json(entry).decode() + "\n")


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False, markup=False, emoji=False)


def _line(entry: EntryRow) -> Text:
    """Time, outcome, action, account, duration, what was said, id."""
    colour = COLOURS.get(entry.outcome, "")
    account = entry.ec_integration or entry.shipping_integration
    status = "no answer" if entry.status is None and entry.not_sent is None else str(entry.status or "not sent")
    said = entry.not_sent or (entry.message if entry.outcome != "success" else None) or ""
    if entry.error and not said:
        said = entry.error.text
    cause = f" ({entry.cause})" if entry.cause and entry.outcome != "success" else ""
    return Text.assemble(
        (f"{entry.created_at.astimezone():%Y-%m-%d %H:%M:%S}.{entry.created_at.microsecond // 1000:03d}  ", "dim"),
        (f"{entry.outcome:<14} {status:<9} ", colour),
        f"{shorten(entry.action, 40):<22} ",
        f"{shorten((account.name or account.id) if account else entry.platform or '-', 40):<18} ",
        (f"{entry.duration_ms:8.0f} ms  ", "dim"),
        (f"{entry.id}  ", "dim"),
        f"{shorten(said, 300)}{cause}",
    )
