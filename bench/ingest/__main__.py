"""Load the same entries into Apitrail and, with `--peer PATH`, into VictoriaLogs; print both and the ratio.

    python -m bench.ingest [--count 100000] [--peer ./victoria-logs]

The bias: Apitrail applies its profiles and answers only after an fsync; VictoriaLogs derives nothing and
answers from memory. Both clients and the server share the same two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench.ingest import ours, victorialogs
from bench.traffic import exchanges


def main() -> None:
    """Print entries per second, processor time an entry (which other work on the machine distorts less), disk per raw
    byte as it came and once merged, and peak memory of each, and ours over the peer's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--peer", type=Path, help="a VictoriaLogs binary")
    options = parser.parse_args()
    batch = list(exchanges(options.count))
    raw = sum(len(victorialogs.line(x)) for x in batch)
    print(f"{options.count} entries, {raw / options.count:.0f} raw bytes each")
    with tempfile.TemporaryDirectory(prefix="apitrail-bench-") as folder:
        results = {"Apitrail": ours.run(Path(folder) / "ours", batch)}
        if options.peer:
            results["VictoriaLogs"] = victorialogs.run(Path(folder) / "peer", batch, options.peer.resolve())
    print(f"{'':<16}{'entries/s':>12}{'CPU us':>10}{'disk/raw':>10}{'settled':>10}{'peak MB':>10}")
    for name, seen in results.items():
        print(
            f"{name:<16}{seen['rate']:12.0f}{seen['cpu']:10.1f}{seen['disk'] / raw:10.3f}{seen['settled'] / raw:10.3f}"
            f"{seen['memory']:10.0f}"
        )
    if options.peer:
        kinds = ("rate", "cpu", "settled", "memory")  # as it came, the peer's is in memory still
        ratio = {key: results["Apitrail"][key] / results["VictoriaLogs"][key] for key in kinds}
        print(
            f"{'ours / peer':<16}{ratio['rate']:12.2f}{ratio['cpu']:10.2f}{'':>10}{ratio['settled']:10.2f}"
            f"{ratio['memory']:10.2f}"
        )


if __name__ == "__main__":
    main()
