"""How long a reader waits for the page: its first paint, and what they do on it, in a real Chromium.

    python -m bench.page --url http://127.0.0.1:8700     a server that runs, and needs no token to be read
    python -m bench.page --folder DIR                    a log of `bench.store --folder`, served here
    python -m bench.page [--count 100000]                a log that is made for it

The list is that of the log's last day. Each first paint is that of a browser that was never there (script and style are
fetched) and of the same one again; each act is measured from the event until the frame in which its result is drawn.

`cpu` is what the page's main thread spent on it, of which other work on the machine takes nothing: on a machine with
nothing else to do, a wait is that, the server's answer, and a frame.

The bias: browser and server share the machine, nothing lies between them, and Chromium draws without a graphics card.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from bench.ingest.load import get
from bench.page import watching
from bench.page.watching import Waited
from bench.store import ours
from bench.store.trade import exchanges

PAINT_MS, ACT_MS = 300, 100
ROUNDS = 9


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a server that runs")
    parser.add_argument("--folder", type=Path, help="the folder that `bench.store --folder` kept")
    parser.add_argument("--count", type=int, default=100_000, help="entries of a log that is made for it")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with _server(options.url, options.folder, options.count) as url:
        span = json.loads(get(f"{url}/api/v1/span"))
        print(f"{span['entries']:,} entries, {options.rounds} rounds; milliseconds")
        print(f"{'':<30}{'screen':<8}{'median':>8}{'worst':>8}{'budget':>8}{'cpu':>6}")
        address = f"{url}/?{urlencode(_last_day(span['newest']))}"
        with watching.chromium() as browser:
            for screen in watching.SCREENS:
                fresh, again = watching.first_paints(browser, address, screen, options.rounds)
                _line("first paint", screen, fresh, PAINT_MS)
                _line("first paint, been there", screen, again, PAINT_MS)
            untold = set[str]()
            for screen in watching.SCREENS:
                for name, times in watching.waits(browser, address, screen, options.rounds, untold.add).items():
                    asks = next(one.asks for one in watching.ACTS if one.name == name)
                    _line(name + (" *" if asks else ""), screen, times, ACT_MS)
            print("* asked of the server")
            for one in sorted(untold):
                print(f"not measured: {one}")


def _line(name: str, screen: str, times: Sequence[Waited], budget: int) -> None:
    walls = [one.wall for one in times]
    cpu = statistics.median(one.cpu for one in times)
    print(f"{name:<30}{screen:<8}{statistics.median(walls):8.0f}{max(walls):8.0f}{budget:8}{cpu:6.0f}")


def _last_day(newest: str) -> dict[str, str]:
    end = datetime.fromisoformat(newest).replace(microsecond=0)
    return {"from": (end - timedelta(days=1)).isoformat(), "to": end.isoformat()}


@contextmanager
def _server(url: str | None, folder: Path | None, count: int) -> Iterator[str]:
    if url:
        yield url.rstrip("/")
        return
    with tempfile.TemporaryDirectory(prefix="apitrail-bench-") as made, ours.running(_log(folder, made)) as server:
        if folder is None:
            server.post(list(exchanges(count)))
        yield server.url


def _log(folder: Path | None, made: str) -> Path:
    return folder / "ours" if folder else Path(made)


if __name__ == "__main__":
    main()
