"""Header fields as http.client holds them, read by the worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def fields_sent(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Those of a request, from the bytes that were sent; folded lines are joined (RFC 9112 §5.2)."""
    lines: list[bytes] = []
    for line in head.split(b"\r\n")[1:]:
        if line[:1] in (b" ", b"\t") and lines:
            lines[-1] += b" " + line.strip()
        elif line:
            lines.append(line)
    for line in lines:
        name, _, value = line.partition(b":")
        yield name, value.strip()


def fields_received(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[bytes | str, bytes | str]]:
    """Those of an answer: bytes in the clothes of Latin-1."""
    for name, value in pairs:
        try:
            yield name.encode("latin-1"), value.encode("latin-1")
        except UnicodeEncodeError:
            yield name, value


def chunked(head: bytes) -> bool:
    """Whether the body of the request comes in chunks (RFC 9112 §7.1)."""
    head = head.lower()
    at = head.find(b"\r\ntransfer-encoding:")
    return at >= 0 and b"chunked" in head[at : head.find(b"\r\n", at + 2)]
