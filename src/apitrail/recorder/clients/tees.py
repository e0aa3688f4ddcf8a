"""In place of a request's body while it is sent: tells what passes, and looks like the body in all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from apitrail.recorder.losses import lose


class IterableTee:
    """In place of an iterable."""

    def __init__(self, inner: Any, passed: Callable[[Any], None]) -> None:
        self._inner = inner
        self._given = passed

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # libraries ask what a body is by isinstance
        return type(self._inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_inner"], name)

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._inner:
            self._passed(chunk)
            yield chunk

    def _passed(self, chunk: Any) -> None:
        try:
            if chunk:
                self._given(chunk)
        except Exception as error:
            lose("capture_failed", error)


class FileTee(IterableTee):
    """In place of a file."""

    def read(self, *args: Any, **kwargs: Any) -> Any:
        chunk = self._inner.read(*args, **kwargs)
        self._passed(chunk)
        return chunk
