"""A start that brings an older log up to now may break off at any statement: the next one completes it.

`make test-faults` breaks it off at each; the suite by itself, at a few.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.store.test_derived import some, whole

from apitrail.entry import Entry
from apitrail.store import embedded, open_store
from apitrail.store.engine import Query

Make = Callable[..., Entry]
Older = Callable[[int], AbstractContextManager[None]]

SEED = int(os.environ.get("APITRAIL_FAULT_SEED", str(random.SystemRandom().randrange(10**6))))
BREAKS = int(os.environ.get("APITRAIL_FAULT_BREAKS", "2"))
"""Of each older version."""


class Died(BaseException):
    """In place of the death of the process."""


def started(folder: Path, monkeypatch: pytest.MonkeyPatch, last: int | None = None) -> int:
    """Open and close the log; how many statements changed it. The process dies where one comes after the `last`."""
    count = 0
    run = embedded.EmbeddedEngine.run

    def counted(engine: embedded.EmbeddedEngine, query: Query) -> None:
        nonlocal count
        if count == last:
            raise Died
        count += 1
        run(engine, query)

    with monkeypatch.context() as then:
        then.setattr(embedded.EmbeddedEngine, "run", counted)
        open_store(folder).close()
    return count


@pytest.mark.parametrize("versions", [(1,), (1, 9, 14), (20,)])
def test_a_start_on_an_older_log_that_breaks_off_is_completed_by_the_next(
    tmp_path: Path, make: Make, older: Older, monkeypatch: pytest.MonkeyPatch, versions: tuple[int, ...]
) -> None:
    entries = some(make)
    log = tmp_path / "old"
    for number, version in enumerate(versions):
        with older(version):
            store = open_store(log)
            store.write(entries[number :: len(versions)])
            store.close()
    complete = started(shutil.copytree(log, tmp_path / "whole", symlinks=True), monkeypatch)
    assert complete > 10
    for last in sorted(random.Random(SEED).sample(range(complete), min(BREAKS, complete))):
        print(f"seed {SEED}: of version {versions}, broken off after {last} of {complete} statements")  # noqa: T201
        folder = shutil.copytree(log, tmp_path / f"after-{last}", symlinks=True)
        with pytest.raises(Died):
            started(folder, monkeypatch, last)
        store = open_store(folder)
        whole(store, entries)
        assert [store.entry(one.id) for one in entries] == entries
        store.close()
        shutil.rmtree(folder)
