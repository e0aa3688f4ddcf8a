"""What deriving costs: microseconds of one core per exchange, profiles loaded, bodies of about 1 KB."""

from __future__ import annotations

import statistics
import time

from apitrail.profiles import Profiles
from bench.traffic import exchanges

COUNT = 5_000
ROUNDS = 5


def main() -> None:
    """Print the median over the rounds, with and without what the caller stated."""
    profiles = Profiles.load()
    batch = list(exchanges(COUNT))
    size = sum(len(one.request.body) + len(one.response.body if one.response else b"") for one in batch) / COUNT
    print(f"{COUNT} exchanges, mean body bytes {size:.0f}")
    for name, stated in (("as stated", True), ("derived alone", False)):
        if not stated:
            for one in batch:
                one.stated = None
        rounds = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            for one in batch:
                profiles.entry(one)
            rounds.append((time.process_time() - begun) / COUNT * 1e6)
        print(f"{name:<16}{statistics.median(rounds):8.1f} us per exchange (budget 25)")


if __name__ == "__main__":
    main()
