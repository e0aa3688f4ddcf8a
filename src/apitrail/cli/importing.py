"""`apitrail import`: HAR files into a log.

Every exchange is masked, named and encoded here, in order, so that the same file brings the same ids wherever it is
sent, and no secret travels. Batches are small enough for any server's limits.
"""

from __future__ import annotations

import hashlib
import sys
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
from apitrail.server.problems import Problem
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
            fix="Give the one that the calls were made for; import other files by themselves.",
        )
    stated = _stated(ec_integration, shipping_integration)
    total = Sum()
    with _log(target) as (log, redactor), _progress() as progress:
        for file in files:
            found = list(_read(file))
            task = progress.add_task(file.name, total=len(found))
            one = _import(file, found, log, redactor, stated, progress, task)
            if len(files) > 1:
                typer.echo(f"{file}: {one}")
            for name in one.__struct_fields__:
                setattr(total, name, getattr(total, name) + getattr(one, name))
    typer.echo(str(total))
    return total.refused == 0


def _import(
    file: Path,
    found: list[Exchange | har.BadEntry],
    log: Log,
    redactor: Redactor,
    stated: Stated | None,
    progress: Progress,
    task: object,
) -> Sum:
    done = Sum(read=len(found))
    namer = Namer()
    waiting: list[bytes] = []
    indices: list[int] = []

    def send() -> None:
        if waiting:
            batch = msgspec.msgpack.encode({"exchanges": [msgspec.Raw(one) for one in waiting]})
            accepted = log.add(batch)
            done.stored += accepted.stored
            done.duplicates += accepted.duplicates
            for refusal in accepted.refused:
                done.refused += 1
                _report(file, indices[refusal.index], refusal.field, refusal.value, refusal.reason, refusal.fix)
            progress.advance(task, len(waiting))  # type: ignore[arg-type]
            waiting.clear()
            indices.clear()

    for position, one in enumerate(found):
        if isinstance(one, har.BadEntry):
            done.refused += 1
            _report(file, one.index, one.field, one.value, one.reason, one.fix)
            progress.advance(task, 1)  # type: ignore[arg-type]
            continue
        if stated is not None:
            one = replace(one, stated=_with(one.stated, stated))
        one = redactor.exchange(one)
        if not one.id:
            one.id = namer.name(one)
        waiting.append(msgspec.msgpack.encode(one))
        indices.append(position)
        if len(waiting) >= BATCH_EXCHANGES or sum(map(len, waiting)) >= BATCH_BYTES:
            send()
    send()
    return done


def _read(file: Path) -> Iterator[Exchange | har.BadEntry]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Problem(
            f"cannot be read ({error.strerror})", field="FILE", value=file, fix="Give a HAR file that you may read."
        ) from error
    yield from har.read(data)


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
                fix="`apitrail token create` on the server's machine makes one; give it here or as APITRAIL_TOKEN.",
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
        yield log, Redactor(fingerprint_key(target.settings.data))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _report(file: Path, index: int, field: str, value: str, reason: str, fix: str) -> None:
    found = f" {value!r}" if value else ""
    sys.stderr.write(f"{file}: entry {index}: {field}{found}: {reason}. {fix}\n")
