"""Bodies that are still compressed: no secret in them would be seen, and anybody could undo them.

The recorder undoes what Content-Encoding declares. Here is what it cannot know of: a file that a platform offers as
gzip, a body that a program compressed by itself, an exchange from another sender or from a file. A body is undone only
if what it holds is text; archives and pictures stay as they came. What is broken is kept up to there, as the recorder
keeps it. Not undone is raw deflate that nobody declares: it has no mark.
"""

from __future__ import annotations

from msgspec.structs import replace

from apitrail.exchange import Message
from apitrail.recorder.body import Body, Cut, Gauge
from apitrail.recorder.decoding import NOTE, NotDecodable, decoded, encodings_of
from apitrail.recorder.decompressors import ZSTD
from apitrail.recorder.redaction.kinds import is_utf8
from apitrail.recorder.redaction.views import view

BODY_LIMIT, BODY_EDGE = 5 << 20, 256 << 10
"""Bytes: what is kept of a body that is undone, whole or of each end, where no recorder's settings say."""
_MOST = 4
"""How many times the limit is undone at most."""
_LEVELS = 10
"""Compressed once more within: a gzip file that was sent with gzip. One file of gzip holds itself, without end."""
_MARKS = ((b"\x1f\x8b\x08", "gzip"), (ZSTD, "zstd"))
_FIRST = b"\x1f\x28\x78"
_PROBED = 16
_LEAST = 32
"""Bytes of text by which a body that cannot be undone to its end is known to be compressed, and not by accident."""


def undone(message: Message, limit: int = BODY_LIMIT, edge: int = BODY_EDGE) -> Message:
    """The message with its body undone, and a note of it; the message itself where nothing is to be undone."""
    body = message.body
    # Nearly every body ends here.
    if not body or (body[0] not in _FIRST and body[:_PROBED].isascii()):
        return message
    declared = encodings_of(",".join(value for name, value in message.headers if name.lower() == "content-encoding"))
    cut = Cut(body, message.tail, message.size, message.sha256, message.truncated)
    whole = not message.incomplete
    done: list[str] = []
    for _ in range(_LEVELS):
        found = None
        for encodings in (declared, _marked(cut.body)):
            found = found or _inside(cut, encodings, limit, edge)
            if found and not done:
                done = encodings
        if found is None:
            break
        cut, ended = found
        whole = whole and ended
        declared = []
    if not done or view(cut.body[:4096]) is None:
        return message
    return replace(
        message,
        headers=[*message.headers, (NOTE, f"body came as {', '.join(done)}; kept undone")],
        body=cut.body,
        tail=cut.tail,
        size=cut.size,
        sha256=cut.sha256,
        truncated=cut.truncated,
        incomplete=not whole,
    )


def _marked(body: bytes) -> list[str]:
    """What a body is encoded with, by how it begins."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return [encoding]
    # zlib (RFC 1950 §2.2), with the window that everybody takes.
    return ["deflate"] if body[:1] == b"\x78" and int.from_bytes(body[:2]) % 31 == 0 else []


def _inside(cut: Cut, encodings: list[str], limit: int, edge: int) -> tuple[Cut, bool] | None:
    """What these encodings hold, and whether it was undone to its end; None if it is neither text nor encoded again."""
    if not encodings:
        return None
    try:
        found, whole = decoded(cut, encodings, lambda: Body(limit, edge, Gauge(2**63)), _MOST * limit)
    except NotDecodable:
        return None
    head = found.body[:4096]
    if not head or (not _marked(head) and view(head) is None):
        return None
    if not whole and (len(head) < _LEAST or not (_marked(head) or is_utf8(head))):
        return None
    return found, whole
