"""The views of `frameworks.django`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


def logging(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware before ours, that reads the body of what is to be logged."""

    def handle(request: Any) -> Any:
        if "X-Log" in request.headers:
            _ = request.body
        return get_response(request)

    return handle


def echo(request: Any) -> Any:
    return HttpResponse(request.body, content_type="application/json")


def crash(request: Any) -> Any:
    raise LookupError("no such order")


def stream(request: Any) -> Any:
    _ = request.body
    return StreamingHttpResponse(iter([b"one,", b"two"]))


async def hang(request: Any) -> Any:
    await asyncio.sleep(60)


urlpatterns = [
    path("hooks/shopee", csrf_exempt(echo)),
    path("hooks/shopee/crash", csrf_exempt(crash)),
    path("hooks/shopee/stream", csrf_exempt(stream)),
    path("hooks/shopee/hang", csrf_exempt(hang)),
    path("other", csrf_exempt(echo)),
]
