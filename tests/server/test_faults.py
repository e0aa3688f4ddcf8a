"""What is acknowledged is there, once and whole, whatever happens to the server: kills at any moment, a full disk.

`make test-faults` kills it 200 times; the suite by itself, a few times.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest

from apitrail.exchange import Exchange, Message, Recorder
from apitrail.store import open_store
from apitrail.store.engine import Query

KILLS = int(os.environ.get("APITRAIL_FAULT_KILLS", "5"))
SEED = int(os.environ.get("APITRAIL_FAULT_SEED", str(random.SystemRandom().randrange(10**6))))
PATH = "/api/v1/exchanges"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PATIENCE_S = 120


def exchange(dice: random.Random, size: int) -> Exchange:
    """Of now; its body tells its id, so that neither can be mistaken for another's."""
    at = datetime.now(UTC)
    bits = (at - EPOCH) // timedelta(milliseconds=1) << 80 | 7 << 76 | dice.getrandbits(12) << 64
    name = str(UUID(int=bits | 2 << 62 | dice.getrandbits(62)))
    body = body_of(name, size)
    return Exchange(
        id=name,
        created_at=at,
        method="POST",
        url="https://api.carrier.example/v1/labels",
        request=Message(body=body),
        status=200,
        response=Message(body=b"{}"),
        recorder=Recorder("faults", version="1"),
    )


def body_of(name: str, size: int) -> bytes:
    """The id, and bytes that follow from it and do not compress."""
    return name.encode() + random.Random(name).randbytes(size)


class Senders:
    """Threads that send batches as a recorder does: one after another, and the same again until it is acknowledged."""

    def __init__(self, token: dict[str, str], seed: int, count: int = 4, most: int = 120, size: int = 600) -> None:
        self._headers = {**token, "Content-Type": "application/msgpack"}
        self._most = most
        self._size = size
        self._changed = threading.Condition()
        self._place: tuple[str, int] | None = None
        self._ending = False
        self.batches = 0
        """Acknowledged."""
        self.acknowledged: set[str] = set()
        self.refusals: dict[int, str] = {}
        """The last answer of each status but 200."""
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(seed + n),), daemon=True) for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def go_to(self, url: str | None) -> None:
        """Where the server is now; None while it is nowhere."""
        parts = urlsplit(url) if url else None
        with self._changed:
            self._place = (parts.hostname or "", parts.port or 0) if parts else None
            self._changed.notify_all()

    def wait(self, batches: int) -> None:
        """Until so many more are acknowledged."""
        with self._changed:
            until = self.batches + batches
            assert self._changed.wait_for(lambda: self.batches >= until, PATIENCE_S), self.refusals

    def wait_for_refusal(self, status: int) -> str:
        """The answer."""
        with self._changed:
            self.refusals.clear()
            assert self._changed.wait_for(lambda: status in self.refusals, PATIENCE_S), self.batches
            return self.refusals[status]

    def end(self) -> set[str]:
        """Lets them send what they have in hand. Answers the ids of all that was ever sent."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), self.refusals
        return self.acknowledged

    def _run(self, dice: random.Random) -> None:
        while not self._ending:
            # Some are so small that the server derives them by itself.
            count = dice.choice((1, 3, self._most))
            batch = [exchange(dice, dice.randrange(self._size)) for _ in range(count)]
            body = msgspec.msgpack.encode({"exchanges": batch})
            while not self._sent(body, {one.id for one in batch}):
                with self._changed:
                    self._changed.wait(0.05)

    def _sent(self, body: bytes, ids: set[str]) -> bool:
        with self._changed:
            place = self._place
        if place is None:
            return False
        try:
            connection = http.client.HTTPConnection(*place, timeout=PATIENCE_S)
            try:
                connection.request("POST", PATH, body, self._headers)
                answer = connection.getresponse()
                text = answer.read().decode()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return False
        with self._changed:
            if answer.status == 200:
                assert '"refused":[]' in text, text
                self.batches += 1
                self.acknowledged |= ids
            else:
                self.refusals[answer.status] = text
            self._changed.notify_all()
        return answer.status == 200


def recount(folder: Path, sent: set[str]) -> None:
    """Every id is in the log, once, with its own body, and nothing else is."""
    store = open_store(folder)
    try:
        rows = store.engine.select(
            Query("SELECT toString(id), request_body FROM entries", binary=("request_body",))
        ).rows
        assert len(rows) == len(sent), f"{len(rows)} rows of {len(sent)} sent"
        assert {name for name, _ in rows} == sent
        assert store.engine.select(Query("SELECT sum(entries) FROM counts")).rows == [(len(sent),)], (
            "and it is counted once"
        )
        assert all(body == body_of(name, len(body) - len(name)) for name, body in rows)
    finally:
        store.close()


def workers(pid: int) -> list[int]:
    """The server's worker processes (Linux); none elsewhere."""
    try:
        every = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        parent = {one: int(Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[1]) for one in every}
    except OSError:
        return []
    return [one for one in every if parent.get(parent[one]) == pid]


def test_nothing_acknowledged_is_lost_or_doubled_by_kills_at_any_moment(serve: Any, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    folder = tmp_path / "data"
    server = serve("--workers", "2", folder=folder)
    senders = Senders(server.token(), SEED)
    for kill in range(KILLS):
        senders.go_to(server.url)
        senders.wait(dice.randrange(1, 12))
        if kill % 3 == 0:
            for pid in workers(server.process.pid)[:1]:
                os.kill(pid, signal.SIGKILL)
        threading.Event().wait(dice.random() * 0.3)  # any moment, not only the one after an answer
        server.stop(signal.SIGKILL)
        senders.go_to(None)
        if kill % 4 == 1:  # it may as well be killed while it starts
            command = [sys.executable, "-m", "apitrail.cli", "serve", "--data", str(folder), "--port", "0"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as starting:
                threading.Event().wait(dice.random() * 2)
                starting.kill()
        server = serve("--workers", "2", folder=folder)
    senders.go_to(server.url)
    sent = senders.end()
    assert server.stop() == 0
    print(f"seed {SEED}: {KILLS} kills, {len(sent)} entries in {senders.batches} batches")  # noqa: T201
    recount(folder, sent)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here, which needs root: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_said_and_costs_nothing_and_is_recovered_from(serve: Any, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(60 << 20))
    folder = small_disk / "data"
    server = serve(folder=folder)
    senders = Senders(server.token(), SEED, size=40_000)
    senders.go_to(server.url)
    said = senders.wait_for_refusal(503)
    assert "the disk is full" in said
    assert "Free some space" in said
    ready = server.get("/readyz")
    assert ready.status_code == 503
    assert "the disk is full" in ready.text
    assert server.get("/api/v1/span").status_code == 200, "what is there can be read"
    ballast.unlink()
    senders.wait(20)
    sent = senders.end()
    assert server.get("/readyz").status_code == 200
    assert server.stop() == 0
    recount(folder, sent)


def test_many_senders_of_little_do_not_pile_up_parts(serve: Any) -> None:
    server = serve()
    senders = Senders(server.token(), SEED, count=200, most=10)
    senders.go_to(server.url)
    senders.wait(1000)
    sent = senders.end()
    server.stop()
    store = open_store(server.folder)
    ours = "FROM system.parts WHERE database = 'apitrail' AND table = 'entries'"
    [[most, active]] = store.engine.select(Query(f"SELECT max(max_block_number), countIf(active) {ours}")).rows
    store.close()
    assert most < senders.batches / 4, "many batches become one part"
    assert active < 60
    recount(server.folder, sent)
