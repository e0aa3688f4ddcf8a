"""`apitrail import`: HAR files into a log.

Every exchange is masked, named and encoded here, in order, so that the same file brings the same ids wherever it is
sent, and no secret travels. Batches are small enough for any server's limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer
from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apitrail.cli.connection import to_url
from apitrail.cli.log import Log, RunningServer, opened
from apitrail.exchange import Exchange, Integration, Stated
from apitrail.formats import har
from apitrail.recorder.redact import Redactor
from apitrail.server import folder
from apitrail.server.identity import Namer
from apitrail.server.masking import fingerprint_key
from apitrail.server.problems import Problem, shorten
from apitrail.server.settings import Settings

BATCH_EXCHANGES = 200
BATCH_BYTES = 8 << 20


class Target(Struct, frozen=True):
    """Where an import goes: to `url` if given, else to the log of the data folder."""

    settings: Settings
    url: str
    token: str


class Sum(Struct):
    """What became of the entries of the files."""

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    refused: int = 0

    def __str__(self) -> str:
        return f"{self.read} read, {self.stored} stored, {self.duplicates} already there, {self.refused} refused"


def import_all(files: Sequence[Path], target: Target, *, ec_integration: str, shipping_integration: str) -> bool:
    """Imports the files, and prints what became of them. Answers whether nothing was refused.

    Raises Problem for what cannot be begun or gone on with; what was stored until then stays.
    """
    if ec_integration and shipping_integration:
        raise Problem(
            "cannot be given together with --ec-integration",
            field="--shipping-integration",
            value=shipping_integration,
            fix="Give the one that the calls were made for; import files of other integrations separately.",
        )
    for path in files:
        with _reading(path), path.open("rb"):  # before a log is made for what is not there
            pass
    stated = _stated(ec_integration, shipping_integration)
    total = Sum()
    with _log(target) as (log, redactor), _progress() as progress:
        for path in files:
            one = _File(path, log, redactor, stated, progress).load()
            if len(files) > 1:
                typer.echo(f"{path}: {one}")
            for name in Sum.__struct_fields__:
                setattr(total, name, getattr(total, name) + getattr(one, name))
    typer.echo(str(total))
    return total.refused == 0


class _File:
    """One file on its way into the log."""

    def __init__(self, path: Path, log: Log, redactor: Redactor, stated: Stated | None, progress: Progress) -> None:
        self._path = path
        self._log = log
        self._redactor = redactor
        self._stated = stated
        self._progress = progress
        self._namer = Namer()
        self._waiting: list[bytes] = []
        self._size = 0
        self._indices: list[int] = []
        self._done = Sum()

    def load(self) -> Sum:
        """Reads the file, and stores what can be stored of it."""
        found = list(_read(self._path))
        self._done.read = len(found)
        task = self._progress.add_task(self._path.name, total=len(found))
        for position, one in enumerate(found):
            if isinstance(one, har.BadEntry):
                self._refuse(one.index, one.field, one.value, one.reason, one.fix)
            else:
                self._take(position, one)
            self._progress.update(task, completed=position + 1 - len(self._waiting))
        self._send()
        self._progress.update(task, completed=len(found))
        return self._done

    def _take(self, position: int, exchange: Exchange) -> None:
        if self._stated is not None:
            exchange = replace(exchange, stated=_with(exchange.stated, self._stated))
        exchange = self._redactor.exchange(exchange)
        if not exchange.id:
            exchange.id = self._namer.name(exchange)
        encoded = msgspec.msgpack.encode(exchange)
        if self._waiting and self._size + len(encoded) > BATCH_BYTES:
            self._send()
        self._waiting.append(encoded)
        self._indices.append(position)
        self._size += len(encoded)
        if len(self._waiting) >= BATCH_EXCHANGES:
            self._send()

    def _send(self) -> None:
        if not self._waiting:
            return
        accepted = self._log.add(msgspec.msgpack.encode({"exchanges": [msgspec.Raw(one) for one in self._waiting]}))
        self._done.stored += accepted.stored
        self._done.duplicates += accepted.duplicates
        for one in accepted.refused:
            self._refuse(self._indices[one.index], one.field, one.value, one.reason, one.fix)
        self._waiting.clear()
        self._indices.clear()
        self._size = 0

    def _refuse(self, index: int, field: str, value: str, reason: str, fix: str) -> None:
        self._done.refused += 1
        found = f" {shorten(value)!r}" if value else ""
        line = f"{self._path}: entry {index}: {field}{found}: {reason}. {fix}"
        # Above the bar, if there is one.
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raises Problem where the file cannot be read."""
    try:
        yield
    except OSError as error:
        raise Problem(
            f"cannot be read ({error.strerror})", field="FILE", value=path, fix="Give a HAR file that you may read."
        ) from error


def _read(path: Path) -> Iterator[Exchange | har.BadEntry]:
    with _reading(path):
        data = path.read_bytes()
    try:
        yield from har.read(data)
    except har.HarError as error:
        raise Problem(error.reason, field=f"{path}: {error.field}", value=error.value, fix=error.fix) from error


def _stated(ec_integration: str, shipping_integration: str) -> Stated | None:
    if ec_integration:
        return Stated(ec_integration=Integration(id=ec_integration, name=ec_integration))
    if shipping_integration:
        return Stated(shipping_integration=Integration(id=shipping_integration, name=shipping_integration))
    return None


def _with(own: Stated | None, given: Stated) -> Stated:
    """What the file says of a call, with the integration that the command line gives."""
    if own is None:
        return given
    return replace(
        own,
        ec_integration=given.ec_integration or own.ec_integration,
        shipping_integration=given.shipping_integration or own.shipping_integration,
    )


@contextmanager
def _log(target: Target) -> Iterator[tuple[Log, Redactor]]:
    if target.url:
        if not target.token:
            raise Problem(
                "is needed with --url",
                field="--token",
                fix="`apitrail token create` on the server's machine makes one: give it here or as APITRAIL_TOKEN.",
            )
        connection = to_url(target.url, target.token)
        # The key must be the same the next time, and is needed where no data folder is.
        key = hashlib.sha256(b"apitrail import fingerprints\0" + target.token.encode()).digest()
        try:
            yield RunningServer(connection, "/api/v1"), Redactor(key)
        finally:
            connection.close()
        return
    folder.prepare(target.settings.data)
    with opened(target.settings, make=True) as log:
        yield log, Redactor(fingerprint_key(target.settings.data, target.settings.fingerprint_key_file))


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
