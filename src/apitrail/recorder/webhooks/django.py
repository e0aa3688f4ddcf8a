"""Webhooks in Django: a middleware, and one setting.

    MIDDLEWARE = ["apitrail.recorder.webhooks.django.ApitrailMiddleware", …]      # first, to see what is really sent
    APITRAIL = {"paths": {"/hooks/shopee": {"ec": "shopee-tw-01", "platform": "shopee"}}}

`paths` and labels: see `apitrail.recorder.webhooks.rules`; a function of the host's gets the HttpRequest. The other
keys of APITRAIL are settings of `apitrail.configure` (`url`, `token`, …), for those who have no better place; with
`"instrument": True` the clients are recorded too. Works under WSGI and ASGI, with sync and async views. Raises
ValueError while Django starts for what does not exist.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.utils.decorators import sync_and_async_middleware

import apitrail
from apitrail.exchange import Stated
from apitrail.recorder import process
from apitrail.recorder.capture import Capture, begin, described
from apitrail.recorder.losses import never_raise
from apitrail.recorder.webhooks import asgi, wsgi
from apitrail.recorder.webhooks.rules import LABELS, RECORDED, Rules


def _rules() -> Rules:
    given = dict(getattr(settings, "APITRAIL", {}))
    paths = given.pop("paths", None)
    labels = {name: given.pop(name) for name in LABELS & set(given)}
    wants_clients = given.pop("instrument", False)
    rules = Rules(paths, labels)
    if given:
        apitrail.configure(**given)
    else:
        process.recorder()
    if wants_clients:
        apitrail.instrument()
    return rules


@sync_and_async_middleware  # type: ignore[untyped-decorator,unused-ignore]
def ApitrailMiddleware(get_response: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802 - listed among classes
    """Records the requests that are webhooks."""
    rules = _rules()
    made = _Async if iscoroutinefunction(get_response) else _Sync
    return made(get_response, rules).handler()


class _Middleware:
    def __init__(self, get_response: Callable[..., Any], rules: Rules) -> None:
        self._get_response = get_response
        self._rules = rules

    def _watched(self, request: Any) -> Capture | None:
        if RECORDED in (getattr(request, "scope", None) or request.META):
            return None
        stated = self._rules.stated(request.path, request, request.path.removesuffix(request.path_info))
        return _begun(request, stated) if stated is not None else None

    @staticmethod
    @never_raise
    def process_exception(request: Any, exception: BaseException) -> None:
        """A view raised; what Django makes of it is the answer."""
        capture = request.__dict__.get("_apitrail")
        if capture is not None:
            request.__dict__["_apitrail_error"] = described(exception)


class _Sync(_Middleware):
    def handler(self) -> Callable[..., Any]:
        def handle(request: Any) -> Any:
            capture = self._watched(request)
            if capture is None:
                return self._get_response(request)
            try:
                response = self._get_response(request)
            except BaseException as error:
                _raised(capture, error)
                raise
            _answered(capture, request, response)
            return response

        handle.process_exception = self.process_exception  # type: ignore[attr-defined]
        return handle


class _Async(_Middleware):
    def handler(self) -> Callable[..., Any]:
        async def handle(request: Any) -> Any:
            capture = self._watched(request)
            if capture is None:
                return await self._get_response(request)
            try:
                response = await self._get_response(request)
            except BaseException as error:
                _raised(capture, error)
                raise
            _answered(capture, request, response)
            return response

        handle.process_exception = self.process_exception  # type: ignore[attr-defined]
        return handle


@never_raise
def _begun(request: Any, stated: Stated) -> Capture | None:
    scope = getattr(request, "scope", None)
    if scope is not None:
        url, headers, version = asgi.url_of(scope), list(scope["headers"]), f"HTTP/{scope.get('http_version', '1.1')}"
    else:
        url, headers, version = wsgi.url_of(request.META), wsgi.headers_of(request.META), ""
        version = request.META.get("SERVER_PROTOCOL", "")
    capture = begin("django", request.method, url, headers, "inbound")
    if capture is None:
        return None
    (request.META if scope is None else scope)[RECORDED] = True
    capture.stated = stated
    capture.http_version = version
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if "_body" in request.__dict__:
        capture.sends(request.body)  # which a middleware before ours has read: the stream gives it to nobody any more
    elif str(announced) != "0" or request.META.get("HTTP_TRANSFER_ENCODING"):
        capture.request_body = capture.body()
        capture.request_incomplete = True
        if scope is not None or str(announced) != "0":  # else Django takes it for empty (WSGIRequest), which it is not
            request._stream = wsgi.Input(request._stream, capture, str(announced))
    request.__dict__["_apitrail"] = capture
    return capture


@never_raise
def _raised(capture: Capture, error: BaseException) -> None:
    capture.error = described(error)
    if isinstance(error, Exception):
        capture.status = 500  # else the view was stopped from outside, as when the other side has hung up
    capture.finish()


@never_raise
def _answered(capture: Capture, request: Any, response: Any) -> None:
    cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    capture.answered(response.status_code, [*response.items(), *cookies], capture.http_version)
    capture.error = request.__dict__.pop("_apitrail_error", None)
    request.__dict__.pop("_apitrail", None)
    if not response.streaming:
        capture.received(response.content)
        capture.finish()
    elif getattr(response, "file_to_stream", None) is not None:
        capture.finish(incomplete=True)  # the server may send the file itself
    else:
        body = _Streamed(capture)
        tee = body.passing_async if response.is_async else body.passing
        response.streaming_content = tee(response.streaming_content)
        response._resource_closers.append(body.closed)


class _Streamed:
    """An answer that is made while it is sent."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._ended = False

    def passing(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for chunk in chunks:
                self._capture.received(chunk)
                yield chunk
        except GeneratorExit:
            raise
        except BaseException as error:
            self._capture.failed(error)
            raise
        self._ended = True

    async def passing_async(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for chunk in chunks:
                self._capture.received(chunk)
                yield chunk
        except GeneratorExit:
            raise
        except BaseException as error:
            self._capture.failed(error)
            raise
        self._ended = True

    def closed(self) -> None:
        self._capture.finish(incomplete=not self._ended)
