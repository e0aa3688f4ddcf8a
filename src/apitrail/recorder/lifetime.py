"""What the process does at its end, and when it forks: the hooks by which its recorder hears of it.

`os._exit` runs no exit handlers, and forked children leave by it (RQ's, Celery's, a host's own). Nor does a signal that
nothing handles, by which uvicorn ends after it has shut down: it raises the SIGTERM that it got once more. So where
there is a recorder, `os._exit` and `signal.raise_signal` are replaced, and tell it first; then the process ends as it
would. There are no signal handlers.

A program in C may fork without a word to Python (uWSGI): its children find out by their process id, `notice_fork`.
"""

from __future__ import annotations

import atexit
import os
import signal  # here: a child that is forked while a thread of the host's imports it would wait for ever
import sys
from collections.abc import Callable
from typing import Protocol

from apitrail.recorder import losses, unfinished
from apitrail.recorder.losses import never_raise
from apitrail.recorder.threads import RLock

KILLS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
"""Signals by which a process ends itself."""


class Living(Protocol):
    """A process's recorder. None of these raises."""

    def end(self) -> None:
        """At the interpreter's exit."""

    def leave(self) -> None:
        """Before `os._exit`."""

    def before_fork(self) -> None:
        """In the parent."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Begin anew."""


def _nobody() -> Living | None:
    return None


_current: Callable[[], Living | None] = _nobody
_forked: Callable[[], None] = lambda: None  # noqa: E731 - until `attend`
_pid = os.getpid()
_noticing = RLock()


def attend(current: Callable[[], Living | None], forked: Callable[[], None]) -> None:
    """Tell whoever `current` answers of exits and forks; `forked` is called first in a child. Once in a process."""
    global _current, _forked
    _current, _forked = current, forked
    atexit.register(_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=never_raise(_before_fork),
            after_in_parent=never_raise(_after_fork_in_parent),
            after_in_child=never_raise(_after_fork_in_child),
        )


def attend_other_exits() -> None:
    """Those that run no exit handlers of the interpreter. From the start: a process's only call may still be open."""
    _finish_before_os_exit()
    _finish_before_raised_signals()


def notice_fork() -> None:
    """Begin anew where this is a child that Python was not told of. What it has begun itself stays its own."""
    if os.getpid() != _pid:
        with _noticing:
            if os.getpid() != _pid:
                _begin_anew()


def attend_multiprocessing() -> None:
    """Its children leave by `os._exit`, too, but run these handlers first (multiprocessing.util), in which there is
    more time. In each child: it begins with none of its parent's."""
    for name in ("multiprocessing.util", "billiard.util"):
        module = sys.modules.get(name)
        if module is not None:
            module.Finalize(None, _exit, exitpriority=0)


def _finish_before_os_exit() -> None:
    leave = os._exit
    if getattr(leave, "_apitrail", False):
        return

    def _exit(status: int = 0) -> None:
        try:
            _leave()
        finally:  # an interrupt that arrives meanwhile must not bring a forked child back to life
            leave(status)

    _exit._apitrail = True  # type: ignore[attr-defined]
    os._exit = _exit  # type: ignore[assignment]


def _finish_before_raised_signals() -> None:
    raise_signal = signal.raise_signal
    if getattr(raise_signal, "_apitrail", False):
        return
    kills = {int(getattr(signal, name)) for name in KILLS if hasattr(signal, name)}

    def raising(signalnum: int, /) -> None:
        try:
            if signalnum in kills and signal.getsignal(signalnum) == signal.SIG_DFL:
                _leave()
        finally:
            raise_signal(signalnum)

    raising._apitrail = True  # type: ignore[attr-defined]
    signal.raise_signal = raising


@never_raise
def _exit() -> None:
    notice_fork()
    if (recorder := _current()) is not None:
        recorder.end()


@never_raise
def _leave() -> None:
    notice_fork()
    if (recorder := _current()) is not None:
        recorder.leave()


def _before_fork() -> None:
    notice_fork()
    if (recorder := _current()) is not None:
        recorder.before_fork()


def _after_fork_in_parent() -> None:
    if (recorder := _current()) is not None:
        recorder.after_fork_in_parent()


def _after_fork_in_child() -> None:
    global _noticing
    _noticing = RLock()
    unfinished.disown()
    _begin_anew()


def _begin_anew() -> None:
    global _pid
    _forked()
    losses.begin_anew()
    if (recorder := _current()) is not None:
        recorder.after_fork_in_child()
    _pid = os.getpid()  # last: until then, other threads of this child wait for it
