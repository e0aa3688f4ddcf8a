"""What the caller says of its calls: on whose account, which action, which object.

`integration` and `action` set it for the calls made inside them; it is held in a context variable, so it follows
asyncio tasks. Threads of a pool start without it: wrap what they run in `bind`. Inner ones win field by field and
inherit the rest, with one exception: an integration of its own account does not inherit the platform (a label bought
while a shop's order is handled is not the shop's call).

The variable holds a chain of frames, innermost first, rather than tokens kept on the scope objects: so one scope
object may be entered many times, nested, by several threads and tasks at once.

Labels are taken leniently: this runs inside the host's business, where a missing order number must not fail a
label. What cannot be used is left out and counted as `label_ignored`.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

from msgspec.structs import asdict

from apitrail.exchange import Integration, Reference, Source, Stated
from apitrail.recorder.losses import lose, never_raise

F = TypeVar("F", bound=Callable[..., Any])

AnyIntegration: TypeAlias = Integration | str | tuple[str, str]
"""An account: its id, or (id, name)."""
AnySource: TypeAlias = Source | tuple[Any, ...]
"""The object that owns the call: (type, id), (type, id, name) or (type, id, name, link)."""
AnyReference: TypeAlias = Reference | tuple[Any, Any]

NAME_LIMIT = 200
LINK_LIMIT = 2000


class _Frame(NamedTuple):
    stated: Stated
    scope: object
    outer: _Frame | None


_frame: ContextVar[_Frame | None] = ContextVar("apitrail_frame", default=None)
muted: ContextVar[bool] = ContextVar("apitrail_muted", default=False)
"""True in the recorder's own threads: their calls to the server are not recorded."""


def current() -> Stated | None:
    """What holds for a call made here and now; None outside of any `integration` or `action`."""
    frame = _frame.get()
    return frame.stated if frame is not None else None


