"""Sends what waits in the spool to the server, and deletes it when the server says that it is stored.

One background thread per process that has a url; several processes share one spool by leases. As long as more waits
than a batch holds, every other batch is of the newest: a day's backlog does not hold up what happens now.

Only a well-formed answer 200 deletes anything: a proxy's welcome page does not. What the server refuses by index is
deleted and counted as `refused`. Everything else keeps the spool:

    no answer, 5xx, garbage     back off, doubling with jitter up to BACK_OFF_MOST_S
    429, 503 with Retry-After   at least as long as asked, up to RETRY_AFTER_MOST_S
    401, 403                    back off long, and say so once through logging
    413, or 400 in our shape    send half as much, down to a single exchange, which is then counted as `refused`

Its thread's calls no hook records. What it met last is noted in the spool, for `apitrail doctor`.
"""

from __future__ import annotations

import http.client
import random
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from apitrail.exchange import Loss
from apitrail.recorder import context
from apitrail.recorder.losses import lose, say
from apitrail.recorder.spool import Held, Lease, Spool, SpoolLoss
from apitrail.recorder.spool_file import SpoolUnusable
from apitrail.recorder.threads import STOP_S, Event, start
from apitrail.recorder.transport import Answer, Transport

BACK_OFF_FIRST_S = 0.5
BACK_OFF_MOST_S = 30.0
RETRY_AFTER_MOST_S = 300.0
UNAUTHORIZED_S = 30.0
IDLE_S = 5.0
"""How often an idle shipper looks into the spool: another process of the host may have died with exchanges in it."""
HURRIED_S = 0.25
COMPRESS_FROM = 1024
AWAY_S = 60.0
"""A server that is away for so long is told through logging: shorter, and it restarts."""
BACKLOG = "Apitrail-Backlog"
COUNTED_S = 1.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Refusal(msgspec.Struct):
    """One exchange that the server will never take."""

    index: int
    field: str = ""
    reason: str = ""


class Stored(msgspec.Struct):
    """The server's answer 200."""

    stored: int
    duplicates: int
    refused: list[Refusal] = []


class _Problem(msgspec.Struct):
    """The server's error shape, of which only the presence matters here."""

    error: Any


class Sent(msgspec.Struct):
    """What this process's shipper has done."""

    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    requests: int = 0
    failures: int = 0
    last_failure: str = ""
    last_stored_at: datetime | None = None


