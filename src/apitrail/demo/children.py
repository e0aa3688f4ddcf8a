"""Processes that the demo starts, watches and stops.

Each gets a process group of its own, so that Ctrl-C reaches the demo alone, which then stops them in order; and a
pipe as standard input, whose end tells our own children that the demo is gone, however it went.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

STOP_S = 10.0
"""How long a child may take to stop before it is killed."""
TAIL_LINES = 15


class Child:
    """One started process. `ended` is called from another thread as soon as it has ended by itself or by us."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path, output: bool = False
    ) -> None:
        """What it writes goes to the file `log`; with `output`, its standard output is for `line()` instead."""
        self.name = name
        self.log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                list(command),
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if output else file,
                stderr=file,
                start_new_session=True,
            )

    def watch(self, changed: threading.Event) -> None:
        """Set `changed` when the process has ended."""

        def wait() -> None:
            self._process.wait()
            changed.set()

        threading.Thread(target=wait, name=f"watch {self.name}", daemon=True).start()

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.poll()

    def line(self) -> str:
        """The next line of its standard output; empty when it has ended."""
        output: IO[bytes] | None = self._process.stdout
        return output.readline().decode() if output else ""

    def stop(self) -> None:
        """Ask it to stop, wait, and kill it if it will not. Does nothing where it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def last_words(self) -> str:
        """The end of what it wrote, for the person who has to find out why it stopped."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])
