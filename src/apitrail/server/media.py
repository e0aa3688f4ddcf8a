"""Hands out a body's bytes so that a browser can do no harm with them: they came from strangers.

Only what its own first bytes show to be a picture or a PDF is shown in the page; all else is a download without a
type. The declared content type is never believed.
"""

from __future__ import annotations

import re
from typing import Literal

from litestar import Response

from apitrail.entry import Payload
from apitrail.server.signature import OTHER, SUFFIX, media_type

_DOWNLOADED = (
    (re.compile(r"[/+]json\b"), "json"),
    (re.compile(r"[/+]xml\b"), "xml"),
    (re.compile(r"^text/csv\b"), "csv"),
    (re.compile(r"^text/"), "txt"),
)
# A viewer of PDFs is a plug-in to the browser, and does not start in a sandbox.
_PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_POLICY = "default-src 'none'; sandbox; frame-ancestors 'self'"


def body_response(payload: Payload, part: Literal["head", "tail"], name: str) -> Response[bytes]:
    """The exact bytes: all of the body, or of one too large to be kept whole its first (`head`) or last (`tail`)."""
    data = payload.tail if part == "tail" else payload.body
    kind = media_type(data) if part == "head" else OTHER
    extension, place = SUFFIX.get(kind, ""), "inline"
    if kind == OTHER:
        extension, place = _extension(payload.content_type or ""), "attachment"
    return Response(
        data,
        media_type=kind,
        headers={
            "Content-Disposition": f'{place}; filename="{name}.{extension}"',
            "Content-Security-Policy": _PDF_POLICY if kind == "application/pdf" else _POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def _extension(content_type: str) -> str:
    for pattern, extension in _DOWNLOADED:
        if pattern.search(content_type.lower()):
            return extension
    return "bin"
