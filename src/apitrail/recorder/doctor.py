"""`apitrail doctor`: what is wrong with recording on this machine, in plain words, and what to do.

Run beside an application, as its user and with its environment (APITRAIL_URL, APITRAIL_TOKEN, APITRAIL_SPOOL). What the
application gave to `configure` instead it finds in the spool, where programs note whom they send to and how that goes.
Needs only the recorder. It asks the server as the shipper does, with an empty batch, so it changes nothing there; on
the disk it adds nothing but, where there is none, the spool's folder. Ends with 1 where something is wrong.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from apitrail.exchange import Exchange
from apitrail.recorder import clients
from apitrail.recorder.folder import spool_folder
from apitrail.recorder.settings import MIB, Settings, settings_from
from apitrail.recorder.spool import Held, Shipping, Spool, spool_path
from apitrail.recorder.spool_file import SPARE, SpoolUnusable
from apitrail.recorder.transport import PATH
from apitrail.size import counted, size

CLOCK_S = 5.0
"""A clock further off than this is reported: entries would carry the wrong time."""
FREE_LEAST = 200 * MIB
OLD_S = 60.0


class Finding(NamedTuple):
    """The result of one check."""

    well: bool
    what: str
    fix: str = ""


def examined(settings: Settings) -> Iterator[Finding]:
    """All checks, in the order in which a person would make them."""
    yield from _clients(settings)
    notes: list[Shipping] = []
    yield from _spool(settings, notes)
    yield from _server(settings, notes)


def _clients(settings: Settings) -> Iterator[Finding]:
    found = clients.available()
    libraries = [name for name in found if not name.startswith(("http.", "urllib."))]
    if libraries:
        yield Finding(True, f"{', '.join(libraries)} can be recorded, if the application calls apitrail.instrument()")
    elif _spools(spool_folder(settings.spool)):
        # An application that has none either, as a script of the standard library alone, is well.
        yield Finding(True, "urllib and http.client can be recorded; this Python has no other HTTP client library")
    else:
        yield Finding(
            False,
            "no HTTP client library is installed for this Python: only urllib could be recorded",
            f"Run it with the Python of the application; this one is {sys.executable}.",
        )


def _spool(settings: Settings, notes: list[Shipping]) -> Iterator[Finding]:
    folder = spool_folder(settings.spool)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        yield Finding(False, f"{_named(settings)}, the folder {folder} cannot be created: {error.strerror}", _SPOOL_FIX)
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(False, f"{_named(settings)}, this user cannot write to the folder {folder}", _SPOOL_FIX)
        return
    damaged = sorted(folder.glob("*.damaged-*"))
    if damaged:
        yield Finding(
            False,
            f"{counted(len(damaged), 'damaged spool file was', 'damaged spool files were')} set aside in {folder}",
            "Check the disk. Exchanges in such a file are missing from the log. Remove it once you have noted this.",
        )
    yield from _waiting(settings, folder, notes)
    free = shutil.disk_usage(folder).free
    if free < max(SPARE, min(FREE_LEAST, settings.spool_limit)):
        yield Finding(
            False,
            f"the disk of {folder} has {size(free)} left",
            "Free some space, or set APITRAIL_SPOOL to a folder on another disk.",
        )


def _spools(folder: Path) -> list[Path]:
    return [*folder.glob("spool-*.db")]


def _waiting(settings: Settings, folder: Path, notes: list[Shipping]) -> Iterator[Finding]:
    """What waits, and how sending goes; `notes` is filled with the words that programs left of that."""
    known = {spool_path(folder, None): "of processes without a url"}
    if settings.url:
        known[spool_path(folder, settings.url)] = f"for {settings.url}"
    there = sorted(_spools(folder), key=lambda path: path not in known)
    if not any(path in known for path in there):
        for_it = f" for {settings.url}" if settings.url and there else ""
        if for_it or not there:
            yield Finding(
                False,
                f"nothing has been recorded yet{for_it} under {folder}",
                "Check that the application calls apitrail.configure() and apitrail.instrument(), that it has made a "
                "call since, and that it has the same APITRAIL_SPOOL and APITRAIL_URL as this command.",
            )
    for path in there:
        spool = Spool(path, settings.spool_limit, ("doctor", os.uname().nodename, f"{os.getpid()} doctor"))
        try:
            held, age, left = spool.held(), _age(spool.oldest()), spool.notes()
        except SpoolUnusable as error:
            yield Finding(False, f"the spool cannot be read: {error}", _SPOOL_FIX)
            continue
        finally:
            spool.close()
        whose = known.get(path) or f"for {left[0].url if left else 'another server'}"
        yield _told(held, age, whose, path)
        notes += left
        yield from (_sending(note) for note in left if held.exchanges or not note.failure)


def _sending(note: Shipping) -> Finding:
    since = f"{datetime.fromtimestamp(note.since, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if not note.failure:
        return Finding(True, f"{note.service} has been sending to {note.url} since {since}")
    return Finding(
        False,
        f"{note.service} has been unable to send to {note.url} since {since}: {note.failure}",
        "What it recorded is kept, and sent automatically once this is fixed. A program that has ended sends no more.",
    )


def _age(oldest: bytes | None) -> float:
    """Seconds since the call was made."""
    if oldest is None:
        return 0.0
    made = msgspec.msgpack.decode(oldest, type=Exchange).created_at
    return max(0.0, (datetime.now(UTC) - made).total_seconds())


def spoken(seconds: float) -> str:
    """As people say it: 40 s, 12 min, 15 h, 3 days."""
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _told(held: Held, age: float, whose: str, path: Path) -> Finding:
    if not held.exchanges:
        return Finding(True, f"the spool {path} is empty: everything that was recorded has been sent")
    are = "is" if held.exchanges == 1 else "are"
    exchanges = f"{counted(held.exchanges, 'exchange', 'exchanges')} {whose}"
    what = f"{exchanges} {are} waiting in {path}, {size(held.bytes)}, the oldest for {spoken(age)}"
    if age < OLD_S:
        return Finding(True, what)
    return Finding(
        False,
        what,
        "They are kept. The reason is what the server says below, or that no process with a url is running.",
    )


def _server(settings: Settings, notes: list[Shipping]) -> Iterator[Finding]:
    if settings.url is not None:
        yield from _answers(settings, notes)
        return
    urls = sorted({note.url for note in notes})
    for url in urls:
        yield from _answers(msgspec.structs.replace(settings, url=url), notes)
    if not urls:
        yield Finding(False, "no server is set: exchanges stay in the spool", "Set APITRAIL_URL, or configure(url=…).")


def _answers(settings: Settings, notes: list[Shipping]) -> Iterator[Finding]:
    assert settings.url is not None
    began = time.time()
    try:
        status, headers, body = _asked(settings)
    except (OSError, http.client.HTTPException) as error:
        yield _unreachable(settings.url, error)
        return
    now = (began + time.time()) / 2
    sent = [note.service for note in notes if note.url == settings.url and not note.failure]
    if status in (401, 403) and not settings.token and sent:
        yield Finding(True, f"{settings.url} needs a token, which {sent[0]} has and this command does not")
    elif status in (401, 403):
        yield Finding(
            False,
            f"{settings.url} refuses the token ({status})" if settings.token else f"{settings.url} needs a token",
            "Create one on the server with `apitrail token create`, and set APITRAIL_TOKEN.",
        )
    elif status == 200 and _is_ours(body):
        yield Finding(True, f"{settings.url} accepts what this recorder sends")
    elif status in (429, 503):
        yield Finding(
            False, f"{settings.url} is overloaded or not ready ({status})", "Exchanges wait; check the server."
        )
    elif status == 400 and _is_ours(body):
        yield Finding(
            False,
            f"{settings.url} does not understand this recorder: {body[:200].decode('utf-8', 'replace')}",
            "One of the two is too old: upgrade apitrail on both sides, the server first.",
        )
    else:
        yield Finding(
            False,
            f"{settings.url} answers {status}, but not as an Apitrail server does",
            "Check that the address is right, and that no other server or proxy answers there." + _path(settings.url),
        )
    yield from _clock(headers.get("date", ""), now)


def _asked(settings: Settings) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(settings.url or "")
    host, timeout = parts.hostname or "", min(settings.timeout, 5.0)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout)
    headers = {"Content-Type": "application/msgpack", "User-Agent": "apitrail-doctor"}
    if settings.token:
        headers["Authorization"] = f"Bearer {settings.token}"
    try:
        connection.request("POST", parts.path.rstrip("/") + PATH, msgspec.msgpack.encode({"exchanges": []}), headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read(65_536)
    finally:
        connection.close()


def _path(url: str) -> str:
    path = urlsplit(url).path
    if path.endswith(PATH):
        return f" Leave out {PATH}: the recorder adds it."
    return f" Check also whether {path} belongs in it." if path else ""


def _unreachable(url: str, error: Exception) -> Finding:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Finding(
            False,
            f"the certificate of {url} is not trusted: {error.verify_message}",
            "Make this Python trust the authority, for example with SSL_CERT_FILE.",
        )
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return Finding(
            False, f"{url} does not use TLS", "Write it with http://, or give the address of the proxy that does TLS."
        )
    return Finding(
        False,
        f"{url} cannot be reached: {error or type(error).__name__}",
        "Check that the server is running and that this machine can reach it. Until then, exchanges wait in the spool.",
    )


def _clock(date: str, now: float) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return
    off = now - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp() - 0.5  # the header has whole seconds
    if abs(off) > CLOCK_S:
        yield Finding(
            False,
            f"this machine's clock is {spoken(abs(off))} {'ahead of' if off > 0 else 'behind'} the server's",
            "Let both follow a time server (chrony, systemd-timesyncd): entries carry this machine's time, "
            f"which is now {datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC.",
        )
    else:
        yield Finding(True, "the clocks of this machine and the server agree")


def _is_ours(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and ("stored" in answer or "error" in answer)


_SPOOL_FIX = (
    "Give the application's user a folder of its own: APITRAIL_SPOOL, or configure(spool=…). Until then, exchanges "
    "wait only in the application's memory: they are sent while the server can be reached, and lost when the "
    "application ends."
)


def _named(settings: Settings) -> str:
    return f"spool is {settings.spool}" if settings.spool else "spool is not set"


def main(say: Callable[[str], object] = sys.stdout.write) -> int:
    """Print what was found; 1 where something is wrong."""
    from apitrail import __version__

    say(f"apitrail {__version__}, Python {sys.version.split()[0]} at {sys.executable}\n")
    try:
        settings = settings_from({})
    except ValueError as error:
        say(f"WRONG  {error}\n")
        return 1
    wrong = 0
    for finding in examined(settings):
        say(f"{'ok   ' if finding.well else 'WRONG'}  {finding.what}\n")
        if not finding.well:
            wrong += 1
            say(f"       → {finding.fix}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
