"""`POST /api/v1/exchanges`: answers only when all that it took is durable.

Reading is on the event loop; all that costs time is on worker threads, so that pages stay quick while batches come.
Memory is bounded: a batch by `max_batch`, all of them together by `in_flight`. What does not fit now is answered with
429 and comes again: recorders delete nothing before we said that it is stored.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from litestar import post
from litestar.di import NamedDependency
from litestar.exceptions import InternalServerException

from apitrail.server.access import INGEST
from apitrail.server.answers import AnyRequest
from apitrail.server.backlogs import HEADER, Backlogs
from apitrail.server.batch import media_type
from apitrail.server.digest import is_small
from apitrail.server.intake import Accepted, Intake
from apitrail.server.openapi import EXAMPLE_BATCH, BatchBody, Operation, Parameter
from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.server.unpack import CODINGS, too_large
from apitrail.store.model import Written

_BUSY_RETRY_S = 1


class Allowance:
    """Bytes that may be worked on at once. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Raises Problem (429) while others hold too much."""
        with self._lock:
            if count > self._free:
                raise Problem(
                    "too many batches are being worked on",
                    fix="Send it again after Retry-After. The setting in_flight is the limit.",
                    status=429,
                    retry_after=_BUSY_RETRY_S,
                )
            self._free -= count

    def give_back(self, count: int) -> None:
        """Returns what was taken."""
        with self._lock:
            self._free += count


class Ingest:
    """Takes batches from requests."""

    def __init__(self, intake: Intake, settings: Settings, workers: int) -> None:
        """`workers`: how many batches can be digested at once."""
        self._intake = intake
        self._max_batch = settings.max_batch
        self._allowance = Allowance(max(settings.in_flight, settings.max_batch))  # one batch must fit
        self._threads = ThreadPoolExecutor(max(workers, 1), thread_name_prefix="ingest")
        # Small batches wait for each other only, and not for large ones.
        self._quick = ThreadPoolExecutor(1, thread_name_prefix="ingest-quick")

    async def receive(self, request: AnyRequest) -> Accepted:
        """Reads the request's batch and takes it in. Raises Problem; StoreError where it could not be written."""
        kind = media_type(request.headers.get("content-type", ""))
        coding = request.headers.get("content-encoding", "")
        announced = request.content_length or 0
        if announced > self._max_batch:
            raise too_large(self._max_batch)
        parts: list[bytes] = []
        size, held = 0, 0
        try:
            # Room for all that is announced, before the first byte: better refused now than half-way.
            self._allowance.take(announced)
            held = announced
            async for part in request.stream():
                size += len(part)
                if size > self._max_batch:
                    raise too_large(self._max_batch)
                if size > held:
                    self._allowance.take(size - held)
                    held = size
                parts.append(part)
            return await self._take(_joined(parts), kind, coding)
        except InternalServerException as error:
            raise Problem("the connection ended before the batch did", fix="Send it again.", field="body") from error
        finally:
            self._allowance.give_back(held)

    def close(self) -> None:
        """Ends the worker threads, after what they have begun."""
        self._threads.shutdown()
        self._quick.shutdown()

    async def _take(self, data: bytes, kind: str, coding: str) -> Accepted:
        threads = self._quick if is_small(data, coding) else self._threads
        loop = asyncio.get_running_loop()
        with self._intake.expecting():
            digest, written = await loop.run_in_executor(threads, self._intake.submit, data, kind, coding)
        del data
        stored: Written | None = None
        if written is not None:
            stored = await asyncio.wrap_future(written)
        return Accepted.of(digest, stored)


def _joined(parts: list[bytes]) -> bytes:
    """The parts as one, which are not kept."""
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    parts.clear()
    return data


@post(
    "/api/v1/exchanges",
    status_code=200,
    request_max_body_size=None,  # the batch has its own bound, with its own words
    opt={
        "access": INGEST,
        "operation": Operation(
            summary="Send a batch of exchanges",
            body=BatchBody,
            example=EXAMPLE_BATCH,
            packed=True,
            answer=Accepted,
            parameters=(
                Parameter(
                    name="Content-Encoding", where="header", about="How the body is compressed.", choices=CODINGS
                ),
                Parameter(
                    name="Apitrail-Backlog",
                    where="header",
                    about="What the recorder still has to send after this batch: its id, exchanges, bytes.",
                ),
            ),
            errors=(400, 401, 403, 413, 415, 429, 503),
        ),
    },
)
async def post_exchanges(
    request: AnyRequest, ingest: NamedDependency[Ingest], backlogs: NamedDependency[Backlogs]
) -> Accepted:
    """Stores the exchanges of a batch, and responds when they are stored durably.

    A batch that is sent twice is stored once. An invalid exchange is refused, with its index, the field and the reason;
    the others are stored. If no recorder has masked an exchange (it has no `recorder.version`), its secrets are masked
    before it is stored.
    """
    backlogs.hear(request.headers.get(HEADER, ""))
    return await ingest.receive(request)
