"""Run the contenders in turn, several rounds, each in a fresh process; print medians and what each adds.

The bias: our recorder captures, masks and spools both bodies; OpenTelemetry's instrumentation takes no bodies
and its exporter discards. Run on 2 noisy cores: read the ratio, not the microseconds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

CONTENDERS = ("bare", "ours", "opentelemetry")
ROUNDS = 5


def main() -> None:
    """Print one line per contender: p50, p99, what it adds to the bare call, and that as a ratio to ours."""
    answerer = subprocess.Popen([sys.executable, "-m", "bench.caller.answerer"], stdout=subprocess.PIPE, text=True)
    assert answerer.stdout is not None
    try:
        port = answerer.stdout.readline().strip()
        seen: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for _ in range(ROUNDS):
            for name in CONTENDERS:
                out = subprocess.run(
                    [sys.executable, "-m", f"bench.caller.{name}", port], check=True, capture_output=True, text=True
                )
                seen[name].append(json.loads(out.stdout))
    finally:
        answerer.kill()
        answerer.wait()
    p50 = {name: statistics.median(run["p50"] for run in runs) for name, runs in seen.items()}
    p99 = {name: statistics.median(run["p99"] for run in runs) for name, runs in seen.items()}
    ours = p50["ours"] - p50["bare"]
    print(f"httpx POST, 4 KB each way, {ROUNDS} rounds of 2,000 calls, microseconds")
    print(f"{'contender':<16}{'p50':>8}{'p99':>8}{'added p50':>12}{'x ours':>9}")
    for name in CONTENDERS:
        added = p50[name] - p50["bare"]
        ratio = f"{added / ours:9.2f}" if name != "bare" and ours > 0 else f"{'':9}"
        print(f"{name:<16}{p50[name]:8.0f}{p99[name]:8.0f}{added:12.0f}{ratio}")


if __name__ == "__main__":
    main()
