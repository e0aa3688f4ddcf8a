"""Chooses the scanner for a text, by what the text looks like: platforms declare HTML and send JSON."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from apitrail.recorder.redaction import (
    cards,
    documents,
    encoded,
    graphql,
    markup,
    multipart,
    pairs,
    prose,
    serialized,
    shapes,
    tables,
)
from apitrail.recorder.redaction.layers import MASK, PERCENT, Codec, Span, decode, merged, outwards
from apitrail.recorder.redaction.names import Hits, Names
from apitrail.recorder.secrets import SCHEMES, Group, Place

Shape = Literal["json", "markup", "form", "url", "multipart", "table", "text"]

DEPTH = 16
"""Texts within texts that are followed. A JSON string in a JSON string doubles its backslashes each time, so that
16 levels would need 32,768 of them before each quote."""

_MASKED = re.compile(MASK.pattern + r"\W*+")
_HIDDEN = re.compile(
    r"\*+|•+|(?:\xe2\x80\xa2)+|[<\[(*]*(?:REDACTED|FILTERED|MASKED|HIDDEN|SECRET)[>\])*]*", re.IGNORECASE
)
"""Somebody else hid it before us; and a secret is not called secret."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9\-]{1,30}+)(?:[ \t+]|%20)++(?=\S)")
_FORM = re.compile(r"[\w.\-\[\]%+$:~*!]{1,200}+=")
_INNER = re.compile(r"[=:<\\%&@ \n\xef]")
"""Without one of these no text has a name and a value. A full-width sign begins with the last."""

_PERCENTS = re.compile(r"%(?:25)*+(?:3[ADad]|2[26])")
"""A colon, an equals sign, a quote or an ampersand, percent-encoded."""
_ANGLED = re.compile(r"[ \t\r\n]*+<[A-Za-z][A-Za-z0-9+.\-]{1,20}+://")
"""A URL in angle brackets, as in a Link header (RFC 8288 §3), is no element."""
_SPACE = re.compile(r"[ \t\r\n]")
_UNSCHEMED = frozenset(("Passwords", "PINs", "One-time codes", "Cards", "Configured"))
_MARKS = "\xef\xbb\xbf\ufeff"


