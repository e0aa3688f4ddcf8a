"""A secret found in one place, met again in another: a password echoed in an error, a token in a log line.

Each value is looked for as it is and as JSON, XML and percent-encoding write it. A mask must not break the
document: a number in JSON becomes a string as a whole, and names of XML are left alone. Only a bare number met in
JSON that stands in a string is masked without becoming a string there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from json.encoder import encode_basestring, encode_basestring_ascii  # a host may have put another `json.dumps` in place
from urllib.parse import quote, quote_plus

from apitrail.recorder.redaction.layers import Span, secrets_of
from apitrail.recorder.redaction.look import Shape
from apitrail.recorder.redaction.views import of_text
from apitrail.recorder.secrets import words

SHORTEST = 8
"""Characters. Anything shorter is met by chance."""

MOST = 256
"""Secrets of one exchange that are looked for elsewhere. A list of ten thousand keys is masked where it stands."""

COMMON = words(
    "password username access_token accesstoken refresh_token api_key apikey client_secret client_id authorization "
    "authorization_code client_credentials credentials signature production required undefined disabled standard"
)
"""Values that a careless test account has, and every body."""

_TAG_OR_TEXT = re.compile(
    r"<!\[CDATA\[|<(?P<tag>[^\s<>\"'!?][^<>\"']*+(?:\"[^\"]*+\"[^<>\"']*+|'[^']*+'[^<>\"']*+)*+)>"
)
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_LOOK_BACK = 64
_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\(?:u[0-9a-fA-F]{0,3})?\Z")
_REFERENCE = re.compile(r"&#?[a-zA-Z0-9]{0,6}\Z")
_BREAKS = re.compile(r"[\"\\\x00-\x1f]")
"""What cannot stand in a string of JSON as it is."""

_NUMERIC = re.compile(r"[-+.\deE]+")
_JSON_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|([-+.\deE]++)', re.DOTALL)
_PLAIN = re.compile(r"[\w.~\-]*", re.ASCII)


def echoing(spans: list[Span], host: str) -> list[str]:
    """The values that are so much a secret that they are masked wherever they stand."""
    return [
        span.value
        for span in secrets_of(spans)
        if span.echoes and len(span.value) >= SHORTEST and not _common(span.value, span.value.lower(), host)
    ]


def _common(value: str, folded: str, host: str) -> bool:
    """Whether the value is met everywhere, for it means something else too."""
    return folded in COMMON or folded in host or value.startswith(("http://", "https://", "masked~"))


class Echoes:
    """The secrets of one exchange, ready to be met again."""

    def __init__(self, values: Iterable[str]) -> None:
        self._written: dict[str, str] = {}
        self._in_string: set[str] = set()
        for value in islice(values, MOST):
            # A quote at its edge may as well be the quote of a string of JSON in which the rest stands.
            core = value.strip("\"'\\")
            whole = core if len(core) >= SHORTEST else value
            for form in _forms(whole):
                self._written.setdefault(form, value)
                if whole == core and (form != core or not _BREAKS.search(core)):
                    self._in_string.add(form)

    def find(self, text: str, shape: Shape) -> list[Span]:
        """Every place where one of them stands."""
        forms = [form for form in self._written if form in text]
        if not forms:
            return []
        if shape == "json":
            return list(self._in_json(text, [form for form in forms if form in self._in_string]))
        if shape == "markup":
            return list(self._in_markup(text, forms))
        return list(self._met(text, 0, len(text), forms))

    def _met(
        self, text: str, start: int, end: int, forms: list[str], escape: re.Pattern[str] | None = None
    ) -> Iterator[Span]:
        for form in forms:
            at = text.find(form, start, end)
            while at >= 0:
                if escape and escape.search(text, max(start, at - _LOOK_BACK), at):
                    at = text.find(form, at + 1, end)  # what stands here begins within an escape
                    continue
                yield Span(at, at + len(form), self._written[form])
                at = text.find(form, at + len(form), end)

    def _in_json(self, text: str, forms: list[str]) -> Iterator[Span]:
        numbers: list[tuple[int, int]] = []
        if any(_NUMERIC.fullmatch(form) for form in forms):
            numbers = [token.span(1) for token in _JSON_TOKEN.finditer(text) if token[1]]
        for span in self._met(text, 0, len(text), forms, _ESCAPE):
            index = bisect_right(numbers, (span.start, len(text))) - 1
            within = index >= 0 and span.end <= numbers[index][1]
            yield Span(*numbers[index], span.value, '"') if within else span

    def _in_markup(self, text: str, forms: list[str]) -> Iterator[Span]:
        at = 0
        for tag in _TAG_OR_TEXT.finditer(text):
            yield from self._between(text, at, tag.start(), forms)
            at = tag.end()
            if tag["tag"]:
                for quoted in _QUOTED.finditer(text, tag.start(), tag.end()):
                    yield from self._between(text, quoted.start() + 1, quoted.end() - 1, forms)
        yield from self._between(text, at, len(text), forms)

    def _between(self, text: str, start: int, end: int, forms: list[str]) -> Iterator[Span]:
        return self._met(text, start, end, forms, _REFERENCE)


def _forms(value: str) -> set[str]:
    if _PLAIN.fullmatch(value):
        return {value}
    data = value.encode("latin-1", "replace")
    try:
        readable = data.decode("utf-8")
    except UnicodeDecodeError:
        readable = value
    escaped = [encode_basestring_ascii(readable)[1:-1], of_text(encode_basestring(readable)[1:-1])]
    in_xml = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    percent = {quote(data, safe=safe) for safe in ("", "/", "/:+=,;@!$'()*")} | {quote_plus(data)}
    return {
        value,
        *escaped,
        *(form.replace("/", "\\/") for form in escaped),
        in_xml,
        in_xml.replace('"', "&quot;"),
        in_xml.replace('"', "&quot;").replace("'", "&apos;"),
        in_xml.replace('"', "&#34;").replace("'", "&#39;"),
        *percent,
        *(re.sub("%[0-9A-F]{2}", lambda m: m[0].lower(), form) for form in percent),
    }
