"""What the processes under test do: call a platform, each call with labels of its own.

`configure` is called where this is imported, as in a host's settings module: before the forks where there are any.
"""

from __future__ import annotations

import os
import urllib.request
from typing import Any

import apitrail

apitrail.configure()
apitrail.instrument()


def call(number: int) -> int:
    """One call, labelled with its number, that the platform echoes."""
    with apitrail.action("order.get", source=("order", number)):
        request = urllib.request.Request(f"{os.environ['PLATFORM']}/echo?n={number}", data=b"order %d" % number)
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.read() == b"order %d" % number
    return number


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """For gunicorn: a call for each request."""
    number = call(int(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", "0")])
    assert number >= 0
    return [b""]


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """For uvicorn: the same."""
    if scope["type"] != "http":
        return
    call(int(scope["query_string"]))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
