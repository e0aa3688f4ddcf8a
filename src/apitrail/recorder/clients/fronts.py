"""A client's front: it opens a call, in which its transport begins exchanges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apitrail.recorder import calls
from apitrail.recorder.clients.patch import Patch

Wrap = Callable[[Callable[..., Any], Patch], Callable[..., Any]]


def front(client: str, *, any_owner: bool = False) -> Wrap:
    """Wraps a method that makes one call. With `any_owner` it is part of whatever call of this client is open."""

    def wrap(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
        def calling(self: Any, *args: Any, **kwargs: Any) -> Any:
            call = calls.opened(client, None if any_owner else self) if patch.on else None
            if call is None:
                return original(self, *args, **kwargs)
            try:
                answer = original(self, *args, **kwargs)
            except BaseException as error:
                calls.closed(call, error)
                raise
            calls.closed(call)
            return answer

        return calling

    return wrap


def async_front(client: str) -> Wrap:
    """The same for a coroutine."""

    def wrap(original: Callable[..., Any], patch: Patch) -> Callable[..., Any]:
        async def calling(self: Any, *args: Any, **kwargs: Any) -> Any:
            call = calls.opened(client, self) if patch.on else None
            if call is None:
                return await original(self, *args, **kwargs)
            try:
                answer = await original(self, *args, **kwargs)
            except BaseException as error:
                calls.closed(call, error)
                raise
            calls.closed(call)
            return answer

        return calling

    return wrap
