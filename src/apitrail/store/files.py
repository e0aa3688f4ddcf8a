"""Files within answers: labels and documents, in base64 or as they are. They lie in a column of their own, and a mark
of two bytes stands for each in the body.

Where labels are made, files are most of what a log holds, and no text that anyone looks for is in them: a part of a
number would be looked for in all of them, and pieces of base64 would be among the words that are mentioned. So a
search reads what is left. The body comes back to the very same bytes: see `bodies.unfold`. Figures in
docs/decisions/0015-disk.md.
"""

from __future__ import annotations

from typing import Final

from apitrail.store.bodies import FILE, MARK

LEAST: Final = 1024
"""Characters in a row, as base64 has them, from which on they are a file."""
BETWEEN: Final = b"\xfe"
"""Stands between the files of one body, of which none has it where there are several."""
_STEP: Final = LEAST // 2
_LETTERS: Final = b"\r\n+/0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\\"
r"""With ends of lines (of 76 characters, RFC 2045 §6.8), and the backslash of `\/` and `\n`, as JSON writes them."""
_LINE: Final = 60
"""Characters of a line at least, on average. Shorter lines are a list, of order numbers perhaps."""
_ESCAPE: Final = b"\\u"
"""What text has instead, in other scripts."""
_BEGINNINGS: Final = (b"%PDF-", b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04")
"""Of PDF, PNG, JPEG, GIF and ZIP."""


def taken_out(whole: bytes, left: bytes) -> tuple[bytes, bytes]:
    """What stays of a body of LEAST bytes or more, and its files, one after another. `left`: the body without the ids
    that are left out of it.

    Nothing is taken out of a body that has the mark's own byte, but where all of it is a file.
    """
    if whole.startswith(_BEGINNINGS):
        return FILE, whole
    if left is whole and MARK in whole:
        return left, b""
    pieces: list[bytes] = []
    files: list[bytes] = []
    size, last, at = len(left), 0, 0
    # Whatever is long enough has one of these steps completely within it.
    while at + _STEP <= size:
        quote = left.rfind(b'"', at, at + _STEP)
        if quote >= 0:  # in JSON there mostly is one, and to find it takes a tenth of the time
            at = quote + 1
            continue
        if left[at : at + _STEP].translate(None, _LETTERS):
            at += _STEP
            continue
        begin = last + len(left[last:at].rstrip(_LETTERS))
        at = _end(left, at + _STEP)
        if at - begin >= LEAST and not _is_text(left, begin, at):
            pieces += (left[last:begin], FILE)
            files.append(left[begin:at])
            last = at
    if not files:
        return left, b""
    pieces.append(left[last:])
    return b"".join(pieces), BETWEEN.join(files)


def _is_text(body: bytes, begin: int, end: int) -> bool:
    """Whether this is a list, or text in another script."""
    lines = body.count(b"\n", begin, end)
    # Most files have no backslash at all, and one sign is found sooner than two.
    if body.find(b"\\", begin, end) >= 0:
        if body.find(_ESCAPE, begin, end) >= 0:
            return True
        lines += body.count(b"\\n", begin, end)
    return lines * _LINE > end - begin


def _end(body: bytes, at: int) -> int:
    """Where the letters end that go on from here."""
    while True:
        block = body[at : at + _STEP]
        if len(block) < _STEP or block.translate(None, _LETTERS):
            return at + len(block) - len(block.lstrip(_LETTERS))
        at += _STEP


def apart(files: bytes, count: int) -> list[bytes]:
    """The files of a body that has so many marks of them."""
    return files.split(BETWEEN) if count > 1 else [files]
