"""`/api/v1/integrations`: the host system tells which integrations it has.

To register needs the right to ingest, and no more: who holds an ingest token may state any integration, with its name,
merchant and link, on every call it sends; a registration says the same of calls that state nothing. A third kind of
token would be one more secret to hand to the same program. Entries that are in the log stay as they are.
"""

from __future__ import annotations

import anyio
from litestar import get, put
from litestar.di import NamedDependency

from apitrail.recorder.redact import Redactor
from apitrail.server.access import INGEST
from apitrail.server.answers import AnyRequest
from apitrail.server.filters import parse
from apitrail.server.openapi import EXAMPLE_INTEGRATIONS, Operation
from apitrail.server.registry import (
    BODY_LIMIT,
    RegistrationsAnswer,
    RegistrationsWish,
    Registry,
    read_wishes,
    register,
    registered,
)
from apitrail.store import Store

PATH = "/api/v1/integrations"


@put(
    PATH,
    status_code=200,
    request_max_body_size=BODY_LIMIT,
    opt={
        "access": INGEST,
        "operation": Operation(
            summary="Register integrations",
            answer=RegistrationsAnswer,
            body=RegistrationsWish,
            example=EXAMPLE_INTEGRATIONS,
            errors=(400, 401, 403, 413, 503),
        ),
    },
)
async def put_integrations(
    request: AnyRequest,
    store: NamedDependency[Store],
    registry: NamedDependency[Registry],
    redactor: NamedDependency[Redactor],
) -> RegistrationsAnswer:
    """Keeps these in the place of what was registered by the same `side` and `id`; others stay as they are.

    Calls that come in from then on (within a second on other servers) are put down to them: by the platform's account
    (`accounts`, or the id itself), by the host of a shop that runs on its own (`hosts`), or by the id that a caller
    states. Either all are kept or, where one cannot be, none. Send `enabled: false` for one that is switched off.
    """
    parse(request.scope["query_string"], ())
    wishes = read_wishes(await request.body())
    kept = await anyio.to_thread.run_sync(register, store, redactor, wishes)
    await anyio.to_thread.run_sync(registry.forget)
    return kept


@get(
    PATH,
    opt={
        "operation": Operation(
            summary="List registered integrations", answer=RegistrationsAnswer, errors=(400, 401, 403, 503)
        )
    },
    sync_to_thread=True,
)
def list_integrations(request: AnyRequest, store: NamedDependency[Store]) -> RegistrationsAnswer:
    """All of them, by side and id. Settings whose names are those of secrets are masked."""
    parse(request.scope["query_string"], ())
    return registered(store)


routes = [put_integrations, list_integrations]
