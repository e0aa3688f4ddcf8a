"""How long answers take, as a client sees it: one kept connection, one question after another."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from bench.store.questions import Question

SCANS = 5
"""How many of the questions that look at every body."""
WARM = 2
PATIENCE_S = 120


class Times(Struct, frozen=True):
    """Milliseconds."""

    p50: float
    p95: float
    cpu: float
    """Of a processor, in the server, for one question: what a busy machine does not stretch."""
    found: float
    """Entries or bars in an answer, on average: an answer of none is no measurement."""


def ask(port: int, pid: int, question: list[Question], contender: str) -> Times:
    """The times of one kind of question, after WARM of them unmeasured. Raises RuntimeError for an answer but 200.

    One that looks at every body is measured the first time: the engine remembers where it found something.
    """
    asked = [getattr(one, contender) for one in question]
    warm = 0 if question[0].scan else WARM
    asked = asked[:SCANS] if question[0].scan else asked
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    taken, sizes, worked = [], [], 0.0
    for number, address in enumerate(asked[:warm] + asked):
        if number == warm:
            worked = _processor_ms(pid)
        begun = time.perf_counter()
        connection.request("GET", address)
        answer = connection.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - begun
        if answer.status != 200:
            raise RuntimeError(f"{address}: {answer.status} {text[:300]!r}")
        if number >= warm:
            taken.append(seconds * 1e3)
            sizes.append(_found(text))
    worked = (_processor_ms(pid) - worked) / len(taken)
    connection.close()
    p95 = statistics.quantiles(taken, n=20)[18] if len(taken) > 1 else taken[0]
    return Times(statistics.median(taken), min(p95, max(taken)), worked, statistics.fmean(sizes))


def disk(folder: Path) -> int:
    """Bytes of all files, once these stay the same for five seconds: merging is over, and its sources are gone."""
    before, same = -1, 0
    while same < 5:
        now = 0
        for place, _, names in os.walk(folder):  # passes over what vanishes while it looks
            for name in names:
                with suppress(FileNotFoundError):
                    now += (Path(place) / name).lstat().st_size
        same = same + 1 if now == before else 0
        before = now
        time.sleep(1)
    return before


def _processor_ms(pid: int) -> float:
    """What the process has used of processors so far (Linux, in ticks of 10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def _found(text: bytes) -> int:
    if not text.startswith(b"{"):
        return text.count(b"\n")
    try:
        answer = json.loads(text)
    except ValueError:
        return text.count(b"\n")
    for name in ("entries", "bars", "hits", "facets"):
        if name in answer:
            return len(answer[name])
    return len(answer)
