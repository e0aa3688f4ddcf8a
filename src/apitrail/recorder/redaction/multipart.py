"""Multipart bodies (RFC 2046 §5.1, RFC 7578): each part for itself.

A part is a field whose name may be secret, a document, or a file. What a file that is no text holds is not looked at:
by chance it has what looks like a name. It must not hide the fields beside it either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from apitrail.recorder.redaction.kinds import is_binary
from apitrail.recorder.redaction.layers import AS_IS, Looking, Span

_BOUNDARY = re.compile(r"multipart/.*boundary=(?:\"([^\"]+)\"|([^;\s]+))", re.IGNORECASE)
_UNDECLARED = re.compile(rb"--([\x21-\x7e]{1,200})\r?\nContent-[\w-]+:", re.IGNORECASE)
_FIELD = re.compile(r"\bname\*?=(?:\"((?:[^\"\\\r\n]++|\\.)*+)\"|'([^'\r\n]*+)'|([^;\s]++))", re.IGNORECASE)
_TYPE = re.compile(r"^Content-Type:[ \t]*+([^\r\n]*+)", re.IGNORECASE | re.MULTILINE)

_FILLER = b"\x7f"
"""In place of what a file holds: what stands beside it in UTF-8 remains UTF-8."""


class Part(NamedTuple):
    """Where one part stands in the text of a body."""

    head: int
    """Where its own header fields begin; where `body` does, if it has none."""
    body: int
    stop: int


def boundary_of(content_type: str, body: bytes) -> str:
    """What stands between the parts; empty where the body is not multipart."""
    declared = _BOUNDARY.match(content_type)
    if declared:
        return declared[1] or declared[2]
    begun = _UNDECLARED.match(body)
    return begun[1].decode("ascii") if begun else ""


def spans(text: str, boundary: str, look: Looking) -> list[Span]:
    """The secrets of fields by the name in their Content-Disposition, and of documents by what they hold."""
    found: list[Span] = []
    for part in _parts(text, boundary, cut_start=look.cut_start):
        field = _FIELD.search(text, part.head, part.body)
        name = next((given for given in field.groups() if given is not None), "") if field else ""
        groups = look.secret(name, "form") if name else []
        if groups:
            found += look.span(text, part.body, part.stop, groups, AS_IS)
        else:
            found += look.within(text, part.body, part.stop, AS_IS)
    return found


def without_files(data: bytes, boundary: str, *, cut_start: bool) -> bytes:
    """The body with fillers in place of each file that is no text, as long as before."""
    text = data.decode("latin-1")
    pieces: list[bytes] = []
    at = 0
    for part in _parts(text, boundary, cut_start=cut_start):
        declared = _TYPE.search(text, part.head, part.body)
        body = data[part.body : part.stop]
        if part.body >= at and is_binary(body, declared[1] if declared else ""):
            pieces += (data[at : part.body], _FILLER * len(body))
            at = part.stop
    pieces.append(data[at:])
    return b"".join(pieces) if at else data


def _parts(text: str, boundary: str, *, cut_start: bool) -> Iterator[Part]:
    """Each part that has a body. With `cut_start`, what stands before the first boundary is the end of one."""
    mark = "--" + boundary
    at = max(0, text.find(mark))
    if cut_start and at:
        begin, stop = _body(text, 0, at)
        yield Part(0, 0, stop)
        if begin:
            yield Part(0, begin, stop)
    while at < len(text):
        after = text.find(mark, at + len(mark))
        begin, stop = _body(text, at, after)
        if begin < stop and begin > at:
            yield Part(at, begin, stop)
        if after < 0:
            break
        at = after


def _body(text: str, at: int, after: int) -> tuple[int, int]:
    """From where to where a part's body stands; from its start, if there is no head."""
    end = after if after >= 0 else len(text)
    head = next((i for i in (text.find("\r\n\r\n", at, end), text.find("\n\n", at, end)) if i >= 0), -1)
    begin = head + (4 if text[head] == "\r" else 2) if head >= 0 else at
    stop = end - (2 if text[end - 2 : end] == "\r\n" else text[end - 1 : end] == "\n") if after >= 0 else end
    return begin, max(begin, stop)
