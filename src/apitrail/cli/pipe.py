"""What is printed into a pipe that nobody reads any more, as in `apitrail search … | head -1`.

Other programs are ended there by the signal SIGPIPE, quietly, and a shell reports 141. Python ignores the signal, and
the libraries that print then end with 1, which is what `search` says of nothing found. The signal itself is of no use:
it would also end a command whose server has gone, and leave the log of a folder open.
"""

from __future__ import annotations

import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ENDED = 141
"""128 and the number of SIGPIPE: what a shell reports of a program that the signal has ended."""


class _Pipe(FileIO):
    """Standard output. The first write that nobody will read ends the command; the log is closed on the way."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere()  # what is in the buffer is written once more as the process ends
            raise SystemExit(ENDED) from None


def end_quietly() -> None:
    """Lets the command end as described above. Where standard output was closed (`>&-`), it prints nowhere."""
    sys.stderr = sys.stderr or _devnull()
    out = sys.stdout
    if out is None:
        sys.stdout = _devnull()
        return
    out.flush()
    sys.stdout = TextIOWrapper(
        BufferedWriter(_Pipe(out.fileno(), "w", closefd=False)),
        encoding=out.encoding,
        errors="backslashreplace",  # the terminal may have no such letter
        line_buffering=out.isatty(),
    )


def nowhere() -> None:
    """Throws away what is printed from now on."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _devnull() -> TextIOWrapper:
    return TextIOWrapper(FileIO(os.devnull, "w"), encoding="utf-8")
