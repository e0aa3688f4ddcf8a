"""What profiles cost: microseconds of one core per exchange, by form and size of the body, and loading them all."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from apitrail.exchange import Exchange, Message
from apitrail.profiles import Profiles
from bench.traffic import exchanges

COUNT = 5_000
ROUNDS = 5
LOAD = (
    "import time; from apitrail.profiles import Profiles; begun = time.process_time(); Profiles.load(); "
    "print(time.process_time() - begun)"
)


def track_pages(count: int) -> Iterator[Exchange]:
    """UPS tracking answers in XML, about 1 KB each."""
    for number in range(count):
        event = "<Activity><Status><Code>I</Code></Status><Date>20260309</Date></Activity>" * 12
        yield Exchange(
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            method="POST",
            url="https://onlinetools.ups.com/ups.app/xml/Track",
            request=Message(body=b"<TrackRequest><TrackingNumber>1Z12345E0291980793</TrackingNumber></TrackRequest>"),
            response=Message(
                headers=[("Content-Type", "application/xml")],
                body=f"<TrackResponse><Response><ResponseStatusCode>1</ResponseStatusCode></Response>"
                f"<Shipment><Number>{number}</Number>{event}</Shipment></TrackResponse>".encode(),
            ),
            status=200,
        )


def large_pages(count: int, orders_each: int = 500) -> Iterator[Exchange]:
    """Pages of orders, of about 200 bytes an order."""
    for page in range(count):
        orders = [
            {"order_sn": f"2611{page:04}{number:06}", "order_status": "READY_TO_SHIP", "note": "x" * 120}
            for number in range(orders_each)
        ]
        yield Exchange(
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            method="GET",
            url="https://partner.shopeemobile.com/api/v2/order/get_order_list?shop_id=1",
            response=Message(
                headers=[("Content-Type", "application/json")],
                body=json.dumps({"error": "", "response": {"order_list": orders}}).encode(),
            ),
            status=200,
        )


def show(profiles: Profiles, name: str, batch: list[Exchange], budget: str) -> None:
    """Print the median over the rounds of the mean, and the 99th percentile of single exchanges."""
    rounds, single = [], []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for one in batch:
            profiles.entry(one)
        rounds.append((time.process_time() - begun) / len(batch) * 1e6)
    for one in batch:
        begun = time.process_time()
        profiles.entry(one)
        single.append((time.process_time() - begun) * 1e6)
    size = sum(len(one.request.body) + len(one.response.body if one.response else b"") for one in batch) / len(batch)
    p99 = statistics.quantiles(single, n=100)[98]
    print(f"{name:<16}{size:>10.0f} B{statistics.median(rounds):>9.1f} us mean{p99:>9.0f} us p99   ({budget})")


def main() -> None:
    """Print a line per form of body, and what loading costs in a fresh process."""
    profiles = Profiles.load()
    batch = list(exchanges(COUNT))
    show(profiles, "JSON, stated", batch, "budget 25 mean")
    for one in batch:
        one.stated = None
    show(profiles, "JSON, derived", batch, "budget 25 mean")
    show(profiles, "XML", list(track_pages(1_000)), "budget 150 mean")
    show(profiles, "JSON, 100 KB", list(large_pages(200)), "budget 1000 p99")
    show(profiles, "JSON, 5 MB", list(large_pages(20, 25_000)), "bounded")
    show(profiles, "over 5 MiB", list(large_pages(20, 30_000)), "kept, not read")
    loads = [
        float(subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    ]
    print(f"loading {len(profiles.files)} profiles: {statistics.median(loads) * 1e3:.0f} ms (aim 500)")


if __name__ == "__main__":
    main()