class Shipper:
    """Ships from several spools, in their order. `wake` from any thread; all else happens in its own."""

    def __init__(
        self,
        spools: Sequence[Spool],
        transport: Transport,
        token: str | None,
        owner: tuple[str, str, str],
        batch_bytes: int,
        batch_exchanges: int,
        chance: Callable[[], float] = random.random,
        url: str = "",
    ) -> None:
        self._spools = spools
        self._transport = transport
        self._headers = {"Content-Type": "application/msgpack", "User-Agent": "apitrail-recorder"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._owner = owner
        self._batch_bytes = batch_bytes
        self._most = batch_exchanges
        self._batch = batch_exchanges
        self._chance = chance
        self._woken = Event()
        self._stopping = False
        self._catching_up = False
        self._sent_newest = False
        self._back_off = 0.0
        self._in_a_hurry = 0
        self._at_once = False
        self._asked_to_wait = False
        self._said: set[str] = set()
        self._url = url
        self._noted: str | None = None
        self._failing_since = 0.0
        self._counted: Held | None = None
        self._counted_at = 0.0
        self.sent = Sent()
        self._join: Callable[[float], None] | None = None

    def start(self) -> None:
        """Begin the thread."""
        self._join = start(self._run, "apitrail-shipper")

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    def hurry(self, on: bool) -> None:
        """Somebody waits (`flush`): try at once, and then back off only as long as the server asks for."""
        self._in_a_hurry += 1 if on else -1
        self._at_once = on
        self._woken.set()

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self._stopping = True
        self._woken.set()
        if self._join is not None:
            self._join(STOP_S)

    def _run(self) -> None:
        context.muted.set(True)
        wait = 0.0
        while True:
            self._pause(wait)
            if self._stopping:
                break
            try:
                wait = self.ship()
            except SpoolUnusable as error:
                wait = self._failed(str(error))
            except Exception as error:
                lose("ship_failed", error)
                wait = self._failed(type(error).__name__)
        self._transport.close()

    def _pause(self, wait: float) -> None:
        """Wait. New exchanges end an idle wait, not a back-off; somebody in a hurry ends both."""
        deadline = time.monotonic() + wait
        while not self._stopping and not self._at_once:
            hurried = self._in_a_hurry and not self._asked_to_wait
            left = (min(deadline, time.monotonic() + HURRIED_S) if hurried else deadline) - time.monotonic()
            if left <= 0:
                break
            woken = self._woken.wait(left)
            self._woken.clear()
            if hurried or (woken and not self._back_off):
                break
        self._at_once = False

    def ship(self) -> float:
        """Send one batch. Returns the seconds to wait before the next: 0 where there may be more.

        A spool that cannot be used now holds up no other; its exchanges are kept.
        """
        for spool in self._spools:
            newest = self._catching_up and not self._sent_newest
            try:
                if not spool.there or spool.is_empty():
                    continue
                self._transport.open()  # before a batch is read and compressed for a server that is away
                lease = spool.lease(self._batch_bytes, self._batch, newest=newest)
            except SpoolUnusable as error:
                self.sent.last_failure = str(error)
                continue
            except (OSError, http.client.HTTPException) as error:
                return self._failed(f"{type(error).__name__}: {error}")
            if lease is not None:
                self._sent_newest = newest
                return self._ship(spool, lease)
        return IDLE_S

    def _ship(self, spool: Spool, lease: Lease) -> float:
        body = encoded_batch(lease)
        headers = self._headers
        if len(body) >= COMPRESS_FROM:
            body = _gzipped(body)
            headers = {**headers, "Content-Encoding": "gzip"}
        self.sent.requests += 1
        self._asked_to_wait = False
        try:
            answer = self._transport.post(body, {**headers, BACKLOG: self._backlog(spool, lease)})
        except (OSError, http.client.HTTPException) as error:
            spool.release(lease)
            return self._failed(f"{type(error).__name__}: {error}")
        except BaseException:
            spool.release(lease)
            raise
        return self._judge(spool, lease, answer)

    def _backlog(self, spool: Spool, lease: Lease) -> str:
        """What is left beside this batch. Counting is not free: once in `COUNTED_S`."""
        now = time.monotonic()
        if self._counted is None or now - self._counted_at > COUNTED_S:
            self._counted, self._counted_at = spool.held(), now
        size = sum(map(len, lease.payloads))
        self._counted = Held(max(self._counted.exchanges - len(lease.seqs), 0), max(self._counted.bytes - size, 0))
        return f"{self._owner[0]} {self._counted.exchanges} {self._counted.bytes}"

    def _judge(self, spool: Spool, lease: Lease, answer: Answer) -> float:
        if answer.status == 200:
            try:
                stored = msgspec.json.decode(answer.body, type=Stored)
            except (msgspec.DecodeError, UnicodeDecodeError):
                spool.release(lease)
                return self._failed("the answer 200 is not an Apitrail server's", say_it=True)
            self._stored(spool, lease, stored)
            return 0.0
        too_much = answer.status == 413 or (answer.status in (400, 422) and _is_ours(answer.body))
        if too_much and (lease.seqs or lease.losses):
            if len(lease.seqs) <= 1:
                self._refused(spool, lease, answer)
            else:
                self._batch = max(1, len(lease.seqs) // 2)
                spool.release(lease)
            return 0.0
        spool.release(lease)
        if answer.status in (401, 403):
            wait = self._failed(f"answer {answer.status}: set a valid token (APITRAIL_TOKEN)", say_it=True)
            return max(wait, UNAUTHORIZED_S)
        wait = self._failed(f"answer {answer.status}", say_it=answer.status in (400, 404, 405, 422))
        self._asked_to_wait = answer.retry_after is not None
        return max(wait, min(answer.retry_after or 0.0, RETRY_AFTER_MOST_S))

    def _stored(self, spool: Spool, lease: Lease, stored: Stored) -> None:
        losses = [
            self._refusal(1, f"{refusal.field}: {refusal.reason}" if refusal.field else refusal.reason)
            for refusal in stored.refused
            if 0 <= refusal.index < len(lease.seqs)
        ]
        spool.ack(lease, losses)
        # More waits than goes into a batch: what is fresh must not wait for all of it.
        self._catching_up = self._counted is not None and self._counted.exchanges > 0
        self.sent.stored += stored.stored
        self.sent.duplicates += stored.duplicates
        self.sent.refused += len(losses)
        self.sent.last_stored_at = datetime.now(UTC)
        self._back_off = self._failing_since = 0.0
        self._said.clear()
        self._note("")
        self._batch = min(self._most, self._batch * 2)
        if losses:
            say(f"the server refused {len(losses)} exchanges, first for {losses[0].text}")

    def _refused(self, spool: Spool, lease: Lease, answer: Answer) -> None:
        # A single exchange that the server cannot take: it would block all that wait behind it.
        text = f"answer {answer.status} to a batch of one"
        spool.ack(lease, [self._refusal(max(1, len(lease.seqs)), text)] if lease.seqs else [])
        self.sent.refused += len(lease.seqs)
        say(f"the server refused an exchange: {text}")

    def _refusal(self, count: int, text: str) -> SpoolLoss:
        now = time.time_ns()
        return SpoolLoss(*self._owner, "refused", count, now, now, text[:500])

    def _failed(self, why: str, *, say_it: bool = False) -> float:
        self.sent.failures += 1
        self.sent.last_failure = why
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if now - self._failing_since >= AWAY_S and not self._said:
            say_it, why = True, f"{why}, for {now - self._failing_since:.0f} s now"
        if say_it and why not in self._said:
            self._said.add(why)
            say(f"the server does not take what was recorded, the spool keeps it: {why}. `apitrail doctor` says more")
        self._note(self.sent.last_failure)
        self._back_off = min(BACK_OFF_MOST_S, self._back_off * 2 or BACK_OFF_FIRST_S)
        return self._back_off * (0.5 + self._chance() / 2)

    def _note(self, failure: str) -> None:
        """Leave word in the spool of how sending goes, where that has changed."""
        if failure != self._noted:
            with suppress(SpoolUnusable):
                self._spools[0].note(self._url, failure)
                self._noted = failure


def encoded_batch(lease: Lease) -> bytes:
    """The request's body: exchanges as they lie in the spool, not decoded again."""
    batch: dict[str, object] = {"exchanges": [msgspec.Raw(payload) for payload in lease.payloads]}
    if lease.losses:
        batch["losses"] = [_travelling(loss) for loss in lease.losses]
    return msgspec.msgpack.encode(batch)


def _travelling(loss: SpoolLoss) -> Loss:
    return Loss(
        recorder=loss.recorder,
        host=loss.host,
        process=loss.process,
        reason=loss.reason,
        count=loss.count,
        first_at=EPOCH + timedelta(microseconds=loss.first_ns // 1000),
        last_at=EPOCH + timedelta(microseconds=loss.last_ns // 1000),
        text=loss.text,
    )


def _gzipped(body: bytes) -> bytes:
    # Level 1: the processor is the host's. zlib lets other threads run meanwhile.
    squeezer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return squeezer.compress(body) + squeezer.flush()


def _is_ours(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
