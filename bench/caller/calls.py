"""What every contender does: the same calls, timed one by one."""

from __future__ import annotations

import json
import sys
import time

import httpx

BODY = json.dumps({"skus": [{"sku": f"SKU-{i:05d}", "stock": i, "location": "TPE1"} for i in range(76)]}).encode()
WARM_UP = 300
CALLS = 2000


def run() -> None:
    """Make the calls against the port in argv[1]; print the median and the 99th percentile in microseconds."""
    url = f"http://127.0.0.1:{sys.argv[1]}/api/v2/product/update_stock"
    times = []
    with httpx.Client(headers={"content-type": "application/json"}) as client:
        for number in range(WARM_UP + CALLS):
            begun = time.perf_counter_ns()
            answer = client.post(url, content=BODY)
            spent = time.perf_counter_ns() - begun
            assert answer.status_code == 200
            assert len(answer.content) > 4000
            if number >= WARM_UP:
                times.append(spent / 1000)
    times.sort()
    print(json.dumps({"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100]}))
