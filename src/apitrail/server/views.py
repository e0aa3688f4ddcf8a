"""`/api/v1/views`: filters of the page under a name, shared by everyone who reads the log.

To keep or forget one needs the right to read and no more: a view shows nothing that its reader may not see, and changes
no entry. One's own views stay in the browser and never come here.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs

import anyio
import msgspec
from litestar import delete, get, put
from litestar.di import NamedDependency
from msgspec import Struct

from apitrail.server.answers import AnyRequest
from apitrail.server.batch import place_of
from apitrail.server.filters import one_of, parse
from apitrail.server.login import refuse_other_sites
from apitrail.server.openapi import Operation, Parameter
from apitrail.server.pages.query import PARAMETERS, PageQuery
from apitrail.server.problems import Problem
from apitrail.server.shared import SharedViews
from apitrail.store import Store

PATH = "/api/v1/views"
MANY = 200
"""Shared views in all."""
NAME_LENGTH = 60
QUERY_LENGTH = 4000


class ViewWish(Struct, frozen=True, forbid_unknown_fields=True):
    """A view to save. It replaces a view with the same name."""

    name: str
    query: str
    """As in the address of the page: `outcome=platform_error&range=7d`."""


class ViewAnswer(Struct, frozen=True):
    """A shared view."""

    name: str
    query: str
    """The page's address after the question mark."""
    changed_at: datetime


class ViewsAnswer(Struct, frozen=True):
    """The shared views, by name."""

    views: list[ViewAnswer]


@get(
    PATH,
    opt={"operation": Operation(summary="List shared views", answer=ViewsAnswer, errors=(400, 401, 403, 503))},
)
async def list_views(request: AnyRequest, store: NamedDependency[Store]) -> ViewsAnswer:
    """All shared views, sorted by name."""
    parse(request.scope["query_string"], ())
    return await anyio.to_thread.run_sync(_all, store)


@put(
    PATH,
    status_code=200,
    opt={
        "operation": Operation(
            summary="Save a shared view",
            answer=ViewsAnswer,
            body=ViewWish,
            example={"name": "Shopee, failed", "query": "platform=shopee&outcome=request_error&outcome=platform_error"},
            errors=(400, 401, 403, 413, 503),
        )
    },
)
async def put_view(
    request: AnyRequest, store: NamedDependency[Store], shared: NamedDependency[SharedViews]
) -> ViewsAnswer:
    """Saves a view for everyone and returns all views. It replaces a view with the same name."""
    refuse_other_sites(request)
    parse(request.scope["query_string"], ())
    wish = read_wish(await request.body())
    kept = await anyio.to_thread.run_sync(_keep, store, wish)
    await anyio.to_thread.run_sync(shared.forget)
    return kept


@delete(
    PATH,
    status_code=200,
    opt={
        "operation": Operation(
            summary="Delete a shared view",
            answer=ViewsAnswer,
            parameters=(
                Parameter(name="name", about="The name of the view.", example="Shopee, failed", required=True),
            ),
            errors=(400, 401, 403, 404, 503),
        )
    },
)
async def delete_view(
    request: AnyRequest, store: NamedDependency[Store], shared: NamedDependency[SharedViews]
) -> ViewsAnswer:
    """Deletes a view for everyone and returns the remaining ones. The entries that it showed are not changed."""
    refuse_other_sites(request)
    name = one_of(parse(request.scope["query_string"], ("name",)), "name") or ""
    left = await anyio.to_thread.run_sync(_forget, store, name)
    await anyio.to_thread.run_sync(shared.forget)
    return left


def read_wish(data: bytes) -> ViewWish:
    """A view as it is kept: its name without spaces around it, its query as the page writes it. Raises Problem."""
    try:
        wish = msgspec.json.decode(data, type=ViewWish)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        field, reason = place_of(error)
        raise Problem(reason, field=field, fix='Send {"name": "Failed", "query": "outcome=platform_error"}.') from error
    name = wish.name.strip()
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        raise Problem(
            "is not a name for a view",
            field="$.name",
            value=wish.name,
            fix=f"Give 1 to {NAME_LENGTH} characters that can be printed.",
        )
    if len(wish.query) > QUERY_LENGTH:
        raise Problem(
            "is too long", field="$.query", value=len(wish.query), fix=f"Give at most {QUERY_LENGTH} characters."
        )
    given = parse_qs(wish.query.removeprefix("?"), keep_blank_values=True)
    if unknown := next((one for one in given if one not in PARAMETERS), None):
        raise Problem(
            f"asks for something that the page does not know: {unknown}",
            field="$.query",
            value=wish.query,
            fix="Take it from the address of the page.",
        )
    asked = PageQuery.read(given)
    if asked.misread:
        wrong = asked.misread[0]
        raise Problem(
            f"asks for something that the page does not understand: {wrong.field}",
            field="$.query",
            value=wrong.value,
            fix="Take it from the address of the page.",
        )
    return ViewWish(name, asked.but(open="", cursor=None, lang="").url().partition("?")[2])


def _keep(store: Store, wish: ViewWish) -> ViewsAnswer:
    known = {one.name for one in store.views()}
    if wish.name not in known and len(known) >= MANY:
        raise Problem(
            f"there are {MANY} shared views already", field="$.name", value=wish.name, fix="Forget one of them first."
        )
    store.keep_view(wish.name, wish.query)
    return _all(store)


def _forget(store: Store, name: str) -> ViewsAnswer:
    if not store.forget_view(name):
        raise Problem(
            "there is no shared view of that name", field="name", value=name, fix=f"GET {PATH} lists them.", status=404
        )
    return _all(store)


def _all(store: Store) -> ViewsAnswer:
    return ViewsAnswer([ViewAnswer(one.name, one.query, one.changed_at) for one in store.views()])


routes = [list_views, put_view, delete_view]
