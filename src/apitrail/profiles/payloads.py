"""A captured message as an entry keeps it."""

from __future__ import annotations

from apitrail.entry import Payload
from apitrail.exchange import Message
from apitrail.profiles.charset import charset_of


def payload(message: Message) -> Payload:
    """The message with size, content type and charset told. Bytes and header fields stay as they are."""
    headers = message.headers
    body = message.body
    if message.text is not None and not body:
        body = message.text.encode("utf-8", "surrogatepass")
    content_type = None
    for name, value in headers:
        if len(name) == 12 and name.lower() == "content-type":
            content_type = value
            break
    if not body and not message.tail and not message.truncated and message.size is None:
        return Payload(headers=headers, content_type=content_type, incomplete=message.incomplete)
    return Payload(
        headers=headers,
        body=body,
        tail=message.tail,
        content_type=content_type,
        charset=charset_of(body, content_type) if body else None,
        size=len(body) if message.size is None else message.size,
        digest=(message.sha256 or "") if message.truncated else "",
        truncated=message.truncated,
        incomplete=message.incomplete,
    )
