"""From a batch's bytes to what the store takes: unpack, read, check, mask, name, derive, encode.

All of a batch's cost of computing is here, and nothing else: no I/O, no store. So it can be done in this process or
in another one: see `apitrail.server.workers`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from apitrail.entry import Incoming
from apitrail.exchange import Exchange
from apitrail.profiles import Profiles, Registered
from apitrail.recorder.redact import Redactor
from apitrail.server.batch import Batch, Refusal, read_batch, refusal
from apitrail.server.identity import Namer
from apitrail.server.masking import masked
from apitrail.server.unpack import unpack
from apitrail.store import BadEntry
from apitrail.store import Batch as Rows
from apitrail.store.block import Block
from apitrail.store.encoding import encode, encode_losses

log = logging.getLogger("apitrail.server")

_BLOCK_ROWS = 200
_BLOCK_BYTES = 4 << 20
"""What is encoded together: enough to share the work, and little enough to be in a processor's cache still."""
_SMALL = 16 << 10
_PACKED = 8
"""How many times smaller a compressed batch is taken to be."""

T = TypeVar("T")
Encoded = TypeVar("Encoded")


class Digest(Struct, frozen=True):
    """What the store takes of a batch, and what its sender must be told."""

    rows: Rows
    refused: list[Refusal]
    refused_losses: list[Refusal]


class Digester(Protocol):
    """Whoever does the work."""

    def digest(self, data: bytes, kind: str, coding: str, registered: Registered) -> Digest:
        """`data` as sent: batches of `kind` in the content coding `coding`. Blocks. Raises Problem: 400, 413, 415."""


def is_small(data: bytes, coding: str) -> bool:
    """Whether a batch is digested sooner than it could be handed on: about ten exchanges."""
    return len(data) * (_PACKED if coding else 1) <= _SMALL


class Deriver:
    """Does the work in this process. Safe to use from several threads."""

    def __init__(
        self,
        profiles: Profiles,
        redactor: Redactor,
        *,
        max_batch: int,
        max_exchanges: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._profiles = profiles
        self._redactor = redactor
        self._max_batch = max_batch
        self._max_exchanges = max_exchanges
        self._now = now

    def digest(self, data: bytes, kind: str, coding: str, registered: Registered) -> Digest:
        """See Digester."""
        now = self._now()
        whole = unpack(data, coding, self._max_batch)
        batch = read_batch(whole, kind, now=now, max_exchanges=self._max_exchanges)
        return Digest(self._rows(batch, now, registered), batch.refused, batch.refused_losses)

    def _rows(self, batch: Batch, now: datetime, registered: Registered) -> Rows:
        """What is to be written; what cannot be is added to the batch's refusals."""
        namer = Namer()
        blocks: list[Block] = []
        entries: list[tuple[int, Incoming]] = []
        size = 0

        def encode_these() -> None:
            block = _encoded(encode, entries, batch.refused)
            if block is not None:
                blocks.append(block)

        for index, exchange in batch.exchanges():
            try:
                incoming = self._incoming(exchange, namer, now, registered)
            except Exception as error:
                batch.refused.append(_refused(index, error))
                continue
            entries.append((index, incoming))
            entry = incoming.entry
            size += len(entry.request.body) + (len(entry.response.body) if entry.response else 0)
            if len(entries) >= _BLOCK_ROWS or size >= _BLOCK_BYTES:
                encode_these()
                entries, size = [], 0
        encode_these()
        losses = _encoded(encode_losses, list(enumerate(batch.losses)), batch.refused_losses)
        batch.refused.sort(key=lambda one: one.index)
        return Rows(blocks, losses or b"")

    def _incoming(self, exchange: Exchange, namer: Namer, now: datetime, registered: Registered) -> Incoming:
        exchange = masked(exchange, self._redactor)
        if not exchange.id:
            exchange.id = namer.name(exchange)
        return self._profiles.incoming(exchange, received_at=now, registered=registered)


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
    log.error("an exchange could not be derived: %s", place(error))
    return refusal(
        index, "$", "the server failed on it; its log says where", "Please report this as a bug of Apitrail."
    )


def place(error: BaseException) -> str:
    """An error by its type and where it was raised, without its text, which may quote an exchange."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__qualname__}{where}"
