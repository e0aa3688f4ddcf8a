"""The parts of an exchange, each with the secrets found in it: strings, bodies, header fields.

Every part is scanned first, then met again with the secrets of all others, then masked once. A part whose scan fails
is masked whole: what could not be read may hold anything.
"""

from __future__ import annotations

import re
import sys
from base64 import b64decode
from bisect import bisect_right
from collections.abc import Callable

from apitrail.exchange import Headers
from apitrail.recorder.redaction import rpc, serialized, tables
from apitrail.recorder.redaction.echoes import Echoes
from apitrail.recorder.redaction.layers import AS_IS, MASK, Span, merged, replaced, written
from apitrail.recorder.redaction.look import Look, Shape, shape_of
from apitrail.recorder.redaction.names import Names
from apitrail.recorder.redaction.own import Applied
from apitrail.recorder.redaction.pairs import cookies
from apitrail.recorder.redaction.reading import Reading, of_body
from apitrail.recorder.redaction.views import View, of_text, spliced, to_text, view
from apitrail.recorder.secrets import words

_STRICT = words(
    "accept accept-charset accept-encoding accept-language accept-ranges age allow connection content-encoding "
    "content-language content-length date expires host keep-alive last-modified strict-transport-security te "
    "transfer-encoding vary"
)
"""Fields whose grammar has no place for a secret. They are still searched for secrets of other places."""

PLAIN = _STRICT | words("content-type server user-agent via upgrade retry-after traceparent x-apitrail-note")
"""Fields that stay in strict mode."""

Mask = Callable[[str], str]

_BASIC = re.compile(r"basic[ \t]++([A-Za-z0-9+/]{4,}=*+)[ \t]*\Z", re.IGNORECASE)
_COOKIES = frozenset(("cookie", "set-cookie", "cookie2", "set-cookie2"))


class TextPiece:
    """A string: the URL, an error's text, a header's value, a body that came as text."""

    def __init__(self, text: str, shape: Shape = "text", boundary: str = "") -> None:
        self._text = text
        self._seen = of_text(text)
        self._shape = shape
        self._boundary = boundary
        self._failed = False
        self.spans: list[Span] = []

    def scan(self, look: Look) -> None:
        """Find the secrets."""
        try:
            self.spans = look.find(self._seen, self._shape, self._boundary)
        except Exception:  # a scanner met what nobody foresaw: nothing of it may pass
            self._failed = True

    def own(self, rules: Applied) -> None:
        """Find what the host's own rules hide."""
        try:
            read = Reading(self._seen)
            found = rules.url(read) if self._shape == "url" else rules.text(read)
            self.spans = joined(self.spans, found, self._seen)
        except Exception:
            self._failed = True

    def echo(self, echoes: Echoes) -> None:
        """Find the secrets of other pieces."""
        try:
            self.spans = with_echoes(self.spans, echoes, self._seen, self._shape)
        except Exception:
            self._failed = True

    def masked(self, mask: Mask) -> str:
        """The string without its secrets."""
        if self._failed:
            return mask(self._seen)
        if not self.spans:
            return self._text
        return to_text(replaced(self._seen, self.spans, mask))


class BodyPiece:
    """Some bytes of a body: all of it, its head, or its tail."""

    def __init__(self, data: bytes, content_type: str, boundary: str = "", *, cut_start: bool = False) -> None:
        self._data = data
        self._content_type = content_type
        self._frame = boundary
        self._failed = False
        self.spans: list[Span] = []
        try:
            seen = view(data, content_type, boundary, cut_start=cut_start)
        except Exception:
            seen, self._failed = None, True
        self.binary = seen is None
        self._seen = View(data.decode("latin-1")) if seen is None else seen
        self.shape: Shape = "text" if seen is None else shape_of(seen.text, content_type)
        if boundary and seen is not None:
            self.shape = "multipart"

    def follow(self, head: BodyPiece) -> None:
        """Be the tail of the body that this is the head of."""
        self.shape = head.shape
        self.binary |= head.binary
        if head.shape == "table":
            self._frame = tables.heading_of(head._seen.text)

    def scan(self, look: Look) -> None:
        """Find the secrets. Binary bodies (images, PDF) have no names to go by."""
        if self.binary:
            return
        try:
            self.spans = look.find(self._seen.text, self.shape, self._frame)
        except Exception:
            self._failed = True

    def placed(self, find: Callable[[str, Shape], list[Span]]) -> None:
        """Find what is secret by its place."""
        try:
            if not self.binary and self.shape in ("markup", "json"):
                self.spans = joined(self.spans, find(self._seen.text, self.shape), self._seen.text)
        except Exception:
            self._failed = True

    def calls(self) -> str:
        """The method of XML-RPC or JSON-RPC that a request calls."""
        try:
            return (
                "" if self.binary or self.shape not in ("markup", "json") else rpc.method(self._seen.text, self.shape)
            )
        except Exception:
            self._failed = True
            return ""

    def own(self, rules: Applied) -> None:
        """Find what the host's own rules hide. Strictly, a body that is no text is hidden whole."""
        try:
            if self.binary:
                self._failed |= rules.keep is not None
            else:
                found = rules.body(of_body(self._seen, self._content_type), self.shape)
                self.spans = joined(self.spans, found, self._seen.text)
        except Exception:
            self._failed = True

    def echo(self, echoes: Echoes) -> None:
        """Find the secrets of other pieces, in files that are no text too."""
        try:
            text = self._data.decode("latin-1") if self.shape == "multipart" and not self._seen.encoding else ""
            self.spans = with_echoes(self.spans, echoes, text or self._seen.text, self.shape)
        except Exception:
            self._failed = True

    def masked(self, mask: Mask) -> bytes:
        """The bytes without their secrets."""
        if self._failed:
            return mask(self._data.decode("latin-1")).encode()
        if not self.spans:
            return self._data
        return spliced(self._data, self._seen, [(span, written(span, mask)) for span in self.spans])


