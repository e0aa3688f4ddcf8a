"""What bytes are, told by how they begin. What is not in this list is never shown by the browser itself."""

from __future__ import annotations

OTHER = "application/octet-stream"

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)

SUFFIX = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "application/pdf": "pdf"}


def media_type(data: bytes) -> str:
    """One of the four types that are safe to show, else `application/octet-stream`."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    return OTHER
