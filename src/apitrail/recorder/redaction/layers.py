"""Spans, and text within text: a JSON document in a JSON string, XML in a percent-encoded parameter.

The inner text is decoded with a map back to the outer one, scanned for itself, and its spans are mapped outwards.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple, Protocol
from urllib.parse import quote

from apitrail.recorder.secrets import Group, Place


class Span(NamedTuple):
    """Where a secret stands in a text."""

    start: int
    end: int
    value: str
    """The secret itself, decoded: the same wherever and however it is written."""
    wrap: str = ""
    """Written around the mask: quotes, where a JSON number becomes a string."""
    echoes: bool = True
    """Whether the value is so much a secret that it is masked wherever else it is met."""
    inside: Inside | None = None
    """Set where it is no secret but holds some, in an encoding that has no places to put masks in."""


class Inside(NamedTuple):
    """A text that is decoded, masked, and encoded again as a whole."""

    text: str
    spans: list[Span]
    encode: Callable[[str], str]


def written(span: Span, mask: Callable[[str], str]) -> str:
    """What is written in the place of a span."""
    if span.inside is None:
        return span.wrap + mask(span.value) + span.wrap
    text, spans, encode = span.inside
    return encode(replaced(text, spans, mask))


def replaced(text: str, spans: list[Span], mask: Callable[[str], str]) -> str:
    """The text with its spans masked."""
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += (text[at : span.start], written(span, mask))
        at = span.end
    pieces.append(text[at:])
    return "".join(pieces)


def secrets_of(spans: list[Span]) -> list[Span]:
    """The spans that are secrets themselves: of those that hold some, these."""
    if not any(span.inside for span in spans):
        return spans
    return [one for span in spans for one in (secrets_of(span.inside.spans) if span.inside else [span])]


MASK = re.compile(r"masked~[A-Za-z0-9._\-]{0,4}~[0-9a-f]{10}")


def lost(text: str, start: int, end: int, wrap: str = "") -> list[Span]:
    """What stands at a cut has lost its name, which may have been a secret's."""
    value = text[start:end]
    return [] if not value.strip() or MASK.search(value) else [Span(start, end, value, wrap)]


class Codec(NamedTuple):
    """One way in which a text is written inside another."""

    marks: str
    """A character without which nothing is encoded."""
    encoded: re.Pattern[str]
    decode: Callable[[re.Match[str]], str]
    wrap: Callable[[str], str]


class Looking(Protocol):
    """What a scanner may ask of the one who called it."""

    cut_start: bool
    """The text's beginning is lost: its first piece has no name."""
    cut_end: bool
    """The text's end is lost: its last piece is open."""

    def secret(self, name: str, place: Place) -> list[Group]:
        """The groups by which the name is secret in this place."""

    def excepted(self, owner: str, name: str) -> bool:
        """Whether the name of the object that it stands in makes a name harmless."""

    def span(self, text: str, start: int, end: int, groups: list[Group], codec: Codec, wrap: str = "") -> list[Span]:
        """The span of a value whose name is secret; none where there is nothing to hide."""

    def within(self, text: str, start: int, end: int, codec: Codec) -> list[Span]:
        """The spans of a text that stands, encoded, inside another."""


def in_view(char: str) -> str:
    """A character as its UTF-8 bytes, one character each."""
    return char if char < "\x80" else char.encode("utf-8", "surrogatepass").decode("latin-1")


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _json(match: re.Match[str]) -> str:
    high, low, short = match.groups()
    if short is not None:
        return _ESCAPES.get(short, short)
    if low is not None:
        return in_view(chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)))
    return in_view(chr(int(high, 16)))


_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if name[0] != "#":
        return _ENTITIES[name]
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return in_view(chr(code)) if code < 0x110000 else match[0]


JSON_STRING = Codec(
    "\\",
    re.compile(
        r"\\(?:u([dD][89abAB][0-9a-fA-F]{2}(?=\\u[dD][c-fC-F])|[0-9a-fA-F]{4})"
        r"(?:(?<=u[dD][89abAB]..)\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))",
        re.DOTALL,
    ),
    _json,
    lambda wrap: wrap.replace("\\", "\\\\").replace('"', '\\"'),
)
PERCENT = Codec("%", re.compile(r"%([0-9a-fA-F]{2})"), lambda m: chr(int(m[1], 16)), lambda wrap: quote(wrap, safe=""))
FORM = Codec(
    "%+",
    re.compile(r"%([0-9a-fA-F]{2})|\+"),
    lambda m: chr(int(m[1], 16)) if m[1] else " ",
    PERCENT.wrap,
)
XML_TEXT = Codec(
    "&",
    re.compile(r"&(lt|gt|amp|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});"),
    _entity,
    lambda wrap: wrap.replace("&", "&amp;").replace('"', "&quot;"),
)
AS_IS = Codec("", re.compile(r"(?!)"), lambda m: m[0], lambda wrap: wrap)


class Decoded(NamedTuple):
    """A decoded text that knows where each of its characters came from."""

    text: str
    starts: list[int]
    """Where, in the decoded text, a new stretch begins."""
    origins: list[tuple[int, int, bool]]
    """Of each stretch: from where to where it stands in the outer text, and whether it is written out plainly."""

    def outer(self, at: int, *, end: bool) -> int:
        """The place in the outer text. An end belongs to the stretch that it closes."""
        index = max(0, bisect_right(self.starts, at - 1 if end else at) - 1)
        start, stop, plain = self.origins[index]
        if plain:
            return start + at - self.starts[index]
        return stop if end else start


def decode(text: str, start: int, end: int, codec: Codec) -> Decoded:
    """The text between two places, decoded."""
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, int, bool]] = []
    length = 0
    at = start

    def add(piece: str, origin: tuple[int, int, bool]) -> None:
        nonlocal length
        if piece:
            pieces.append(piece)
            starts.append(length)
            origins.append(origin)
            length += len(piece)

    if any(mark in text for mark in codec.marks):
        for match in codec.encoded.finditer(text, start, end):
            add(text[at : match.start()], (at, match.start(), True))
            add(codec.decode(match), (match.start(), match.end(), False))
            at = match.end()
    add(text[at:end], (at, end, True))
    if not starts:
        return Decoded("", [0], [(start, end, True)])
    return Decoded("".join(pieces), starts, origins)


def outwards(spans: list[Span], decoded: Decoded, codec: Codec) -> list[Span]:
    """Spans of the decoded text as spans of the outer one."""
    return [
        span._replace(
            start=decoded.outer(span.start, end=False),
            end=decoded.outer(span.end, end=True),
            wrap=codec.wrap(span.wrap) if span.wrap else "",
            inside=_wrapped(span.inside, codec) if span.inside else None,
        )
        for span in spans
    ]


def _wrapped(inside: Inside, codec: Codec) -> Inside:
    return inside._replace(encode=lambda text: codec.wrap(inside.encode(text)))


def merged(spans: list[Span], text: str) -> list[Span]:
    """In order and without overlaps: the outer one wins, and two that cross become one.

    What only holds secrets, and overlaps with a secret, is one as a whole.
    """
    result: list[Span] = []
    crossed: set[int] = set()
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.inside is not None)):
        if not result or span.start >= result[-1].end:
            result.append(span)
        elif span.end > result[-1].end or (result[-1].inside is not None and span.inside is None):
            result[-1] = result[-1]._replace(end=max(span.end, result[-1].end), inside=None)
            crossed.add(len(result) - 1)
    for index in crossed:
        result[index] = result[index]._replace(value=text[result[index].start : result[index].end])
    return result
