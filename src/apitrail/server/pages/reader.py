"""Who reads a page: their language, their zone, and when."""

from __future__ import annotations

from typing import Any

from litestar import Request
from msgspec import Struct

from apitrail.server.pages import clock, language
from apitrail.server.pages.clock import Clock
from apitrail.server.pages.language import Words
from apitrail.server.pages.query import PageQuery


class Reader(Struct, frozen=True):
    words: Words
    clock: Clock

    @classmethod
    def of(cls, request: Request[Any, Any, Any], query: PageQuery) -> Reader:
        cookies = request.cookies
        return cls(
            words=language.choose(
                query.lang, cookies.get(language.COOKIE, ""), request.headers.get("accept-language", "")
            ),
            clock=Clock.of(query.tz, cookies.get(clock.COOKIE, "")),
        )