class Scope:
    """A context manager and a decorator, for plain, async and generator functions alike.

    On a generator function the labels hold while its body runs, and not for who consumes it.
    """

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said

    def __enter__(self) -> Scope:
        self._enter()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def __call__(self, function: F) -> F:
        import inspect  # dear to import; decorating is done at start-up

        held: Callable[..., Any]
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def held(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return await function(*args, **kwargs)

        elif inspect.isasyncgenfunction(function):

            @functools.wraps(function)
            def held(*args: Any, **kwargs: Any) -> Any:
                return _step_async(self, function(*args, **kwargs))

        elif inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def held(*args: Any, **kwargs: Any) -> Any:
                return _step(self, function(*args, **kwargs))

        else:

            @functools.wraps(function)
            def held(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return function(*args, **kwargs)

        return cast("F", held)

    @never_raise
    def _enter(self) -> None:
        outer = _frame.get()
        _frame.set(_Frame(self._stated(outer.stated if outer is not None else None), self, outer))

    @never_raise
    def _leave(self) -> None:
        # Usually the innermost. A generator that was entered here and left elsewhere may leave others on top.
        frame = _frame.get()
        while frame is not None and frame.scope is not self:
            frame = frame.outer
        if frame is not None:
            _frame.set(frame.outer)

    def _stated(self, outer: Stated | None) -> Stated:
        if outer is None:
            return Stated(**self._said)
        said = {**asdict(outer), **self._said}
        own_account = "ec_integration" in self._said or "shipping_integration" in self._said
        if own_account and "platform" not in self._said:
            said["platform"] = None
        return Stated(**said)


class _Held(Scope):
    """Labels as they were where `bind` was called, in place of those of the thread that runs the function."""

    def __init__(self, stated: Stated | None) -> None:
        super().__init__({})
        self._was = stated

    def _stated(self, outer: Stated | None) -> Stated:
        return self._was or Stated()


def bind(function: F) -> F:
    """Carry the labels that hold here to wherever `function` will run.

    For threads, which do not inherit them: `pool.submit(apitrail.bind(push), sku)`, `pool.map(apitrail.bind(push),
    skus)`. Only our labels are carried; the host's own context variables stay as they are in that thread.
    """
    return _Held(current())(function)


def integration(
    *,
    ec: AnyIntegration | None = None,
    shipping: AnyIntegration | None = None,
    name: str | None = None,
    platform: str | None = None,
    merchant: str | None = None,
) -> Scope:
    """Calls made inside are on behalf of this account.

    `ec` is the id of an account at a shop platform, `shipping` at a carrier, each an id, `(id, name)` or
    `Integration`; `name` is the display name of the one that is given (of `ec`, where both are). `platform` is the
    system at the other end, `merchant` whose goods they are.
    """
    said: dict[str, Any] = {}
    if ec is not None:
        _say(said, "ec_integration", _integration, ec, name)
    if shipping is not None:
        _say(said, "shipping_integration", _integration, shipping, name if ec is None else None)
    if platform is not None:
        _say(said, "platform", _name, platform)
    if merchant is not None:
        _say(said, "merchant", _name, merchant)
    return Scope(said)


def action(
    name: str,
    *,
    source: AnySource | None = None,
    references: Iterable[AnyReference] | None = None,
) -> Scope:
    """Calls made inside do this: an action's id, such as `order.list`.

    `source` is the one object that owns the call, `references` any identifiers that it touches and that people will
    search for: `[("order", "2611239KQ4XW"), ("tracking", "9400…")]`.
    """
    said: dict[str, Any] = {}
    _say(said, "action", _name, name)
    if source is not None:
        _say(said, "source", _source, source)
    if references is not None:
        _say(said, "references", _references, references)
    return Scope(said)


def labels(action: str | None = None, **account: Any) -> Stated:
    """`Stated` from an action and the keywords of `integration`, apart from any context."""
    said = dict(integration(**account)._said)
    if action is not None:
        _say(said, "action", _name, action)
    return Stated(**said)


def _say(said: dict[str, Any], field: str, make: Callable[..., Any], *values: Any) -> None:
    try:
        said[field] = make(*values)
    except Exception as error:
        lose("label_ignored", text=f"{field}: {type(values[0]).__name__} cannot be used ({error})")


def _name(value: Any, limit: int = NAME_LIMIT) -> str:
    text = value if type(value) is str else str(value)
    return text if len(text) <= limit else text[:limit]


def _some(value: Any) -> str:
    if value is None or value == "":
        raise ValueError("an id is empty")
    return _name(value)


def _integration(value: Any, name: str | None) -> Integration:
    if isinstance(value, Integration):
        return Integration(_some(value.id), _name(value.name or ""))
    if isinstance(value, tuple):
        given, name = value
        return Integration(_some(given), _name(name or ""))
    return Integration(_some(value), _name(name or ""))


def _source(value: Any) -> Source:
    if isinstance(value, Source):
        value = (value.type, value.id, value.name, value.link)
    if not isinstance(value, (tuple, list)):
        raise TypeError("give (type, id), (type, id, name) or (type, id, name, link)")
    kind, given, name, link = (*value, "", "")[:4] if len(value) in (2, 3) else value
    return Source(_some(kind), _some(given), _name(name or ""), _name(link or "", LINK_LIMIT))


def _references(values: Any) -> list[Reference]:
    found = []
    for value in values:
        kind, given = (value.type, value.id) if isinstance(value, Reference) else value
        found.append(Reference(_some(kind), _some(given)))
    return found


def _step(scope: Scope, body: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run a generator with the scope entered only while its body runs."""
    go: Callable[[], Any] = functools.partial(next, body)
    while True:
        try:
            with scope:
                item = go()
        except StopIteration as end:
            return end.value
        try:
            sent = yield item
        except GeneratorExit:
            with scope:
                body.close()
            raise
        except BaseException as error:
            go = functools.partial(body.throw, error)
        else:
            go = functools.partial(body.send, sent)


async def _step_async(scope: Scope, body: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    """The same for an async generator."""
    go: Callable[[], Any] = body.__anext__
    while True:
        try:
            with scope:
                item = await go()
        except StopAsyncIteration:
            return
        try:
            sent = yield item
        except GeneratorExit:
            with scope:
                await body.aclose()
            raise
        except BaseException as error:
            go = functools.partial(body.athrow, error)
        else:
            go = functools.partial(body.asend, sent)
