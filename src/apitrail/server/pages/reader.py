"""Who reads a page: their language, their zone, when, and what platforms are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request
from msgspec import Struct

from apitrail.profiles import Action, Profiles
from apitrail.server.pages import clock, language
from apitrail.server.pages.clock import Clock
from apitrail.server.pages.language import Words
from apitrail.server.pages.query import PageQuery


class Reader(Struct, frozen=True):
    words: Words
    clock: Clock
    actions: Mapping[str, Action]
    platforms: Mapping[str, str]
    """Id → name, of the platforms that have a profile."""

    @classmethod
    def of(cls, request: Request[Any, Any, Any], query: PageQuery, profiles: Profiles | None = None) -> Reader:
        cookies = request.cookies
        return cls(
            words=language.choose(
                query.lang, cookies.get(language.COOKIE, ""), request.headers.get("accept-language", "")
            ),
            clock=Clock.of(query.tz, cookies.get(clock.COOKIE, "")),
            actions=profiles.actions if profiles else {},
            platforms=profiles.platforms if profiles else {},
        )

    def platform(self, name: str) -> str:
        """What people call the platform."""
        return self.platforms.get(name, name)
