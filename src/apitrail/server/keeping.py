"""What is kept how long, as the settings say, and the thread that sees to it, and that tells the days that are over.

It looks a minute after the start and then every hour: a day is due for at most that much longer than it was to be kept.
Every few minutes it tells what is over of today. What it does not manage (a full disk, an engine that does not answer)
is logged, and tried again the next time.
"""

from __future__ import annotations

import logging
import math
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable

from apitrail.server.leaps import Leaps
from apitrail.server.problems import Problem
from apitrail.server.settings import Settings
from apitrail.store import Store, StoreError
from apitrail.store.retention import FOREVER, Account, Keep, Rules

log = logging.getLogger("apitrail.server")

FIRST_S = 60.0
EVERY_S = 3600.0
TODAY_S = 180.0
"""How often today is told: how much of it a text is looked for in without being told."""
UNTOLD = "days could not be told, so a text is looked for in all of them"
_INTEGRATION = re.compile(r"(ec|shipping):(.{1,200})=(\d{1,6})/(\d{1,6})/(\d{1,6})")


def rules(settings: Settings) -> Rules:
    """The rules that the settings make. Raises Problem naming the one that cannot be read."""
    default = Keep(settings.keep_success_bodies, settings.keep_failure_bodies, settings.keep_entries)
    return Rules(default, dict(_accounts(settings.keep_integration)), settings.disk_budget)


def _accounts(texts: Iterable[str]) -> Iterable[tuple[Account, Keep]]:
    given = set()
    for text in texts:
        found = _INTEGRATION.fullmatch(text)
        if found is None:
            raise Problem(
                "is not an integration with three numbers of days",
                field="keep_integration",
                value=text,
                fix="Write it as ec:ID=30/180/800: bodies of successes, bodies of failures, entries.",
            )
        keep = Keep(*(int(days) for days in found.groups()[2:]))
        if not all(1 <= days <= FOREVER for days in (keep.success_bodies, keep.failure_bodies, keep.entries)):
            raise Problem(
                "has a number of days that is out of range",
                field="keep_integration",
                value=text,
                fix=f"Give 1 to {FOREVER} days.",
            )
        account = found[1], found[2]
        if account in given:
            raise Problem(
                "is for an integration that was given before",
                field="keep_integration",
                value=text,
                fix="Give each integration once.",
            )
        given.add(account)
        yield account, keep


def free_bytes(settings: Settings) -> int | None:
    """What the log's disk has free; None where the log is on a server of its own."""
    if settings.store:
        return None
    try:
        return shutil.disk_usage(settings.data).free
    except OSError:
        return None


class Keeper:
    """Removes what is due and tells days, in a thread of its own, until `close`."""

    def __init__(
        self,
        store: Store,
        which: Rules,
        *,
        first: float = FIRST_S,
        every: float = EVERY_S,
        today: float = TODAY_S,
        leaps: Leaps | None = None,
    ) -> None:
        self._store = store
        self._leaps = leaps or Leaps()
        self._rules = which
        self._first = first
        self._every = every
        self._today = today
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="apitrail-keeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, after the day that it is at."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        wait, looked = self._first, -math.inf
        while not self._closed.wait(wait):
            wait = min(self._today, self._every)
            self._try(self._go_on, UNTOLD)
            if time.monotonic() - looked >= self._every:
                looked = time.monotonic()
                self._try(self._tidy, "what is too old could not be removed")
                self._try(self._tell, UNTOLD)

    def _try(self, step: Callable[[], None], failed: str) -> None:
        try:
            step()
        except StoreError as error:
            log.warning("%s, and is tried again: %s", failed, error)
        except Exception:
            log.exception(failed)

    def _tidy(self) -> None:
        if ahead := self._leaps.ahead():
            log.warning(
                "the clock leapt ahead by %.0f days, so nothing is removed for a day. If it is wrong, put it right",
                ahead / 86_400,
            )
            return
        for one in self._store.tidy(self._rules, stop=self._closed.is_set):
            what = "entries" if one.what == "entries" else "bodies of entries"
            log.info("removed %d %s of %s (%s)", one.entries, what, one.day, one.why.replace("_", " "))

    def _tell(self) -> None:
        days = self._store.tell(self._closed.wait, self._every)
        if days:
            log.info("told the letters of %d days: a text is looked for only where it may be", days)

    def _go_on(self) -> None:
        self._store.go_on(self._closed.wait)
