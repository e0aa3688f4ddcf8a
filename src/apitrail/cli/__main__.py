"""`python -m apitrail.cli`, the same as `apitrail`."""

from __future__ import annotations

from apitrail.cli import main

main()
