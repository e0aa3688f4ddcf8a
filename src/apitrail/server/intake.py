"""From a batch's bytes to entries on their way to the disk: read, check, mask, name, derive, submit.

The same for what comes over HTTP and for a file that a command imports by itself. It blocks and computes: call it on
a worker thread. Safe to call from several at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import Struct

from apitrail.entry import Entry
from apitrail.exchange import Exchange
from apitrail.profiles import NOBODY, Profiles, Registered
from apitrail.recorder.redact import Redactor
from apitrail.server.batch import Batch, Refusal, read_batch, refusal
from apitrail.server.identity import Namer
from apitrail.server.masking import masked
from apitrail.server.problems import Problem
from apitrail.store import BadEntry, Busy, Writer
from apitrail.store import Batch as Rows
from apitrail.store.block import Block, encode, encode_losses
from apitrail.store.model import Written

log = logging.getLogger("apitrail.server")

T = TypeVar("T")
Encoded = TypeVar("Encoded")


class Accepted(Struct, frozen=True):
    """What became of a batch. All that is not refused is durable when this is answered."""

    stored: int
    duplicates: int
    """Exchanges that were in the log already, by id."""
    refused: list[Refusal]
    refused_losses: list[Refusal]

    @classmethod
    def of(cls, batch: Batch, written: Written | None) -> Accepted:
        """None where there was nothing to write."""
        stored, duplicates = (written.stored, written.duplicates) if written else (0, 0)
        return cls(stored, duplicates, batch.refused, batch.refused_losses)


class Intake:
    """The one way into the log."""

    def __init__(
        self,
        writer: Writer,
        profiles: Profiles,
        redactor: Redactor,
        max_exchanges: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        registered: Callable[[], Registered] = lambda: NOBODY,
    ) -> None:
        self._writer = writer
        self._profiles = profiles
        self._redactor = redactor
        self._max_exchanges = max_exchanges
        self._now = now
        self._registered = registered

    def submit(self, data: bytes, kind: str) -> tuple[Batch, Future[Written] | None]:
        """The batch as it was read, and what tells when it is durable (None where nothing is to be written).

        Raises Problem: 400 and 413 as `read_batch`, 429 where the writer is behind; StoreError where it was never told
        which integrations there are. The future raises StoreError.
        """
        now = self._now()
        batch = read_batch(data, kind, now=now, max_exchanges=self._max_exchanges)
        rows = self._rows(batch, now)
        if not rows.size:
            return batch, None
        try:
            return batch, self._writer.submit_batch(rows)
        except Busy as busy:
            raise Problem(
                "the store is behind with writing",
                fix="Send it again after Retry-After.",
                status=429,
                retry_after=busy.retry_after,
            ) from busy

    def _rows(self, batch: Batch, now: datetime) -> Rows:
        """What is to be written; what cannot be is added to the batch's refusals."""
        namer = Namer()
        registered = self._registered()
        entries: list[tuple[int, Entry]] = []
        for index, exchange in zip(batch.indices, batch.exchanges, strict=True):
            try:
                entries.append((index, self._entry(exchange, namer, now, registered)))
            except Exception as error:
                batch.refused.append(_refused(index, error))
        block = _encoded(encode, entries, batch.refused)
        losses = _encoded(encode_losses, list(enumerate(batch.losses)), batch.refused_losses)
        batch.refused.sort(key=lambda one: one.index)
        blocks: list[Block] = [block] if block else []
        return Rows(blocks, losses or b"")

    def _entry(self, exchange: Exchange, namer: Namer, now: datetime, registered: Registered) -> Entry:
        exchange = masked(exchange, self._redactor)
        if not exchange.id:
            exchange.id = namer.name(exchange)
        return self._profiles.entry(exchange, received_at=now, registered=registered)


def _encoded(
    encoder: Callable[[Sequence[T]], Encoded], given: list[tuple[int, T]], refused: list[Refusal]
) -> Encoded | None:
    """All of them encoded; where that fails, those that can be, and the others refused by their index."""
    try:
        return encoder([one for _, one in given]) if given else None
    except Exception:
        good = []
        for index, one in given:
            try:
                encoder([one])
            except Exception as error:
                refused.append(_refused(index, error))
            else:
                good.append(one)
        return encoder(good) if good else None


def _refused(index: int, error: Exception) -> Refusal:
    """One that could be read and still cannot be kept: it must cost itself, and not its batch, for ever."""
    if isinstance(error, BadEntry):
        return refusal(index, "$", str(error), "Send it as /docs describes an exchange.")
    # A mistake of ours. Logged by its type and place: its text may quote the exchange.
    log.error("an exchange could not be derived: %s", _place(error))
    return refusal(
        index, "$", "the server failed on it; its log says where", "Please report this as a bug of Apitrail."
    )


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__qualname__}{where}"
