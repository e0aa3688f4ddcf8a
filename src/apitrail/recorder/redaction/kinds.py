"""Whether some bytes are text: by what they are, and only where that is open by what is declared of them.

Platforms declare images and send JSON; and a zero byte is no licence to pass unmasked.
"""

from __future__ import annotations

import re

_STARTS = (b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"II*\0", b"MM\0*")
_BINARY = re.compile(r"\b(?:image|audio|video|font)/(?!svg)|/pdf|/zip|/gzip|/x-protobuf|/grpc", re.IGNORECASE)
_TEXT = re.compile(
    r"\A[ \t]*text/|\A[ \t]*multipart/|[/+](?:json|xml|graphql)\b|x-www-form-urlencoded|javascript", re.IGNORECASE
)
_DOCUMENT = (b"{", b"[", b"<")
_SERIALIZED = re.compile(rb'a:\d{1,9}:\{|O:\d{1,9}:"')
"""PHP writes zero bytes around the class of a property."""
_CONTROLS = bytes(set(range(32)) - set(b"\t\r\n\f\x1b"))
_SPACES = b" \t\r\n\xef\xbb\xbf"


def begins_as_binary(data: bytes) -> bool:
    """Whether its first bytes are those of an image, a PDF or an archive."""
    return data.startswith(_STARTS)


def is_binary(data: bytes, content_type: str) -> bool:
    """Whether it is no text, of one byte a character or of several."""
    if begins_as_binary(data):
        return True
    head = data[:1024]
    if head[:64].lstrip(_SPACES)[:1] in _DOCUMENT or _SERIALIZED.match(head) or _TEXT.search(content_type):
        # urllib declares a form whatever it sends; of bytes by chance, one in ten is a control character.
        return b"\0" in head and 20 * (len(head) - len(head.translate(None, _CONTROLS))) > len(head)
    return b"\0" in head or (_BINARY.search(content_type) is not None and not is_utf8(data))


def is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8, but for a character cut at either end."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return True
    start = 0
    while start < 3 and start < len(data) and 0x80 <= data[start] < 0xC0:
        start += 1
    for end in range(len(data), max(start, len(data) - 4), -1):
        try:
            data[start:end].decode("utf-8")
        except UnicodeDecodeError as problem:
            if problem.start + start < len(data) - 4:
                return False
        else:
            return True
    return start == len(data)
