"""Which of several servers on one log does what only one of them needs to do: removing what is old.

The engine has no lock, so this is a promise that all read alike, not a wall: whoever finds no valid one writes its own,
waits, and looks whose is the last. Two could only both go on where an insert takes longer than the wait; what they do
must bear being done twice. A server that dies leaves its lease to run out.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from apitrail.store.engine import Engine, Query
from apitrail.store.times import micros

WAIT_S = 1.0


def take(engine: Engine, name: str, holder: str, seconds: int) -> bool:
    """Whether `holder` has the lease, from now on for so long. Raises StoreError."""
    now = micros(datetime.now(UTC))
    held_by, until, version = _last(engine, name)
    if held_by not in ("", holder) and until > now:
        return False
    engine.run(
        Query(
            "INSERT INTO leases SELECT {name:String}, {holder:String}, fromUnixTimestamp64Micro({until:Int64}, 'UTC'),"
            " {version:UInt64}",
            {
                "name": name,
                "holder": holder,
                "until": now + seconds * 1_000_000,
                "version": max(now, version + 1),  # the clock may have been set back
            },
        )
    )
    if held_by != holder:
        time.sleep(WAIT_S)
        return _last(engine, name)[0] == holder
    return True


def _last(engine: Engine, name: str) -> tuple[str, int, int]:
    """(holder, until, version); an empty holder where there was none yet."""
    query = Query(
        "SELECT argMax(holder, (version, holder)), toUnixTimestamp64Micro(argMax(until, (version, holder))),"
        " max(version) FROM leases WHERE name = {name:String}",
        {"name": name},
    )
    [(holder, until, version)] = engine.select(query).rows
    return holder, until, version
