"""What every sandbox platform stands on: routes, answers, troubles and notifications, as one ASGI application.

Beside its own paths a platform has a few under `/_sandbox/`, for the demo's director and never for a client:

- `POST /_sandbox/trouble {"kind", "path", "times", …}`: the next calls whose path contains `path` meet that trouble.
- `POST /_sandbox/event {"name", "to", …}`: something happens at the platform (a buyer orders, a parcel moves), and the
  notification for it is sent to the URL `to` before the answer comes. The answer holds what was made and the status
  that the receiver gave.
- `GET /_sandbox/served`: how many calls and notifications there were, those of the director not counted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, MutableMapping
from random import Random
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

import httpx
import msgspec
from msgspec import Struct

Json = dict[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

DELIVERY_TIMEOUT_S = 5.0


class BadCall(Exception):
    """The caller's request cannot be understood; the platform words it in its own shape."""


class Request(Struct, frozen=True):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case; of repeated ones the last."""
    body: bytes
    host: str
    """As the client addressed us, such as `127.0.0.1:40001`."""

    def json(self) -> Json:
        """The body as a JSON object. Raises BadCall for anything else."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise BadCall(str(error)) from error

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Answer(Struct):
    status: int = 200
    headers: list[tuple[str, str]] = []
    body: bytes = b""
    stream: Iterator[bytes] | None = None
    """Sent in place of `body`, chunk by chunk."""


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    pairs = [("content-type", "application/json"), *(headers or {}).items()]
    return Answer(status, pairs, msgspec.json.encode(value))


def html_answer(text: str, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, [("content-type", "text/html; charset=utf-8"), *(headers or {}).items()], text.encode())


class Notification(Struct):
    """A webhook on its way: what the platform posts to the merchant's backend."""

    body: bytes
    headers: dict[str, str]
    path: str = ""
    """Appended to the URL that the director named."""


class Event(Struct):
    """What an event made, for the director, and the notification for it."""

    facts: Json
    notification: Notification | None = None


class Trouble(Struct):
    kind: str
    path: str = ""
    times: int = 1
    seconds: float = 0.0
    facts: Json = {}


_Method = TypeVar("_Method", bound=Callable[..., Any])


def on(verb: str, template: str) -> Callable[[_Method], _Method]:
    """Mark a method as the handler of a path. `{name}` stands for one path segment and becomes an argument."""

    def mark(method: _Method) -> _Method:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template.replace(".", r"\."))
        routes = [*getattr(method, "_routes", []), (verb, re.compile(pattern + r"\Z"))]
        method._routes = routes  # type: ignore[attr-defined]
        return method

    return mark


class Platform:
    """A sandbox platform. A subclass adds handlers marked with `on`, and its own troubles and events."""

    name: ClassVar[str]
    _handlers: ClassVar[list[tuple[str, re.Pattern[str], str]]] = []

    def __init_subclass__(cls) -> None:
        cls._handlers = [
            (verb, pattern, attribute)
            for attribute, method in vars(cls).items()
            for verb, pattern in getattr(method, "_routes", [])
        ]

    def __init__(self, seed: int | str = 0, latency: tuple[float, float] = (0.0, 0.0)) -> None:
        """`latency`: the shortest and longest time in seconds that an answer takes."""
        self.random = Random(f"{seed}/{self.name}")  # noqa: S311 - sample data, not secrets
        self.latency = latency
        self.served = 0
        self.troubles: list[Trouble] = []

    # what a subclass may word in its own way

    def not_found(self, request: Request) -> Answer:
        return json_answer({"error": "Not Found"}, 404)

    def bad_call(self, request: Request, reason: str) -> Answer:
        return json_answer({"error": reason}, 400)

    def refuse(self, request: Request) -> Answer | None:
        """The platform's check of credentials, before any handler. None lets the call pass."""
        return None

    def in_trouble(self, trouble: Trouble, request: Request) -> Answer:
        """The answer of a platform that has trouble of its own kind."""
        raise ValueError(f"{self.name} knows no trouble called {trouble.kind!r}")

    def happen(self, name: str, facts: Json) -> Event:
        """Something happens at the platform."""
        raise ValueError(f"{self.name} knows no event called {name!r}")

    # the machinery

    def answer(self, request: Request) -> Answer:
        """What the platform answers, troubles apart."""
        try:
            refused = self.refuse(request)
            if refused is not None:
                return refused
            for verb, pattern, attribute in self._handlers:
                match = pattern.match(request.path)
                if verb == request.method and match:
                    found: Answer = getattr(self, attribute)(request, **match.groupdict())
                    return found
        except BadCall as error:
            return self.bad_call(request, str(error))
        except KeyError as error:
            return self.bad_call(request, f"{error} is missing")
        return self.not_found(request)

    def _trouble_for(self, request: Request) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.path in request.path:
                trouble.times -= 1
                if trouble.times <= 0:
                    self.troubles.remove(trouble)
                return trouble
        return None

    async def _serve(self, request: Request) -> Answer:
        self.served += 1
        await asyncio.sleep(self.random.uniform(*self.latency))
        trouble = self._trouble_for(request)
        if trouble is None:
            return self.answer(request)
        if trouble.kind == "slow":
            await asyncio.sleep(trouble.seconds)
            return self.answer(request)
        if trouble.kind == "bad_gateway":
            return html_answer(BAD_GATEWAY, 502, {"server": "nginx"})
        if trouble.kind == "maintenance":
            return html_answer(MAINTENANCE, 503, {"retry-after": "600"})
        return self.in_trouble(trouble, request)

    async def _direct(self, request: Request) -> Answer:
        if request.path == "/_sandbox/served":
            return json_answer({"served": self.served})
        if request.path == "/_sandbox/trouble":
            facts = request.json()
            self.troubles.append(msgspec.convert({**facts, "facts": facts}, Trouble))
            return json_answer({})
        if request.path == "/_sandbox/event":
            facts = request.json()
            event = self.happen(facts.pop("name"), facts)
            status = None
            if event.notification is not None and facts.get("to"):
                status = await self._deliver(facts["to"], event.notification)
            return json_answer({**event.facts, "delivered": status})
        return json_answer({"error": f"no such control: {request.path}"}, 404)

    async def _deliver(self, url: str, notification: Notification) -> int:
        self.served += 1
        async with httpx.AsyncClient(timeout=DELIVERY_TIMEOUT_S, trust_env=False) as client:
            answer = await client.post(url + notification.path, content=notification.body, headers=notification.headers)
        return answer.status_code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"a sandbox platform speaks HTTP only, not {scope['type']}")
        request = await _read(scope, receive)
        answer = await (self._direct(request) if request.path.startswith("/_sandbox/") else self._serve(request))
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        if answer.stream is None:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for chunk in _chunks(answer):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _chunks(answer: Answer) -> AsyncIterator[bytes]:
    for chunk in answer.stream if answer.stream is not None else [answer.body]:
        yield chunk
        await asyncio.sleep(0)


async def _read(scope: Scope, receive: Receive) -> Request:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return Request(scope["method"], scope["path"], query, headers, bytes(body), headers.get("host", ""))


BAD_GATEWAY = """<html>
<head><title>502 Bad Gateway</title></head>
<body>
<center><h1>502 Bad Gateway</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""
MAINTENANCE = """<!DOCTYPE html>
<html lang="zh-TW">
<head><meta charset="utf-8"><title>系統維護中</title></head>
<body><h1>系統維護中</h1><p>Briefly unavailable for scheduled maintenance. Check back in a minute.</p></body>
</html>
"""
