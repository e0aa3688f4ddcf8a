"""One side's body as a view sees it: kept bytes, and their text where they are text."""

from __future__ import annotations

import codecs
from functools import cached_property

from msgspec import Struct

from apitrail.entry import Payload

SHOWN = 60_000
"""Characters of a body that are shown before one asks for all of it: 200,000 took a browser a second to lay out."""

FIRST = 20_000
"""Of these, characters that are shown before one scrolls on, where the form can go on: a screen and more."""

LAID_OUT = 500_000
"""Characters that are laid out even then: the rest of a longer body is in its raw view. Laying out takes about a
microsecond a character, from everybody's server."""

_TEXTUAL = ("text/", "application/json", "application/xml", "application/x-www-form-urlencoded", "application/graphql")


class Content(Struct, kw_only=True, dict=True):
    """The kept bytes of one body (the head, where it was cut) and what was declared of them."""

    data: bytes
    content_type: str = ""
    charset: str | None = None
    cut: bool = False
    """The rest was not kept, or was never read: what is here need not be well-formed."""
    whole: bool = False
    """Show all that is kept, however long."""
    link: str = ""
    """Where the bytes themselves are served."""

    @classmethod
    def of(cls, payload: Payload, *, link: str, whole: bool = False) -> Content:
        return cls(
            data=payload.body,
            content_type=payload.content_type or "",
            charset=payload.charset,
            cut=payload.truncated or payload.incomplete,
            whole=whole,
            link=link,
        )

    @cached_property
    def media_type(self) -> str:
        """Lower case, without parameters; empty where none was declared."""
        return self.content_type.partition(";")[0].strip().lower()

    @cached_property
    def text(self) -> str | None:
        """The body as text; None where it is not text. Bytes that do not fit the charset become U+FFFD."""
        if self.charset is None:
            if not self.media_type.startswith(_TEXTUAL) and not self.media_type.endswith(("+json", "+xml")):
                return None
            if b"\0" in self.data[:1024]:
                return None
        return decode(self.data, self.charset)

    @property
    def most(self) -> int:
        """How many characters of the text are laid out."""
        return LAID_OUT if self.whole else SHOWN

    @property
    def first(self) -> int:
        """The same for a form that can go on from there."""
        return LAID_OUT if self.whole else FIRST

    @cached_property
    def shown(self) -> str:
        """As much of the text as is laid out."""
        return (self.text or "")[: self.most]

    @property
    def raw(self) -> str:
        """As much of the text as is shown as it is."""
        return self.text or "" if self.whole else self.shown

    @property
    def more(self) -> int:
        """Characters that are kept but not shown."""
        return len(self.text or "") - len(self.raw)

    @cached_property
    def opening(self) -> str:
        """The first characters after a byte order mark and white space, lower case: what a view may sniff at."""
        return (self.text or "")[:2000].lstrip("\ufeff \t\r\n")[:200].lower()


def decode(data: bytes, charset: str | None) -> str:
    """Text of the bytes. A charset that Python does not know is read as UTF-8, byte by byte where need be."""
    try:
        codec = codecs.lookup(charset or "utf-8").name
        return data.decode("utf-8-sig" if codec == "utf-8" else codec, "replace")
    except (LookupError, UnicodeError, ValueError):
        return data.decode("utf-8", "replace")
