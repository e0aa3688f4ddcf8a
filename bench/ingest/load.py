"""Post prepared bodies as fast as the other side takes them, over a few connections."""

from __future__ import annotations

import http.client
import os
import queue
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

CONNECTIONS = 32
"""Senders at once. With 16, half of what the server works on waits for an insert that is under way."""
PATIENCE_S = 60


def post_all(url: str, bodies: list[bytes], headers: dict[str, str]) -> None:
    """Post every body; one that is answered 429 or 503 waits as told and goes again.

    Raises RuntimeError with the answer's text for any other refusal.
    """
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(body)
    failures: list[str] = []

    def work() -> None:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
        target = f"{place.path}?{place.query}" if place.query else place.path
        while not failures:
            try:
                body = waiting.get_nowait()
            except queue.Empty:
                return
            connection.request("POST", target, body=body, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status in (429, 503):
                time.sleep(float(answer.headers.get("Retry-After", "1")))
                waiting.put(body)
            elif answer.status >= 300:
                failures.append(f"{answer.status} {text[:300]!r}")

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])


def get(url: str) -> bytes:
    """The body of a GET; raises RuntimeError unless it is answered 200."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
    connection.request("GET", f"{place.path}?{place.query}")
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {text[:300]!r}")
    return text


def demand_free(port: int) -> None:
    """Raises RuntimeError where something listens on this port of 127.0.0.1, a server that outlived its benchmark, say:
    it would be measured in place of a new one.
    """
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError as error:
            raise RuntimeError(f"port {port} of 127.0.0.1 is taken: end what listens there ({error})") from error


def wait_until(ready: str, seconds: float = PATIENCE_S) -> None:
    """Return when a GET of `ready` is answered 200. Raises TimeoutError after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            get(ready)
        except (OSError, RuntimeError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{ready} did not answer 200 within {seconds} s")


def family(pid: int) -> list[int]:
    """The process, its children and theirs (Linux)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time that the process and its family have taken so far."""
    ticks = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """The highest resident memory that the process ever had, and what its family adds to that now, in MB."""
    peak = _kilobytes(f"/proc/{pid}/status", "VmHWM:")
    return (peak + sum(_kilobytes(f"/proc/{one}/smaps_rollup", "Pss:") for one in family(pid)[1:])) / 1024


def _kilobytes(file: str, name: str) -> int:
    lines = Path(file).read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
