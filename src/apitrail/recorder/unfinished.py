"""The captures that have begun and are not handed over yet.

Who asks: a process that ends, for its open calls end with it; a child after a fork, for those that it finds are its
parent's; and the worker, for a stream of events may come to no end, nor to another chunk.

Only weakly referred to: a response that the host drops is over. Begun and ended without a lock, as `capture` does both
in the caller's thread: what one operation on a dict does, no other thread sees half done.
"""

from __future__ import annotations

import time
from typing import Protocol
from weakref import ref


class Unfinished(Protocol):
    """What is known here of a capture."""

    stream_ends_ns: int

    def cut_off(self) -> None:
        """Its process ends."""

    def disown(self) -> None:
        """It is another process's."""

    def finish(self, *, incomplete: bool = False) -> None:
        """Hand it over."""


begun: dict[int, ref[Unfinished]] = {}
"""By id. Who takes one out of it hands it over, and nobody else."""

_streams: dict[int, ref[Unfinished]] = {}


def end() -> None:
    """The process ends: hand all of them over, as far as they have come."""
    for one in list(begun.values()):
        capture = one()
        if capture is not None:
            capture.cut_off()


def disown() -> None:
    """In a child after a fork."""
    for one in list(begun.values()):
        capture = one()
        if capture is not None:
            capture.disown()
    begun.clear()
    _streams.clear()


def follow(stream: Unfinished) -> None:
    """Hand it over at its time, if `end_streams` is called then."""
    _streams[id(stream)] = ref(stream)


def end_streams() -> float | None:
    """Hand over the streams whose time has come; in how many seconds the next one's comes, None where there is none."""
    next_ns = None
    now = time.perf_counter_ns()
    for key, one in list(_streams.items()):
        stream = one()
        if stream is None or key not in begun:
            _streams.pop(key, None)
        elif stream.stream_ends_ns <= now:
            _streams.pop(key, None)
            stream.finish(incomplete=True)
        elif next_ns is None or stream.stream_ends_ns < next_ns:
            next_ns = stream.stream_ends_ns
    return None if next_ns is None else (next_ns - now) / 1e9
