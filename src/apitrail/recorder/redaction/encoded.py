"""JSON or XML in base64: a field of a form, a query or a document whose value is base64 of a JSON object or list, or of
XML with its declaration.

Several label and payment APIs send one. It is decoded, scanned as a text for itself, and written anew with its secrets
masked; a value without a secret keeps each of its characters. Only what begins as base64 of `{`, `[` or `<?xml` is
tried, and only the beginning of it is decoded to see whether such a document stands there.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable

from apitrail.recorder.redaction.layers import Inside, Span
from apitrail.recorder.redaction.shapes import AFTER_ESCAPE

LEVELS = 3
"""Base64 within base64 that is followed."""
_MARKS = {
    "ey": re.compile("ey[JILKA]"),
    "ew": re.compile("ew[o0k]"),
    "W": re.compile("W[1-3wyz]"),
    "PD9": re.compile("PD94bW"),
}
"""`{` and `[`, and half of what may follow: a quote and a letter, a blank, a line's end, another bracket, a digit; and
`<?xm`. Of what each begins with, most texts have none, which costs the least to ask."""
_MARK = re.compile(r"ey[JILKA]|ew[o0k]|W[1-3wyz]|PD94bW|77u/")
_UNIT = r"(?:[A-Za-z0-9+/_\-]|%2[BbFf]|\\/)"
_BREAK = r"(?:\\r\\n|\\n|\r?\n)"
_RUN = re.compile(
    rf"(?:(?<![\w+/\-])|{AFTER_ESCAPE})(?:77u/)?(?=e[yw]|W[1-3wyz]|PD94bW)"
    rf"(?:(?:[A-Za-z0-9+/]{{76}}|[A-Za-z0-9+/]{{64}}){_BREAK})*+{_UNIT}*+(?:=|%3[Dd]){{0,2}}",
    re.ASCII,
)
_BREAKS = re.compile(_BREAK)
_OPENS = re.compile(
    rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+"
    rb"(?:\{[ \t\r\n]*+[\"}]|\[[ \t\r\n]*+[\[{\"\d\-tfn\]]|[{\[][ \t\r\n]*+\Z|<\?xml[ \t\r\n])"
)
_PROBED = 32
"""Characters of base64 that are decoded first."""
_SHORTEST = 16
_TO_STANDARD = str.maketrans("-_", "+/")
_TO_URLS = str.maketrans("+/", "-_")


def begins_in(pieces: str) -> bool:
    """Whether such a value may begin in a text whose long pieces (`shapes.pieces`) these are."""
    return any(begins in pieces and mark.search(pieces) is not None for begins, mark in _MARKS.items())


def spans(text: str, find: Callable[[str, bool], list[Span]], *, percent: bool) -> list[Span]:
    """Every such value that holds a secret. `find`: the secrets in a text, and whether it stood at the end of this one;
    `percent`: the text is a form or a URL."""
    found: list[Span] = []
    end = 0
    for mark in _MARK.finditer(text):
        match = _RUN.match(text, mark.start()) if mark.start() >= end else None
        if match is None:
            continue
        end = match.end()
        written = match[0]
        plain = _plain(written)
        if len(plain) < _SHORTEST or not _OPENS.match(_decoded(plain[:_PROBED])):
            continue
        inner = _decoded(plain).decode("latin-1")
        secrets = find(inner, match.end() == len(text))
        if secrets:
            found.append(Span(*match.span(), written, inside=Inside(inner, secrets, _writer(written, percent))))
    return found


def _plain(written: str) -> str:
    """Base64 in its own alphabet, without padding."""
    if "\\" in written or "\n" in written:
        written = _BREAKS.sub("", written).replace("\\/", "/")
    if "%" in written:
        written = re.sub("%(2[BbFf]|3[Dd])", lambda escape: chr(int(escape[1], 16)), written)
    return written.rstrip("=").translate(_TO_STANDARD)


def _decoded(plain: str) -> bytes:
    """What the base64 holds; of a piece that was cut, all but its last bytes."""
    if len(plain) % 4 == 1:
        plain = plain[:-1]
    try:
        return a2b_base64(plain + "=" * (-len(plain) % 4))
    except Error:
        return b""


def _writer(written: str, percent: bool) -> Callable[[str], str]:
    """Writes a text as base64 in the manner of what stood there, but on one line."""
    urls = "-" in written or "_" in written
    # What came to its length without padding tells nothing of it, but for URLs it is mostly left out.
    padded = written.endswith(("=", "%3D", "%3d")) or (not urls and len(_plain(written)) % 4 == 0)

    def write(inner: str) -> str:
        made = b2a_base64(inner.encode("latin-1"), newline=False).decode("ascii")
        if urls:
            made = made.translate(_TO_URLS)
        if not padded:
            made = made.rstrip("=")
        if percent or "%" in written:
            made = made.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        return made.replace("/", "\\/") if "\\/" in written else made

    return write
