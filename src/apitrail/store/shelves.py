"""The columns of `entries` that hold bodies. What a body is like decides in which of its side's columns it lies, and
the others are empty: so each column's blocks hold bodies that are alike, and are smaller, while rows stay in order of
time.

Only the writer decides; whoever reads takes all of a side's columns together, of which one at most has something. So a
call may be told to lie elsewhere from a later version on, and bodies from before there were several are found as well.
Figures in docs/decisions/0015-disk.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

REQUEST: Final = "request_body"
RESPONSE: Final = ("response_body", "response_body_1", "response_body_2")
"""Answers at large; those that have pictures and documents; one thing's details."""
FILES: Final = "response_files"
"""What was taken out of an answer: see `files`."""
BODIES: Final = (REQUEST, *RESPONSE, FILES)

RESPONSE_WHOLE: Final = f"concat({', '.join(RESPONSE)})"
"""An answer's body without its files, as SQL; REQUEST is that of a request."""
LENGTH: Final = " + ".join(f"length({column})" for column in BODIES)
"""Of both bodies, as SQL: lengths are kept apart, so that no body is read."""
KEPT: Final = " OR ".join(f"notEmpty({column})" for column in BODIES)
"""Whether an entry has a body still, as SQL."""
CLEARED: Final = ", ".join(f"{column} = ''" for column in BODIES)
"""What takes its bodies away, as SQL behind UPDATE."""

_PAPERS: Final = {"label", "document", "manifest", "invoice", "customs"}
"""What may come as a picture or a PDF: in base64, which no text is like."""


@lru_cache(maxsize=1024)
def shelf(action: str) -> int:
    """The place within RESPONSE of an answer to this action."""
    parts = action.split(".")
    return 1 if not _PAPERS.isdisjoint(parts) else 2 if parts[-1] == "get" else 0


def spread(actions: Sequence[str], answers: Sequence[bytes]) -> list[list[bytes]]:
    """The answers to these actions as the columns of RESPONSE."""
    places = list(map(shelf, actions))
    return [
        [body if place == number else b"" for place, body in zip(places, answers, strict=True)]
        for number in range(len(RESPONSE))
    ]