class HeaderPiece:
    """Header fields. Their names are never changed."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers
        self._found: dict[int, tuple[str, list[Span]]] = {}
        self._rest: dict[int, str] = {}
        self._failed = False
        self.basic: list[str] = []
        """What a Basic header holds in base64: its password, or the key in the user's place."""

    @property
    def spans(self) -> list[Span]:
        return [span for _, spans in self._found.values() for span in spans]

    def scan(self, look: Look, names: Names) -> None:
        """Find the secrets."""
        try:
            for index, (name, value) in enumerate(self._headers):
                seen = value if value.isascii() else of_text(value)
                if names.header(name if name.isascii() else of_text(name)):
                    self._secret(index, of_text(name), seen, look)
                else:
                    self._rest[index] = seen
            free = {i: seen for i, seen in self._rest.items() if self._headers[i][0].lower() not in _STRICT}
            # One look at all of them together: mostly there is nothing.
            if free and look.sees("\n".join(free.values())):
                for index, seen in free.items():
                    self._keep(index, seen, look.find(seen))
        except Exception:
            self._failed = True

    def own(self, rules: Applied) -> None:
        """Find what the host's own rules hide."""
        try:
            for index, (name, value) in enumerate(self._headers):
                seen = of_text(value)
                whole = [Span(0, len(seen), seen, echoes=name.lower() in rules.headers)]
                found = whole if seen and rules.hides_header(name, PLAIN) else rules.text(Reading(seen))
                if found:
                    self._keep(index, seen, joined(self._spans_of(index), found, seen))
        except Exception:
            self._failed = True

    def echo(self, echoes: Echoes) -> None:
        """Find the secrets of other pieces. What has a secret's name is masked already."""
        try:
            if echoes.find("\n".join(self._rest.values()), "text"):
                for index, seen in self._rest.items():
                    self._keep(index, seen, with_echoes(self._spans_of(index), echoes, seen, "text"))
        except Exception:
            self._failed = True

    def masked(self, mask: Mask) -> Headers:
        """The fields without their secrets."""
        if self._failed:
            return [(name, mask(of_text(value))) for name, value in self._headers]
        if not self._found:
            return list(self._headers)
        return [
            (name, to_text(replaced(*self._found[index], mask))) if index in self._found else (name, value)
            for index, (name, value) in enumerate(self._headers)
        ]

    def _secret(self, index: int, name: str, value: str, look: Look) -> None:
        folded = name.lower()
        if folded in _COOKIES:
            self._keep(index, value, cookies(value, look, first_only=folded.startswith("set")))
            return
        spans = look.span(value, 0, len(value), look.secret(name, "header"), AS_IS)
        if not spans:
            self._rest[index] = value
            return
        self._keep(index, value, spans)
        basic = _BASIC.match(value)
        if basic:
            user, _, password = b64decode(basic[1] + "==").decode("latin-1").partition(":")
            self.basic += [password] if password else [user]

    def _spans_of(self, index: int) -> list[Span]:
        return self._found[index][1] if index in self._found else []

    def _keep(self, index: int, value: str, spans: list[Span]) -> None:
        if spans:
            self._found[index] = (value, spans)


def joined(spans: list[Span], more: list[Span], text: str) -> list[Span]:
    """Both, without overlaps. What is a mask already, by us before, or a part of one, stays as it is."""
    fresh = [span for span in more if not MASK.fullmatch(span.value)]
    masks = [match.span() for match in MASK.finditer(text)] if fresh and "masked~" in text else []
    if masks:
        fresh = [span for span in fresh if not _within(span, masks)]
    return merged(spans + fresh, text) if fresh else spans


def with_echoes(spans: list[Span], echoes: Echoes, text: str, shape: Shape) -> list[Span]:
    """The spans of a text and those of the secrets met again in it."""
    met = echoes.find(text, shape)
    held = [(span.start, span.end) for span in spans if span.inside] if met else []
    if held:  # what is written anew has no place for them, and has them masked
        met = [span for span in met if not _within(span, held)]
    return serialized.with_lengths(text, merged(spans + met, text)) if met else spans


def _within(span: Span, held: list[tuple[int, int]]) -> bool:
    index = bisect_right(held, (span.start, sys.maxsize)) - 1
    return index >= 0 and span.end <= held[index][1]
