"""A plugin for pytest: the recorder is switched on while other people's tests run, and says at their end what it did.

python -m pytest -p switched_on …      with APITRAIL_PEER_REPORT naming a file for the counts
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import apitrail

_folder = tempfile.TemporaryDirectory(prefix="apitrail-peer-")
apitrail.configure(spool=_folder.name, flush_at_exit=0)
apitrail.instrument()


def pytest_sessionfinish(session: Any) -> None:
    """Leave the counts."""
    apitrail.flush(30)
    stats = apitrail.stats()
    Path(os.environ["APITRAIL_PEER_REPORT"]).write_text(
        json.dumps({"recorded": stats.spooled, "losses": stats.losses}), "utf-8"
    )
