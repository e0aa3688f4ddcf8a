"""The pages' addresses. All of them only read; all work without a script.

Each handler reads the address, asks its page, and no more.
"""

from __future__ import annotations

from litestar import Router, get
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from apitrail.server.access import OPEN
from apitrail.server.pages import errors, templating
from apitrail.server.pages.handlers import boards, entries, helps, lists
from apitrail.server.pages.handlers.asked import A_YEAR
from apitrail.server.pages.headers import guard
from apitrail.store.model import StoreError


def common_sheet() -> bytes:
    """The style of all pages."""
    return templating.common_sheet()


def routes() -> list[ControllerRouterHandler]:
    """Every page, and the files that they need."""
    pages = Router(
        "/",
        route_handlers=[*lists.HANDLERS, *entries.HANDLERS, *boards.HANDLERS, *helps.HANDLERS],
        after_request=guard,
        exception_handlers={errors.Missing: errors.shown, StoreError: errors.shown},
        include_in_schema=False,
    )
    sheet = get(
        f"{templating.static_path()}/common.css",
        media_type="text/css",
        cache_control=CacheControlHeader(public=True, max_age=A_YEAR, immutable=True),
        opt={"access": OPEN},
        include_in_schema=False,
        sync_to_thread=False,
    )(common_sheet)
    files = create_static_files_router(
        path=templating.static_path(),
        directories=[templating.STATIC],
        cache_control=CacheControlHeader(public=True, max_age=A_YEAR, immutable=True),
        opt={"access": OPEN},
    )
    return [pages, sheet, files]
