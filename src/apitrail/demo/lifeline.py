"""How a child of the demo learns that it is time to stop: SIGTERM, SIGINT, or the end of its standard input.

The parent holds the other end of that pipe, so a child never outlives it, however the parent died.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable


def when_left_alone(stop: Callable[[], None]) -> None:
    """Call `stop`, from another thread, when standard input has ended."""

    def watch() -> None:
        # Not sys.stdin: a thread inside its lock would make the interpreter's exit fail.
        while os.read(0, 4096):
            pass
        stop()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def on_stop(stop: Callable[[], None]) -> None:
    """Call `stop` from another thread or a signal handler when it is time. It may be called more than once."""
    signal.signal(signal.SIGTERM, lambda number, frame: stop())
    signal.signal(signal.SIGINT, lambda number, frame: stop())
    when_left_alone(stop)


async def stop_requested() -> None:
    """Return when it is time to stop."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()

    def stop() -> None:
        loop.call_soon_threadsafe(event.set)

    on_stop(stop)
    await event.wait()
