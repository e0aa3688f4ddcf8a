"""`/api/v1/stats`: what the log takes and how long it is kept."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from apitrail.server.answers import AnyRequest
from apitrail.server.filters import parse
from apitrail.server.openapi import Operation, Parameter
from apitrail.server.settings import Settings
from apitrail.server.usage import MOST_DAYS, StorageAnswer, read_days, storage
from apitrail.store import Store


@get(
    "/api/v1/stats",
    opt={
        "operation": Operation(
            summary="Get the size of the log, by day and by sender",
            answer=StorageAnswer,
            parameters=(
                Parameter(
                    name="days",
                    about="How many days back the data of actions and integrations is counted.",
                    kind="integer",
                    least=1,
                    most=MOST_DAYS,
                    example=30,
                ),
            ),
            errors=(400, 401, 403, 422, 503),
        )
    },
    sync_to_thread=True,
)
def get_stats(request: AnyRequest, store: NamedDependency[Store], settings: NamedDependency[Settings]) -> StorageAnswer:
    """Entries and bytes on the disk by day, the actions and integrations with the most data, how long entries are kept,
    what was removed, what is pinned, and when the disk will be full at this rate.
    """
    asked = parse(request.scope["query_string"], ("days",))
    return storage(store, settings, read_days(asked["days"][0] if asked.get("days") else None, "days"))
