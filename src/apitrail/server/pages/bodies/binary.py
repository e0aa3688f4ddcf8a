"""Bytes that no other view knows: the first of them in hexadecimal; the download has all."""

from __future__ import annotations

from collections.abc import Iterator

from apitrail.server.pages.bodies.content import Content
from apitrail.server.pages.bodies.view import Rendered
from apitrail.server.pages.bodies.visible import visible

form = "binary"

SHOWN = 512
LINE = 16


def matches(content: Content) -> bool:
    return True


def render(content: Content) -> Rendered:
    return Rendered(form=form, pretty=visible("\n".join(dump(content.data[:SHOWN]))))


def dump(data: bytes) -> Iterator[str]:
    """Offset, bytes, and what of them is printable ASCII: sixteen a line."""
    for at in range(0, len(data), LINE):
        line = data[at : at + LINE]
        printable = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
        yield f"{at:08x}  {line.hex(' '):<{LINE * 3 - 1}}  {printable}"
