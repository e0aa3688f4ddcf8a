"""The other side: answers every POST with 4 KB of JSON, and prints its port first."""

from __future__ import annotations

import asyncio

BODY = (
    b'{"orders":['
    + b",".join(b'{"order_sn":"2611239KQ4XW%02d","status":"READY_TO_SHIP"}' % i for i in range(78))
    + b"]}"
)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Answerer(asyncio.Protocol):
    """Enough of HTTP/1.1 for a client that keeps its connection and sends a Content-Length."""

    def __init__(self) -> None:
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        wanted = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        if len(rest) >= wanted:
            self.buffer = rest[wanted:]
            assert self.transport is not None
            self.transport.write(ANSWER)


async def serve() -> None:
    """Listen on a free port until killed."""
    server = await asyncio.get_running_loop().create_server(Answerer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
