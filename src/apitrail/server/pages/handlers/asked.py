"""What every page's handler does: read the address, and draw what its page made of it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from apitrail.entry import Entry
from apitrail.server.known import Known
from apitrail.server.pages import errors, language, templating
from apitrail.server.pages.query import PageQuery, canonical
from apitrail.server.pages.reader import Reader
from apitrail.store import Store

Asked = Request[Any, Any, Any]

A_YEAR = 365 * 24 * 3600


def asked(request: Asked, known: Known, *own: str) -> tuple[PageQuery, Reader]:
    """What the address asks for, and who reads it. Parameters that are the page's `own` are not the query's."""
    query = PageQuery.read({name: value for name, value in request.query_params.dict().items() if name not in own})
    return query, Reader.of(request, query, known)


def drawn(name: str, page: object, reader: Reader, query: PageQuery, status: int = 200) -> Response[str]:
    """A page by its template, drawn here and now: handlers have a thread, and the loop is needed for what comes in.

    A language that the address names is remembered.
    """
    answer = templating.rendered(name, page, reader, status)
    if query.lang and reader.words.language == query.lang:
        answer.set_cookie(key=language.COOKIE, value=query.lang, max_age=A_YEAR, samesite="lax", httponly=True)
    return answer


def found_entry(store: Store, entry_id: str) -> Entry:
    """The entry, however its id is written. Raises Missing."""
    found = store.entry(canonical(entry_id)) if canonical(entry_id) else None
    if found is None:
        raise errors.Missing(entry_id)
    return found