class Look:
    """One look at one text, with what is known of where it stands."""

    def __init__(
        self,
        names: Names,
        *,
        answer: bool = False,
        cut_start: bool = False,
        cut_end: bool = False,
        depth: int = 0,
        level: int = 0,
    ) -> None:
        self._names = names
        self._level = level
        self._answer = answer
        self._depth = depth
        self.cut_start = cut_start
        self.cut_end = cut_end

    def find(self, text: str, shape: Shape | None = None, frame: str = "") -> list[Span]:
        """Every secret in the text, in order and without overlaps.

        `frame` tells its parts: the boundary of multipart, the heading of which the tail of a table is.
        """
        found: list[Span] = []
        if shape == "url":
            found = pairs.url(text, 0, len(text), self)
        else:
            hits = self._names.hits(text)
            if shape is None and tables.reads_as_one(text):
                shape = "table"
            if (
                hits or self.cut_start or shape in ("multipart", "table")
            ):  # whose names are written in ways of their own
                found = self._scan(text, shape or shape_of(text), hits, frame)
        long = shapes.pieces(text)
        found += shapes.spans(text, long)
        if long and self._depth == 0 and encoded.begins_in(long):  # what is deeper is seen from here, too
            in_pairs = (shape or shape_of(text)) in ("form", "url")
            found += encoded.spans(text, self._in_base64, percent=in_pairs)
        found += prose.header_values(text)
        numbers = cards.spans(text)
        if numbers:
            in_json = (shape or shape_of(text)) == "json"
            found += [_quoted(text, span) if in_json else span for span in numbers]
        return serialized.with_lengths(text, merged(found, text)) if found else found

    def sees(self, text: str) -> bool:
        """Whether there may be anything to find."""
        if self._names.hits(text) or cards.spans(text):
            return True
        long = shapes.pieces(text)
        return bool(shapes.spans(text, long)) or (
            encoded.begins_in(long) and bool(encoded.spans(text, self._in_base64, percent=False))
        )

    def secret(self, name: str, place: Place) -> list[Group]:
        return self._names.secret(name, place)

    def excepted(self, owner: str, name: str) -> bool:
        return self._names.excepted(owner, name)

    def span(self, text: str, start: int, end: int, groups: list[Group], codec: Codec, wrap: str = "") -> list[Span]:
        raw = text[start:end]
        if not groups or not raw or raw.isspace():
            return []
        if not all(group.title in _UNSCHEMED for group in groups):
            scheme = _SCHEME.match(raw)
            if scheme and (scheme[1].lower() in SCHEMES or _bare_scheme(scheme[1], groups)):
                start += scheme.end()
                raw = text[start:end]
        encoded = any(mark in raw for mark in codec.marks)
        value = decode(text, start, end, codec).text if encoded else raw
        if _MASKED.fullmatch(value) or _HIDDEN.fullmatch(value):
            return []
        if not (self.cut_end and end == len(text)) and not any(
            group.shortest <= len(value) and (not group.longest or len(value) <= group.longest) for group in groups
        ):
            return []
        if self._answer and prose.reads_as_words(value):
            return []
        return [Span(start, end, value, wrap)]

    def within(self, text: str, start: int, end: int, codec: Codec) -> list[Span]:
        if self._depth >= DEPTH or not (self.cut_start or _INNER.search(text, start, end)):
            return []
        decoded = decode(text, start, end, codec)
        inner = Look(
            self._names,
            answer=self._answer,
            cut_start=self.cut_start and start == 0,
            cut_end=self.cut_end and end == len(text),
            depth=self._depth + 1,
        )
        return outwards(inner.find(decoded.text), decoded, codec)

    def _in_base64(self, inner: str, at_the_end: bool) -> list[Span]:
        """The secrets of a text that stood in base64."""
        if self._level >= encoded.LEVELS:
            return []
        look = Look(
            self._names, answer=self._answer, cut_end=self.cut_end and at_the_end, depth=0, level=self._level + 1
        )
        return look.find(inner)

    def _scan(self, text: str, shape: Shape, hits: Hits, frame: str) -> list[Span]:
        if shape == "multipart":
            return multipart.spans(text, frame, self)
        if shape == "markup":
            return markup.spans(text, self)
        if shape == "form":
            return pairs.form(text, 0, len(text.rstrip("\r\n")), self, "form")
        if shape == "url":
            return pairs.url(text, 0, len(text), self)
        found = documents.by_key(text, self, hits.quoted) if hits.quoted else []
        if hits.named:
            found += documents.by_sibling(text, self)
        if hits.paired:
            found += documents.by_list(text, self)
        if shape == "json":
            whole = not (self.cut_start or self.cut_end) and _valid(text)
            if hits.other or not whole:
                found += documents.in_strings(text, self) + graphql.values(text, self)
            if whole or self.cut_start or self.cut_end:
                return found
        if shape == "table":
            found += tables.spans(text, frame, self)
            if not hits:
                return found
        if "<" in text and ">" in text:
            found += markup.spans(text, self)
        if serialized.may_stand_in(text):
            found += serialized.spans(text, self)
        if _PERCENTS.search(text):
            found += self.within(text, 0, len(text), PERCENT)  # a document encoded once more than its place asks for
        return found + prose.spans(text, self)


def shape_of(text: str, content_type: str = "") -> Shape:
    """What a text looks like. A declared type decides only where the looks do not."""
    first = text.lstrip(_MARKS + " \t\r\n")[:1]
    if first == "<":
        return "text" if _ANGLED.match(text) else "markup"
    if first in ("{", "["):
        return "json"
    if tables.is_declared(content_type) or tables.reads_as_one(text):
        return "table"
    if first == '"' and text.rstrip(" \t\r\n").endswith('"'):
        return "json"
    if "x-www-form-urlencoded" in content_type:
        return "form"
    head = text[:4096]
    if not _SPACE.search(text.rstrip("\r\n")) if len(text) <= 4096 else not _SPACE.search(head):
        if head.startswith("/") or "://" in head[:40]:
            return "url"
        if _FORM.match(head):
            return "form"
    return "text"


def _bare_scheme(scheme: str, groups: list[Group]) -> bool:
    """An authorization header may have a scheme that nobody registered; it has letters only."""
    return scheme.replace("-", "").isalpha() and any(group.title == "Authorization" for group in groups)


def _quoted(text: str, span: Span) -> Span:
    """A bare number of JSON becomes a string."""
    before = text[max(0, span.start - 20) : span.start].rstrip(" \t\r\n")[-1:]
    return span._replace(wrap='"') if before in (":", ",", "[") else span


def _valid(text: str) -> bool:
    try:
        msgspec.json.decode(text.lstrip(_MARKS).encode("latin-1", "replace"), type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return False
    return True
