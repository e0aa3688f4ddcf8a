"""Losses are data: what the recorder had to give up, by reason, with count and times.

`note` may be called from any thread at any moment, also from a finalizer that the garbage collector runs inside
our own code: it takes no lock and never raises. Counters only ever grow; the worker writes what has come since it
last wrote (`unreported`), and says so (`reported`) after the spool has it. Between the two nothing is lost.

`never_raise` is the one guard. All of our work in a caller's thread is inside it, the host's call never is.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

TEXT_LIMIT = 500


class Tally(NamedTuple):
    """What came of one reason since the last report. Times in nanoseconds since 1970."""

    reason: str
    count: int  # type: ignore[assignment]  # the name it has on its way, beside tuple.count
    first_ns: int
    last_ns: int
    text: str


class _Counter:
    __slots__ = ("count", "first_ns", "last_ns", "reported", "text")

    def __init__(self) -> None:
        self.count = 0
        self.reported = 0
        self.first_ns = 0
        self.last_ns = 0
        self.text = ""


class Ledger:
    """The losses of one process."""

    def __init__(self) -> None:
        self._counters: dict[str, _Counter] = {}

    def note(self, reason: str, count: int = 1, text: str = "") -> None:
        """Count a loss. The first text of a reason is kept until it is reported; it must hold no secret."""
        counter = self._counters.get(reason)
        if counter is None:
            # setdefault is atomic: two threads at once get the same counter.
            counter = self._counters.setdefault(reason, _Counter())
        now = time.time_ns()
        if not counter.first_ns:
            counter.first_ns = now
            counter.text = text[:TEXT_LIMIT]
        counter.last_ns = now
        counter.count += count

    def unreported(self) -> list[Tally]:
        """What has come since the last `reported`. Only the worker calls this."""
        return [
            Tally(reason, counter.count - counter.reported, counter.first_ns, counter.last_ns, counter.text)
            for reason, counter in list(self._counters.items())
            if counter.count > counter.reported
        ]

    def reported(self, tallies: list[Tally]) -> None:
        """These are in the spool now."""
        for tally in tallies:
            counter = self._counters[tally.reason]
            counter.reported += tally.count
            counter.first_ns = 0 if counter.count == counter.reported else tally.last_ns

    def counts(self) -> dict[str, int]:
        """All since the process began, by reason."""
        return {reason: counter.count for reason, counter in list(self._counters.items())}


ledger = Ledger()
"""This process's. A fork begins a new one."""

_said: set[str] = set()


def begin_anew() -> None:
    """For a child after a fork: its parent's losses are its parent's."""
    global ledger
    ledger = Ledger()
    _said.clear()


def lose(reason: str, error: BaseException | None = None, *, count: int = 1, text: str = "") -> None:
    """Note a loss, and say so once per reason through `logging`, by class name only: messages may hold secrets."""
    try:
        what = text or (f"{type(error).__module__}.{type(error).__qualname__}" if error is not None else "")
        ledger.note(reason, count, what)
        if reason not in _said:
            _said.add(reason)
            say(f"{reason}{f' ({what})' if what else ''}: your program runs on, its log has a gap that shows there")
    except Exception:  # noqa: S110 - the last line of defence: a logger of the host's may raise
        pass


def say(message: str) -> None:
    """A warning through `logging`, which is dear: `import apitrail` does without; who sets a recorder up imports it."""
    import logging

    logging.getLogger("apitrail").warning(message)


def never_raise(work: Callable[P, R]) -> Callable[P, R | None]:
    """Run our work so that its failure is a counted loss (`capture_failed`) and the answer None.

    Only Exception is caught: an interrupt or a cancellation that arrives meanwhile is the host's.
    """

    @functools.wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return work(*args, **kwargs)
        except Exception as error:
            lose("capture_failed", error)
            return None

    return guarded
