"""What a worker does: batch after batch, until the server closes its end."""

from __future__ import annotations

import gc
import logging
import pickle
import socket
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from apitrail.profiles import NOBODY, Profiles, Registered
from apitrail.server.batch import Refusal
from apitrail.server.digest import Deriver, Digest, place
from apitrail.server.masking import redactor
from apitrail.server.problems import Fault, Problem
from apitrail.server.workers.frames import Channel, Gone
from apitrail.store import Batch as Rows
from apitrail.store.block import Block

log = logging.getLogger("apitrail.server")

_COLLECT_BYTES = 16 << 20
"""Of batches, after which cycles are looked for."""


class Terms(Struct, frozen=True):
    """What a worker is told first."""

    key: bytes
    """Of the fingerprints of masked secrets."""
    max_batch: int
    max_exchanges: int


class Job(Struct, frozen=True):
    """A batch to digest. Its data are the message's next part; if `registered`, one more part has the table of
    registered integrations, which holds from then on.
    """

    kind: str
    coding: str
    registered: bool


class Done(Struct, frozen=True, tag=True):
    """The digest. Four parts for each block follow, then the losses."""

    refused: list[Refusal]
    refused_losses: list[Refusal]


class Refused(Struct, frozen=True, tag=True):
    """A Problem with the batch as a whole."""

    fault: Fault
    status: int
    retry_after: int | None


_encode = msgspec.msgpack.Encoder().encode
_read_terms = msgspec.msgpack.Decoder(Terms).decode
_read_job = msgspec.msgpack.Decoder(Job).decode
_read_answer = msgspec.msgpack.Decoder(Done | Refused).decode


def terms_message(terms: Terms) -> list[bytes]:
    """The first message to a worker."""
    return [_encode(terms)]


def job_message(data: bytes, kind: str, coding: str, registered: Registered | None) -> list[bytes]:
    """A batch; `registered` where the worker does not have this table yet."""
    message = [_encode(Job(kind, coding, registered is not None)), data]
    if registered is not None:
        message.append(pickle.dumps(registered))
    return message


def read_answer(message: Sequence[bytes]) -> Digest:
    """What came of a batch. Raises Problem."""
    answer = _read_answer(message[0])
    if isinstance(answer, Refused):
        fault = answer.fault
        raise Problem(
            fault.reason,
            fix=fault.fix,
            field=fault.field,
            value=fault.value,
            status=answer.status,
            retry_after=answer.retry_after,
        )
    parts = message[1:-1]
    blocks = [Block(*parts[at : at + 4]) for at in range(0, len(parts), 4)]
    return Digest(Rows(blocks, message[-1]), answer.refused, answer.refused_losses)


def work(end: socket.socket, profiles: Profiles) -> None:
    """Digests what comes, until the other side closes."""
    # A batch makes many objects, nearly none in cycles, and drops them all at its end: looking for cycles meanwhile
    # takes an eighth of the time, and after every batch still 2.5 µs an exchange, for what is there for good.
    gc.disable()
    done = 0
    channel = Channel(end)
    try:
        terms = _read_terms(channel.receive()[0])
        deriver = Deriver(
            profiles, redactor(terms.key, profiles), max_batch=terms.max_batch, max_exchanges=terms.max_exchanges
        )
        registered = NOBODY
        while True:
            head, data, *table = channel.receive()
            job = _read_job(head)
            if job.registered:
                registered = pickle.loads(table[0])  # noqa: S301, the server that forked this process wrote it
            channel.send(_answer(deriver, data, job, registered))
            done += len(data)
            if done >= _COLLECT_BYTES:
                gc.collect()
                done = 0
    except Gone:
        return
    except Exception as error:
        log.error("a worker process failed: %s", place(error))


def _answer(deriver: Deriver, data: bytes, job: Job, registered: Registered) -> list[bytes]:
    try:
        digest = deriver.digest(data, job.kind, job.coding, registered)
    except Problem as problem:
        return [_encode(Refused(problem.fault, problem.status, problem.retry_after))]
    message = [_encode(Done(digest.refused, digest.refused_losses))]
    for block in digest.rows.blocks:
        message += (block.ids, block.times, block.data, block.tally)
    message.append(digest.rows.losses)
    return message
