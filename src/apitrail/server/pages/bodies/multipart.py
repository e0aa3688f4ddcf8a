"""Multipart bodies: each part with its name, file name, type and size, its text where it is short text."""

from __future__ import annotations

from email.message import Message as Fields
from email.parser import BytesHeaderParser

from apitrail.server.pages.bodies.content import Content, decode
from apitrail.server.pages.bodies.view import Field, Rendered
from apitrail.server.pages.bodies.visible import visible

form = "multipart"

PARTS = 200
SHOWN_OF_A_PART = 4000


def matches(content: Content) -> bool:
    return content.media_type.startswith("multipart/") and _boundary(content) is not None


def render(content: Content) -> Rendered:
    boundary = _boundary(content) or ""
    fields = [_part(raw, content) for raw in _split(content.data, boundary.encode("latin-1", "replace"))[:PARTS]]
    return Rendered(form=form, fields=fields)


def _boundary(content: Content) -> str | None:
    declared = Fields()
    declared["Content-Type"] = content.content_type
    boundary = declared.get_param("boundary")
    return boundary if isinstance(boundary, str) and boundary else None


def _split(data: bytes, boundary: bytes) -> list[bytes]:
    """The parts between delimiter lines (RFC 2046 §5.1.1); a last one without its end counts too."""
    pieces = (b"\r\n" + data).split(b"\r\n--" + boundary)[1:]
    if pieces and pieces[-1].startswith(b"--"):
        pieces.pop()
    return [piece.lstrip(b" \t").removeprefix(b"\r\n") for piece in pieces]


def _part(raw: bytes, content: Content) -> Field:
    head, _, body = raw.partition(b"\r\n\r\n")
    headers = BytesHeaderParser().parsebytes(head)
    media_type = headers.get_content_type() if "content-type" in headers else "text/plain"
    name = headers.get_param("name", header="content-disposition")
    file = headers.get_filename()
    detail = ", ".join(filter(None, (file, media_type if "content-type" in headers else None, f"{len(body):,} B")))
    readable = media_type.startswith("text/") or media_type.endswith(("json", "xml"))
    text = decode(body[:SHOWN_OF_A_PART], headers.get_content_charset() or content.charset) if readable else ""
    return Field(name if isinstance(name, str) else "", visible(text), detail)
