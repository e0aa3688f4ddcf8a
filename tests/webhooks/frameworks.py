"""The same webhook in every framework, each with the one line that docs/recorder.md gives.

    python -m tests.webhooks.frameworks NAME PORT SPOOL

POST /hooks/shopee echoes the body, /hooks/shopee/crash raises, /hooks/shopee/stream answers in pieces, /other is none.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import apitrail

PATHS = {"/hooks/shopee": {"ec": "shopee-tw-01", "platform": "shopee"}}


def flask() -> Any:
    from flask import Flask, Response, request

    from apitrail.recorder.webhooks.wsgi import ApitrailMiddleware

    app = Flask(__name__)
    app.wsgi_app = ApitrailMiddleware(app.wsgi_app, paths=PATHS)

    def echo() -> Any:
        return Response(request.get_data(), content_type="application/json")

    def crash() -> Any:
        raise LookupError("no such order")

    def stream() -> Any:
        request.get_data()
        return Response(iter([b"one,", b"two"]))

    for path, view in (("", echo), ("/crash", crash), ("/stream", stream)):
        app.add_url_rule(f"/hooks/shopee{path}", view.__name__, view, methods=["POST"])
    app.add_url_rule("/other", "other", echo, methods=["POST"])
    return app


def django(asynchronous: bool, **recorder: str) -> Any:
    from django.conf import settings

    before = [] if asynchronous else ["tests.webhooks.django_urls.logging"]
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.webhooks.django_urls",
        MIDDLEWARE=[*before, "apitrail.recorder.webhooks.django.ApitrailMiddleware"],
        APITRAIL={"paths": PATHS, **recorder},
        SECRET_KEY="for tests",
        LOGGING_CONFIG=None,
    )
    if asynchronous:
        from django.core.asgi import get_asgi_application

        return get_asgi_application()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def starlette_routes(response: Any, streaming: Any) -> list[tuple[str, Any]]:
    async def echo(request: Any) -> Any:
        return response(await request.body(), media_type="application/json")

    async def crash(request: Any) -> Any:
        raise LookupError("no such order")

    async def stream(request: Any) -> Any:
        await request.body()

        async def pieces() -> AsyncIterator[bytes]:
            yield b"one,"
            yield b"two"

        return streaming(pieces())

    hook = "/hooks/shopee"
    return [(hook, echo), (f"{hook}/crash", crash), (f"{hook}/stream", stream), ("/other", echo)]


def starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    from apitrail.recorder.webhooks.asgi import ApitrailMiddleware

    app = Starlette(routes=[Route(*each, methods=["POST"]) for each in starlette_routes(Response, StreamingResponse)])
    app.add_middleware(ApitrailMiddleware, paths=PATHS)  # type: ignore[arg-type,unused-ignore]
    return app


def fastapi() -> Any:
    from fastapi import FastAPI
    from starlette.responses import Response, StreamingResponse

    from apitrail.recorder.webhooks.asgi import ApitrailMiddleware

    app = FastAPI()
    app.add_middleware(ApitrailMiddleware, paths=PATHS)
    for path, view in starlette_routes(Response, StreamingResponse):
        app.add_route(path, view, methods=["POST"])
    return app


def litestar() -> Any:
    from tests.webhooks import litestar_app

    return litestar_app.app(PATHS)


WSGI: dict[str, Callable[..., Any]] = {"flask": flask, "django": partial(django, asynchronous=False)}
ASGI: dict[str, Callable[..., Any]] = {
    "django-async": partial(django, asynchronous=True),
    "starlette": starlette,
    "fastapi": fastapi,
    "litestar": litestar,
}
NEEDS = {"django-async": "django"}


def main(name: str, port: str, url: str, spool: str) -> None:
    recorder = {"url": url, "spool": spool, "service": "shop"}
    if not name.startswith("django"):
        apitrail.configure(**recorder)  # type: ignore[arg-type]
        recorder = {}
    if name in WSGI:
        from wsgiref.simple_server import make_server

        with make_server("127.0.0.1", int(port), WSGI[name](**recorder)) as server:
            server.serve_forever()
    else:
        import uvicorn

        uvicorn.run(ASGI[name](**recorder), port=int(port), log_level="critical", lifespan="off")


if __name__ == "__main__":
    main(*sys.argv[1:])
