"""What a profile's author is told: file, line, what is wrong, and what to do."""

from __future__ import annotations

from pathlib import Path


class ProfileError(ValueError):
    """A profile or catalogue that cannot be used: `file:line: what is wrong. What to do.`"""

    def __init__(self, file: Path | str, line: int, what: str, fix: str) -> None:
        self.file = str(file)
        self.line = line
        self.what = what
        self.fix = fix
        super().__init__(f"{file}:{line}: {what}. {fix}")
