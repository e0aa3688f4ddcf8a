"""One method of one class, replaced and put back."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any


class Patch:
    """Replaces `owner.name` by `wrap(original)`; `wrap` is told by `on` whether to record.

    Somebody else may have replaced it again after us. Then taking ours out would take theirs out too: it stays,
    and only passes on, until it is installed again.
    """

    def __init__(self, owner: type, name: str, wrap: Callable[[Callable[..., Any], Patch], Callable[..., Any]]) -> None:
        self.on = False
        self._owner = owner
        self._name = name
        self._wrap = wrap
        self._original: Any = None
        self._ours: Any = None

    def install(self) -> None:
        """Replace it."""
        self.on = True
        if self._ours is None:
            self._original = self._owner.__dict__[self._name]
            self._ours = self._wrap(_called_as_a_method(self._original), self)
            self._ours.__wrapped__ = self._original
            setattr(self._owner, self._name, self._ours)

    def remove(self) -> None:
        """Put the original back."""
        self.on = False
        if self._ours is not None and self._owner.__dict__.get(self._name) is self._ours:
            setattr(self._owner, self._name, self._original)
            self._original = self._ours = None


def _called_as_a_method(found: Any) -> Callable[..., Any]:
    """What stands in a class need not be a function: who replaced it before us may have put an object there that is to
    be bound to its instance first (wrapt's, by which OpenTelemetry and ddtrace do it), or is never bound (a mock)."""
    if type(found) is FunctionType:  # by isinstance, wrapt's is one
        return found
    bind = getattr(type(found), "__get__", None)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = found if bind is None else bind(found, self, type(self))
        return bound(*args, **kwargs)

    return call
