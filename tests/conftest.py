"""What holds for the whole suite.

What several tests need and only read, or take a copy of, is made once: see `new_data`, and the fixtures of wider scope
in the folders. A server of a test's own is for what changes or ends it, and for flags. Which files share one depends on
the processes: no test may count on what is new or alone in a log that others write to.

Tests have calls of fixed days, and a minute after its start a server takes away what is too old. So every server here
keeps everything, whatever today's date is, unless a test says otherwise by `--keep-…`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", settings.default, deadline=None)  # an example is slow where the machine is busy
settings.load_profile("suite")


KEPT_DAYS = {"success_bodies": 36_500, "failure_bodies": 36_501, "entries": 36_502}
"""A hundred years; three different ones, so that none can be taken for another."""
os.environ.update({f"APITRAIL_KEEP_{what.upper()}": str(days) for what, days in KEPT_DAYS.items()})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Twice as many processes as cores, four at most: much of its time a test waits, for a program to start, for a
    disk, for a moment that is to come. So none may count on a core of its own.
    """
    return min(2 * (os.cpu_count() or 1), 4)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright keeps an event loop running in the main thread until the session ends, and
    no test after it could run one of its own there. Where several processes share the tests, each takes files in
    this order.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture(scope="session")
def new_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a log that holds nothing. A copy of it opens in half of the time in which a new one is made.

    Made by a program of its own, since an engine that this process has opened would stay in it.
    """
    made = tmp_path_factory.mktemp("new") / "data"
    code = "import sys; from apitrail.store import open_store; open_store(sys.argv[1]).close()"
    subprocess.run([sys.executable, "-c", code, str(made)], check=True)
    return made
