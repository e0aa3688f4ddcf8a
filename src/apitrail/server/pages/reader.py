"""Who reads a page: their language, their zone, when, and what platforms are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Request
from msgspec import Struct

from apitrail.profiles import NOBODY, Profiles, Registered
from apitrail.server.known import Known
from apitrail.server.linking import LinkTemplates
from apitrail.server.pages import clock, language
from apitrail.server.pages.clock import Clock
from apitrail.server.pages.language import Words
from apitrail.server.pages.query import PageQuery
from apitrail.store.model import RecorderRow, Usual

NO_TEMPLATES = LinkTemplates()


class Reader(Struct, frozen=True):
    words: Words
    clock: Clock
    profiles: Profiles | None
    """None on a page that shows no entries."""
    registered: Registered = NOBODY
    templates: LinkTemplates = NO_TEMPLATES
    usual: Mapping[tuple[str, str], Usual] = {}
    """How long calls take, by platform and action."""
    missing: Callable[[], Sequence[RecorderRow]] = tuple
    """The recorders of which numbers have not come."""
    server_url: str = ""
    """Where this server is, as the reader reached it: for links that leave the page."""
    export_limit: int = 0
    """Entries of one download."""

    @classmethod
    def of(cls, request: Request[Any, Any, Any], query: PageQuery, known: Known | None = None) -> Reader:
        cookies = request.cookies
        return cls(
            words=language.choose(
                query.lang, cookies.get(language.COOKIE, ""), request.headers.get("accept-language", "")
            ),
            clock=Clock.of(query.tz, cookies.get(clock.COOKIE, "")),
            profiles=known.profiles if known else None,
            registered=known.registry.current() if known else NOBODY,
            templates=known.templates if known else NO_TEMPLATES,
            usual=known.durations.current() if known else {},
            missing=known.missing.current if known else tuple,
            server_url=str(request.base_url).rstrip("/"),
            export_limit=known.export_limit if known else 0,
        )

    def platform(self, name: str) -> str:
        """What people call the platform."""
        return self.profiles.platforms.get(name, name) if self.profiles else name
