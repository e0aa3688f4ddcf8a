"""`/api/v1/recorders`: who sends, which of its entries came, and which did not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct

from apitrail.server.answers import AnyRequest
from apitrail.server.backlogs import Backlogs
from apitrail.server.filters import parse
from apitrail.server.openapi import Operation, Parameter
from apitrail.server.usage import MOST_DAYS, read_days
from apitrail.store import Store
from apitrail.store.model import RecorderRow


class RecordersAnswer(Struct, frozen=True):
    """All recorders of the last days, the one that was seen last first."""

    recorders: list[RecorderRow]


@get(
    "/api/v1/recorders",
    opt={
        "operation": Operation(
            summary="List recorders, and what is missing from each",
            answer=RecordersAnswer,
            parameters=(
                Parameter(
                    name="days", about="How many days to look back.", kind="integer", least=1, most=MOST_DAYS, example=1
                ),
            ),
            errors=(400, 401, 403, 422, 503),
        )
    },
    sync_to_thread=True,
)
def get_recorders(
    request: AnyRequest, store: NamedDependency[Store], backlogs: NamedDependency[Backlogs]
) -> RecordersAnswer:
    """Each recorder (one start of one process) with its host, its version, when it was last seen, what is waiting in
    its spool, the numbers that are missing between those that arrived, and what it reported as discarded, when and why.
    """
    asked = parse(request.scope["query_string"], ("days",))
    days = read_days(asked["days"][0], "days") if asked.get("days") else 1
    return RecordersAnswer(backlogs.beside(store.recorders(datetime.now(UTC) - timedelta(days=days))))
