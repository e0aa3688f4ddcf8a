"""How the store stands at a million entries (by default), ten millions or, with --huge, a hundred.

    python -m bench.store [--count 1000000] [--folder DIR] [--peer ./victoria-logs]

Prints ingest through HTTP, bytes on disk, memory, and how long each question takes through HTTP, then again while
2,000 entries a second arrive. With --peer, VictoriaLogs holds the same log and is asked the same, each kind of question
right after Apitrail. Disk is told as it came, and when each day has become one part (VictoriaLogs: after a forced
merge), which is also how they are asked.

All but the last 100,000 entries are written by the store itself, derived by the profiles all the same, because through
HTTP ten millions take half an hour; --http says how many go through HTTP. A folder that is named is kept, and one that
holds a log of this benchmark already is asked as it is.

The bias: Apitrail derives and masks, and answers a batch after an fsync; VictoriaLogs is handed what was derived, and
answers from memory. Clients and server share the machine.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec

from bench.ingest.load import get
from bench.store import asking, ours, peer, questions
from bench.store.direct import CHUNK, apart, chunk, chunks, fill, raw_bytes, settle
from bench.store.trade import DAYS, END, exchanges

HUGE = 100_000_000
ARRIVING = 2000
ARRIVING_S = 240


def main() -> None:
    """Load, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="entries of the log, in twenty thousands")
    parser.add_argument("--huge", action="store_true", help="a hundred million entries: a night and 50 GB")
    parser.add_argument("--days", type=float, default=DAYS, help="days that the log spans")
    parser.add_argument("--http", type=int, default=100_000, help="how many of them go through HTTP")
    parser.add_argument("--folder", type=Path, help="keep the logs here")
    parser.add_argument("--peer", type=Path, help="a VictoriaLogs binary")
    options = parser.parse_args()
    count = HUGE if options.huge else max(options.count // CHUNK, 2) * CHUNK
    folder = options.folder or Path(tempfile.mkdtemp(prefix="apitrail-bench-"))
    try:
        measure(folder, count, options.days, options.http, options.peer and options.peer.resolve())
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, count: int, days: float, through_http: int, binary: Path | None) -> None:
    """One run, printed as it goes."""
    log, note = folder / "ours", folder / "made.json"
    raw = raw_bytes(count, days)
    if not note.exists():
        last = min(max(through_http // CHUNK, 1), chunks(count))
        apart(fill, log, count, chunks(count) - last, days)
        fresh = [x for number in range(chunks(count) - last, chunks(count)) for x in chunk(count, number, days)]
        with ours.running(log) as server:
            print(f"ingest through HTTP: {server.post(fresh):,.0f} entries/s, durable, profiles applied")
            print(f"disk as it came: {asking.disk(log) / 1e6:,.0f} MB, {asking.disk(log) / raw:.3f} per raw byte")
        note.write_bytes(msgspec.json.encode({"count": count}))
    apart(settle, log)
    more = list(exchanges(ARRIVING * ARRIVING_S, seed=10**6, days=0.1, until=END + timedelta(days=0.1)))
    with ours.running(log) as server, _peer(folder / "peer", count, days, binary) as other:
        orders = questions.known(lambda address: get(f"{server.url}{address}"), days)
        asked = list(questions.questions(orders, days))
        print(f"{server.entries():,} entries, {raw / count:.0f} raw bytes each")
        size = asking.disk(log)
        print(f"disk, each day one part: {size / 1e6:,.0f} MB, {size / raw:.3f} per raw byte")
        quiet, theirs = [], []
        for one in asked:
            quiet.append(asking.ask(ours.PORT, server.process.pid, one, "ours"))
            if other:
                theirs.append(asking.ask(peer.PORT, other.process.pid, one, "peer"))
        memory = server.memory_mb()
        if other:
            told, held = asking.disk(folder / "peer"), other.memory_mb()
            print(f"VictoriaLogs: disk {told / 1e6:,.0f} MB (ours / theirs {size / told:.2f})")
            print(f"memory at most: {held:,.0f} MB (ours / theirs {memory / held:.2f})")
        with server.arriving(more, ARRIVING) as sent:
            busy = [asking.ask(ours.PORT, server.process.pid, one, "ours") for one in asked]
        print(f"memory at most: {memory:,.0f} MB, {server.memory_mb():,.0f} MB with {sum(sent):,} arriving")
    _table(asked, quiet, busy, theirs)


@contextmanager
def _peer(folder: Path, count: int, days: float, binary: Path | None) -> Iterator[peer.Server | None]:
    """VictoriaLogs with the same log, which is loaded where the folder is not there yet; None without a binary."""
    if binary is None:
        yield None
        return
    fresh = not folder.exists()
    with peer.running(folder, binary) as server:
        if fresh:
            loaded = server.load(count, days)
            print(
                f"VictoriaLogs: {loaded.rate:,.0f} entries/s of the last {CHUNK:,}, {loaded.raw / count:.0f} B a line"
            )
        server.settle()
        yield server


def _table(
    asked: list[list[questions.Question]],
    quiet: list[asking.Times],
    busy: list[asking.Times],
    theirs: list[asking.Times],
) -> None:
    print(f"\n{'milliseconds':<34}{'p50':>8}{'p95':>8}{'cpu':>7}{'busy p50':>10}{'p95':>8}{'found':>8}", end="")
    print(f"{'peer p50':>10}{'p95':>8}{'cpu':>7}{'p50 ratio':>11}{'cpu':>6}" if theirs else "")
    for number, (one, calm, full) in enumerate(zip(asked, quiet, busy, strict=True)):
        line = f"{one[0].name:<34}{calm.p50:8.1f}{calm.p95:8.1f}{calm.cpu:7.1f}{full.p50:10.1f}{full.p95:8.1f}"
        line += f"{calm.found:8.1f}"
        if theirs:
            other = theirs[number]
            line += f"{other.p50:10.1f}{other.p95:8.1f}{other.cpu:7.1f}{calm.p50 / other.p50:11.2f}"
            line += f"{calm.cpu / max(other.cpu, 0.1):6.1f}"
        print(line)


if __name__ == "__main__":
    main()
