"""Bodies as views: text in which each character stands for a known stretch of bytes.

A view is not a decoding. Characters of two bytes whose second byte looks like ASCII (Big5's 許 is B3 5C, and 5C is
a backslash) become fillers of the same length, so that a scanner sees the document's structure and nothing else.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from apitrail.recorder.redaction import multipart
from apitrail.recorder.redaction.kinds import begins_as_binary, is_binary, is_utf8
from apitrail.recorder.redaction.layers import Span
from apitrail.recorder.secrets import TABLE, parts

_DOUBLE = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_SHIFTED = re.compile(rb"\x1b\$[@B](?:[^\x1b]++)")
CHARSET = re.compile(r"charset[ \t]*=[ \t]*[\"']?([\w.\-]+)", re.IGNORECASE)
_WIDELY = re.compile(r"utf-?(?:16|32)|ucs-?2|unicode", re.IGNORECASE)
_WIDE = {
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
_CHARSETS = ("big5", "gb18030", "shift_jis", "euc_jp", "euc_kr")


@cache
def _terms() -> list[tuple[bytes, bytes]]:
    """Terms that are not of ASCII, as these charsets write them, and terms of ASCII of the same length: a name would
    otherwise be fillers only. Made when they are first needed, for a program mostly has no such body.
    """
    found = set[tuple[bytes, bytes]]()
    listed = {part for group in TABLE for term in group.terms for part in parts(term) if not part.isascii()}
    for term in listed:
        for charset in _CHARSETS:
            try:
                written = term.encode(charset)
            except UnicodeEncodeError:
                continue
            found.add((written, b"_pwd" if len(written) == 4 else b"token".rjust(len(written), b"_")))
    return sorted(found)


class View(NamedTuple):
    """What a scanner sees of some bytes."""

    text: str
    encoding: str = ""
    """Set where a character has more than one byte: UTF-16 and UTF-32."""
    skipped: int = 0
    """Bytes before the first character: the second half of one that was cut."""
    other: bytes | None = None
    """The bytes themselves where they are not UTF-8: the text has fillers for their letters."""

    def offset(self, at: int) -> int:
        """The byte at which a character begins."""
        if not self.encoding:
            return at
        return self.skipped + len(self.text[:at].encode(self.encoding, "surrogatepass"))


def view(data: bytes, content_type: str = "", boundary: str = "", *, cut_start: bool = False) -> View | None:
    """The bytes as a scanner sees them; None where they are no text. `boundary`: of a multipart body, whose files that
    are no text are not shown."""
    if boundary:
        data = multipart.without_files(data, boundary, cut_start=cut_start)
    elif begins_as_binary(data):
        return None
    if data.isascii() and b"\0" not in data[:64]:
        return View(data.decode("latin-1") if b"\x1b" not in data or b"\x1b$" not in data else _unshifted(data))
    wide = _wide(data, content_type) if b"\0" in data[:64] or data[0] > 0xFD or _WIDELY.search(content_type) else ""
    if wide:
        unit = 4 if "32" in wide else 2
        skipped = _misaligned(data, unit, wide) if cut_start else 0
        whole = skipped + (len(data) - skipped) // unit * unit
        try:
            return View(data[skipped:whole].decode(wide, "surrogatepass"), wide, skipped)
        except UnicodeError:
            return None
    if not boundary and is_binary(data, content_type):
        return None
    if is_utf8(data):
        return View(data.decode("latin-1"))
    other = data
    for term, alias in _terms():
        data = data.replace(term, alias)
    return View(_DOUBLE.sub(b"\x80\x80", data).decode("latin-1"), other=other)


def spliced(data: bytes, seen: View, masks: list[tuple[Span, str]]) -> bytes:
    """The bytes with what is written in the place of every span."""
    encoding = seen.encoding or "ascii"
    pieces: list[bytes] = []
    at = 0
    for span, mask in masks:
        start = seen.offset(span.start)
        pieces += (data[at:start], mask.encode(encoding))
        at = seen.offset(span.end)
    pieces.append(data[at:])
    return b"".join(pieces)


def of_text(text: str) -> str:
    """A string as a view: its UTF-8 bytes."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def to_text(seen: str) -> str:
    """The string that a view was made of."""
    return seen if seen.isascii() else seen.encode("latin-1").decode("utf-8", "surrogatepass")


def _wide(data: bytes, content_type: str) -> str:
    for mark, encoding in _WIDE.items():
        if data.startswith(mark):
            return encoding
    declared = CHARSET.search(content_type)
    name = declared[1].lower().replace("_", "-") if declared else ""
    if name.startswith(("utf-16", "utf-32", "utf16", "utf32", "ucs-2", "unicodefffe")):
        width = "utf-32" if "32" in name else "utf-16"
        if name.endswith("le"):
            return width + "-le"
        return width + ("-be" if name.endswith("be") or data[:1] == b"\0" else "-le")
    # Undeclared, and no mark: every other byte of its beginning is zero.
    head = data[:64]
    if len(head) >= 8 and b"\0" in head:
        if not any(head[1::2]) and all(head[0::2]):
            return "utf-16-le"
        if not any(head[0::2]) and all(head[1::2]):
            return "utf-16-be"
    return ""


def _misaligned(data: bytes, unit: int, encoding: str) -> int:
    """How many bytes of a cut character the piece begins with: the offset at which most is ASCII."""

    def readable(skipped: int) -> int:
        whole = skipped + (min(len(data), 4096) - skipped) // unit * unit
        return sum("\t" <= char <= "~" for char in data[skipped:whole].decode(encoding, "replace"))

    return max(range(unit), key=readable)


def _unshifted(data: bytes) -> str:
    """ISO-2022-JP: between its escapes, two bytes of ASCII are one character."""
    return _SHIFTED.sub(lambda m: b"\x80" * len(m[0]), data).decode("latin-1")
