"""Run the contenders in turn, several rounds, each in a fresh process; print medians and what each adds.

    python -m bench.caller [httpx|requests] [threads]

The bias: our recorder captures, masks and spools both bodies; Logfire takes both bodies of httpx and none of requests,
and sends nowhere; OpenTelemetry's instrumentation takes no bodies and its exporter discards. Noisy cores: read the
ratios, not the microseconds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

CONTENDERS = ("bare", "ours", "opentelemetry", "logfire")
ROUNDS = 5
RUNS = (("httpx", 1), ("requests", 1), ("httpx", 8))


def measured(library: str, threads: int) -> None:
    """Print one line per contender: p50, p99, what it adds to both of the bare call, and the first as a ratio."""
    answerer = subprocess.Popen([sys.executable, "-m", "bench.caller.answerer"], stdout=subprocess.PIPE, text=True)
    assert answerer.stdout is not None
    try:
        port = answerer.stdout.readline().strip()
        seen: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for _ in range(ROUNDS):
            for name in CONTENDERS:
                out = subprocess.run(
                    [sys.executable, "-m", f"bench.caller.{name}", port, library, str(threads)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                seen[name].append(json.loads(out.stdout))
    finally:
        answerer.kill()
        answerer.wait()
    p50 = {name: statistics.median(run["p50"] for run in runs) for name, runs in seen.items()}
    p99 = {name: statistics.median(run["p99"] for run in runs) for name, runs in seen.items()}
    ours = p50["ours"] - p50["bare"]
    print(f"{library} POST, 4 KB each way, {threads} threads, {ROUNDS} rounds of 2,000 calls, microseconds")
    print(f"{'contender':<16}{'p50':>8}{'p99':>8}{'added p50':>12}{'added p99':>12}{'x ours':>9}")
    for name in CONTENDERS:
        added = p50[name] - p50["bare"]
        ratio = f"{added / ours:9.2f}" if name != "bare" and ours > 0 else f"{'':9}"
        print(f"{name:<16}{p50[name]:8.0f}{p99[name]:8.0f}{added:12.0f}{p99[name] - p99['bare']:12.0f}{ratio}")


def main() -> None:
    """What was asked for, or httpx and requests, and httpx under 8 threads."""
    if len(sys.argv) > 1:
        measured(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1)
        return
    for library, threads in RUNS:
        measured(library, threads)


if __name__ == "__main__":
    main()
