"""A view as it is read: letters, in place of the bytes and the escapes that write them.

A host writes its own rules in letters, `會員(\\d{8})`; a body writes the same letters as UTF-8 or Big5, as `\\u6703`,
`%E6%9C%83` or `&#26371;`. So rules look at what is read, and what they find is placed in the view. Escapes of ASCII
stay as they are: what they stand for could be a quote or a sign of the document.
"""

from __future__ import annotations

import re
from codecs import lookup
from collections.abc import Iterable

from apitrail.recorder.redaction.layers import Codec, Span, decode
from apitrail.recorder.redaction.views import CHARSET, View

_HEX = "[0-9a-fA-F]"
_DECLARED = re.compile(r"<\?xml[^>]{1,80}?encoding[ \t]*=[ \t]*[\"']([\w.\-]+)")
_STATELESS = ("big5", "cp", "gb", "shift_jis", "euc_", "johab", "iso8859", "koi8", "tis")
"""How the names of charsets begin in which a character is written the same wherever it stands."""
_WIDER = {"big5": "cp950", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
"""What is declared as the one is mostly written in the other, which has the same characters and more."""


def _letter(match: re.Match[str]) -> str:
    high, low, unit, percent, in_hex, in_decimal = match.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    if unit:
        return chr(int(unit, 16))
    if percent:
        letters = bytes.fromhex(percent.replace("%", "")).decode("utf-8", "replace")
        return letters if len(letters) == 1 and letters != "\ufffd" else match[0]
    code = int(in_hex, 16) if in_hex else int(in_decimal)
    return chr(code) if 0x80 <= code < 0xD800 or 0xE000 <= code < 0x110000 else match[0]


_ESCAPED = Codec(
    "\\%&",
    re.compile(
        rf"\\++u(?:([dD][89abAB]{_HEX}{{2}})\\++u([dD][c-fC-F]{_HEX}{{2}})|(?!00[0-7]|[dD][89a-fA-F])({_HEX}{{4}}))"
        rf"|(%[c-fC-F]{_HEX}(?:%[89abAB]{_HEX}){{1,3}})"
        rf"|&#(?:[xX]0{{0,8}}({_HEX}{{2,6}})|0{{0,8}}(\d{{3,7}}));"
    ),
    _letter,
    lambda wrap: wrap,
)
"""Letters that are not of ASCII, escaped in the way of JSON at any depth, of forms and URLs, or of XML."""


class Reading:
    """What is read of a view. Spans of it become spans of the view."""

    def __init__(self, seen: str, letters: str | None = None, charset: str = "utf-8") -> None:
        """`letters`: what is read but for escapes; without it, `seen` is UTF-8. `charset`: in which their lengths are
        those of the view; empty where each is one character of it."""
        if letters is None:
            letters = seen if seen.isascii() else seen.encode("latin-1").decode(charset, "surrogateescape")
        self.written = letters
        """With escapes as they are written."""
        self._charset = "" if letters is seen else charset
        escaped = _ESCAPED.encoded.search(letters)
        self._decoded = decode(letters, 0, len(letters), _ESCAPED) if escaped else None
        self.text = self._decoded.text if self._decoded else letters

    def placed(self, found: list[Span], *, written: bool = False) -> list[Span]:
        """Spans of `text`, or of `written`, as spans of the view."""
        read = None if written else self._decoded
        if read is not None:
            found = [
                span._replace(start=read.outer(span.start, end=False), end=read.outer(span.end, end=True))
                for span in found
            ]
        if not found or not self._charset:
            return found
        places = self._places(place for span in found for place in (span.start, span.end))
        return [
            span._replace(start=places[span.start], end=places[span.end], value=_in_view(span.value)) for span in found
        ]

    def _places(self, wanted: Iterable[int]) -> dict[int, int]:
        places: dict[int, int] = {}
        at = place = 0
        for letter in sorted(set(wanted)):
            place += len(self.written[at:letter].encode(self._charset, "surrogateescape"))
            at = letter
            places[letter] = place
        return places


def of_body(seen: View, content_type: str) -> Reading:
    """What is read of a body. In a charset that is neither declared nor UTF-8 nor UTF-16 it is ASCII alone."""
    if seen.encoding:
        return Reading(seen.text, seen.text)
    if seen.other is None:
        return Reading(seen.text)
    declared = CHARSET.search(content_type) or _DECLARED.match(seen.text)
    charset = _known(declared[1]) if declared else ""
    letters = seen.other.decode(charset, "surrogateescape") if charset else ""
    if letters and len(letters.encode(charset, "surrogateescape")) == len(seen.other):
        return Reading(seen.text, letters, charset)
    return Reading(seen.text, seen.text)


def _known(declared: str) -> str:
    try:
        name = lookup(declared).name
    except LookupError:
        return ""
    return _WIDER.get(name, name) if name.startswith(_STATELESS) else ""


def _in_view(value: str) -> str:
    """A value as the view of a text in UTF-8 has it: the same secret has the same mask, in whatever charset."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("latin-1")
