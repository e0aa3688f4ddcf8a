"""Run every benchmark, each in a fresh process, and print what it prints."""

import subprocess
import sys

BENCHMARKS = ("bench.recorder", "bench.profiles", "bench.ingest", "bench.store", "bench.page")


def main() -> int:
    """Run all; the exit code is 1 if any benchmark failed."""
    failed = 0
    for name in BENCHMARKS:
        print(f"\n== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", name], check=False).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
