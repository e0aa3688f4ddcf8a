"""For those who watch the server: does the process live, and can it serve?"""

from __future__ import annotations

import anyio
from litestar import get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from msgspec import Struct

from apitrail.server.access import OPEN
from apitrail.server.answers import STORE_RETRY_S
from apitrail.server.openapi import Operation
from apitrail.server.problems import Problem
from apitrail.store import Store, Writer


class Health:
    """What the server knows of itself."""

    stopping = False

    def __init__(self) -> None:
        # Apart from the threads that pages wait in: a server whose readers are all busy must not seem unready.
        self.threads = anyio.CapacityLimiter(4)


class Ready(Struct, frozen=True):
    """The store answers."""

    status: str = "ready"


@get("/healthz", opt={"access": OPEN}, media_type=MediaType.TEXT, sync_to_thread=False)
def healthz() -> str:
    """The process lives and serves."""
    return "ok"


@get(
    "/readyz",
    opt={"access": OPEN, "operation": Operation(summary="Is the log ready?", answer=Ready, errors=(503,))},
)
async def readyz(
    store: NamedDependency[Store], writer: NamedDependency[Writer], health: NamedDependency[Health]
) -> Ready:
    """Whether the store answers and accepts entries. If it does not, or if the server is stopping, the response is 503
    with the reason.
    """
    if health.stopping:
        raise Problem("the server is stopping", fix="Try again soon.", status=503, retry_after=STORE_RETRY_S)
    await anyio.to_thread.run_sync(store.check, limiter=health.threads)
    writer.check()
    return Ready()


routes = [healthz, readyz]
