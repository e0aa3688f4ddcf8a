"""The views of `frameworks.litestar`: it reads annotations, so they stand at the top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litestar import Litestar, Request, Response, post
from litestar.middleware import DefineMiddleware
from litestar.response import Stream

from apitrail.recorder.webhooks.asgi import ApitrailMiddleware


@post(["/hooks/shopee", "/other"], status_code=200)
async def echo(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(await request.body(), media_type="application/json")


@post("/hooks/shopee/crash")
async def crash() -> None:
    raise LookupError("no such order")


@post("/hooks/shopee/stream", status_code=200)
async def stream(request: Request[Any, Any, Any]) -> Stream:
    await request.body()

    def pieces() -> Iterator[bytes]:
        yield b"one,"
        yield b"two"

    return Stream(pieces())


def app(paths: Any) -> Litestar:
    return Litestar([echo, crash, stream], middleware=[DefineMiddleware(ApitrailMiddleware, paths=paths)])
