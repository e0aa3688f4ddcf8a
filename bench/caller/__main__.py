"""Run the contenders in turn, several rounds, each in a fresh process; print what each adds to the bare call.

    python -m bench.caller [httpx|requests] [threads] [bursts|flood]

A burst is 100 calls without a pause, then 0.1 s: jobs and requests that call a platform some times, and go on. A flood
is 10,000 calls without a pause, 3,000 and more in a second: no platform answers so fast, but it shows the limit.

What is added is the median over the rounds of the difference to the bare run of the same round, with the quartiles of
that difference beside it: a noisy machine widens them, and moves the median little. The bias: our recorder captures,
masks and spools both bodies; Logfire takes both bodies of httpx and none of requests, and sends nowhere;
OpenTelemetry's instrumentation takes no bodies and its exporter discards. What cannot be run here is
left out, and said.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

CONTENDERS = ("bare", "ours", "opentelemetry", "logfire")
ROUNDS = 7
RUNS = (("httpx", 1, "bursts"), ("requests", 1, "bursts"), ("httpx", 8, "bursts"), ("httpx", 1, "flood"))

Round = dict[str, dict[str, float]]


def measured(library: str, threads: int, pattern: str) -> None:
    """Print one line per contender: p50 and p99, what it adds to both, and the first of these as a ratio to ours."""
    answerer = subprocess.Popen([sys.executable, "-m", "bench.caller.answerer"], stdout=subprocess.PIPE, text=True)
    assert answerer.stdout is not None
    contenders = list(CONTENDERS)
    rounds: list[Round] = []
    try:
        port = answerer.stdout.readline().strip()
        for _ in range(ROUNDS):
            rounds.append({})
            for name in contenders[:]:
                out = subprocess.run(
                    [sys.executable, "-m", f"bench.caller.{name}", port, library, str(threads), pattern],
                    check=False,
                    capture_output=True,
                    text=True,
                )
                if out.returncode:
                    print(f"{name} cannot be run: {out.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                    contenders.remove(name)
                else:
                    rounds[-1][name] = json.loads(out.stdout)
    finally:
        answerer.kill()
        answerer.wait()
    print(f"{library} POST, 4 KB each way, {threads} threads, {pattern}, {ROUNDS} rounds, microseconds")
    print(f"{'contender':<16}{'p50':>8}{'p99':>8}{'added p50':>22}{'added p99':>26}{'x ours':>9}")
    ours = statistics.median(_added(rounds, "ours", "p50"))
    for name in contenders:
        p50, p99 = (statistics.median(each[name][which] for each in rounds) for which in ("p50", "p99"))
        added = _added(rounds, name, "p50")
        ratio = f"{statistics.median(added) / ours:9.2f}" if name != "bare" and ours > 0 else f"{'':9}"
        told = (_told(added), _told(_added(rounds, name, "p99"))) if name != "bare" else ("", "")
        print(f"{name:<16}{p50:8.0f}{p99:8.0f}{told[0]:>22}{told[1]:>26}{ratio}")


def _added(rounds: list[Round], name: str, which: str) -> list[float]:
    return [each[name][which] - each["bare"][which] for each in rounds]


def _told(added: list[float]) -> str:
    low, middle, high = statistics.quantiles(added, n=4)
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def main() -> None:
    """What was asked for, or all of `RUNS`."""
    if len(sys.argv) > 1:
        threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
        measured(sys.argv[1], threads, sys.argv[3] if len(sys.argv) > 3 else "bursts")
        return
    for library, threads, pattern in RUNS:
        measured(library, threads, pattern)


if __name__ == "__main__":
    main()
