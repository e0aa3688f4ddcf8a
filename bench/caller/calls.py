"""What every contender does: the same calls, timed one by one, by one thread or several, in bursts or in a flood."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from threading import Thread

BODY = json.dumps({"skus": [{"sku": f"SKU-{i:05d}", "stock": i, "location": "TPE1"} for i in range(76)]}).encode()
WARM_UP = 300
CALLS = {"bursts": 2000, "flood": 10_000}
BURST = 100
PAUSE_S = 0.1
HEADERS = {"content-type": "application/json"}


def library() -> str:
    """The client that is asked for: `httpx` or `requests`."""
    return sys.argv[2] if len(sys.argv) > 2 else "httpx"


def _caller() -> Callable[[str], tuple[int, bytes]]:
    """One call by a client of its own, as each thread has one."""
    if library() == "requests":
        import requests

        session = requests.Session()
        session.trust_env = False

        def call(url: str) -> tuple[int, bytes]:
            answer = session.post(url, data=BODY, headers=HEADERS)
            return answer.status_code, answer.content

        return call
    import httpx

    client = httpx.Client(headers=HEADERS, trust_env=False)

    def calling(url: str) -> tuple[int, bytes]:
        answer = client.post(url, content=BODY)
        return answer.status_code, answer.content

    return calling


def _timed(url: str, count: int, times: list[float], burst: int) -> None:
    call = _caller()
    for number in range(WARM_UP + count):
        if burst and number % burst == 0:
            time.sleep(PAUSE_S)
        begun = time.perf_counter_ns()
        status, content = call(url)
        spent = time.perf_counter_ns() - begun
        assert status == 200
        assert len(content) > 4000
        if number >= WARM_UP:
            times.append(spent / 1000)


def run() -> None:
    """Make the calls against the port in argv[1]; print the median and the 99th percentile in microseconds."""
    url = f"http://127.0.0.1:{sys.argv[1]}/api/v2/product/update_stock"
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    pattern = sys.argv[4] if len(sys.argv) > 4 else "bursts"
    count = CALLS[pattern] // threads
    burst = BURST // threads if pattern == "bursts" else 0
    times: list[float] = []
    if threads == 1:
        _timed(url, count, times, burst)
    else:
        running = [Thread(target=_timed, args=(url, count, times, burst)) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    times.sort()
    print(json.dumps({"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100]}))
