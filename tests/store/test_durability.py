"""What is acknowledged survives a kill at any moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from apitrail.store import Filter, open_store

# Writes without end, each batch acknowledged by a line that is printed after `result()`.
PROGRAM = """
import itertools, sys
from datetime import UTC, datetime, timedelta
from uuid import UUID
from apitrail.entry import Entry, Payload
from apitrail.store import Writer, open_store

store = open_store(sys.argv[1])
writer = Writer(store, max_wait=0.0)
epoch = datetime(1970, 1, 1, tzinfo=UTC)
for number in itertools.count():
    entries = []
    for step in range(20):
        at = datetime(2026, 8, 3, tzinfo=UTC) + timedelta(milliseconds=20 * number + step)
        ms = (at - epoch) // timedelta(milliseconds=1)
        entries.append(Entry(
            id=str(UUID(int=ms << 80 | 7 << 76 | 2 << 62)), created_at=at, method="GET", url="https://x/", path="/",
            outcome="success", request=Payload(body=b"x" * 500),
        ))
    writer.submit(entries).result()
    print(number, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 23])
def test_what_was_acknowledged_survives_a_kill(folder: Path, acknowledged: int) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(acknowledged):
            assert process.stdout.readline()
        process.kill()
        last = acknowledged - 1 + len(process.stdout.readlines())
        process.wait(30)
    store = open_store(folder)
    found = store.span().entries
    page = store.page(Filter(), limit=1000)
    store.close()
    assert found >= 20 * (last + 1)
    assert found % 20 == 0, "a batch of one day is there whole or not at all"
    assert {row.url for row in page.entries} == {"https://x/"}
