"""What `import apitrail` costs over bare Python, in milliseconds and megabytes, beside OpenTelemetry."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

CONTENDERS = {
    "bare": "pass",
    "apitrail": "import apitrail",
    "opentelemetry": "import opentelemetry.trace, opentelemetry.sdk.trace, opentelemetry.instrumentation.httpx",
}
PROBE = """
import sys, time, json, resource
begun = time.perf_counter_ns()
{code}
print(json.dumps([(time.perf_counter_ns() - begun) / 1e6, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
ROUNDS = 15


def main() -> None:
    """Print one line per contender: medians over fresh processes, taken in turn."""
    seen: dict[str, list[list[float]]] = {name: [] for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, code in CONTENDERS.items():
            probe = PROBE.format(code=code)
            out = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True)
            seen[name].append(json.loads(out.stdout))
    base = statistics.median(run[1] for run in seen["bare"])
    print(f"{'import':<16}{'ms':>8}{'MB over bare':>14}")
    for name, runs in seen.items():
        millis, megabytes = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:<16}{millis:8.1f}{megabytes - base:14.1f}")


if __name__ == "__main__":
    main()
