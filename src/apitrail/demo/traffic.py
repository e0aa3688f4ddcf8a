"""The merchant backend of the demo: real HTTP clients under the recorder, telling one story after the other.

`python -m apitrail.demo.traffic` first tells every story once, so that the log soon has everything in it, then
random ones at a steady rate. The platforms' URLs come as JSON in `APITRAIL_DEMO_PLATFORMS`; server, token and spool
come in the recorder's own variables (a token in a command line could be read by every user of the machine).
It stops on SIGTERM, SIGINT or the end of its standard input, and flushes what it has recorded.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import msgspec
import uvicorn

import apitrail
from apitrail.demo.lifeline import on_stop
from apitrail.demo.receiver import PREFIX, Receiver
from apitrail.demo.stories import STORIES, Desk, Story
from apitrail.demo.stories.desk import labels
from apitrail.demo.trade import ACCOUNTS
from apitrail.recorder.webhooks.asgi import ApitrailMiddleware

FLUSH_S = 5.0


@contextmanager
def receiver() -> Iterator[str]:
    """The webhook receiver in a thread of this process; its base URL."""
    application = ApitrailMiddleware(Receiver(), paths={PREFIX + account.id: labels(account) for account in ACCOUNTS})
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)  # from here on a notification waits for the server to be ready, and is not refused
    config = uvicorn.Config(application, log_level="critical", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="webhooks")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{PREFIX.rstrip('/')}"
    finally:
        server.should_exit = True
        thread.join()


class Traffic:
    def __init__(self, desk: Desk, rate: float, stop: threading.Event) -> None:
        """`rate`: calls per second on average, of both directions."""
        self.desk = desk
        self.rate = rate
        self.stop = stop

    def tell(self, story: Story) -> None:
        """Tell one story. One that cannot be told to its end is reported, and the next one follows."""
        try:
            story.tell(self.desk)
        except Exception as error:
            _say(f"story {story.name} broke off: {type(error).__name__}: {error}")

    def first_pass(self) -> None:
        """Every story once, as fast as the platforms answer."""
        began, before = time.monotonic(), self.desk.director.served()
        for story in STORIES:
            if self.stop.is_set():
                return
            self.tell(story)
        calls, took = self.desk.director.served() - before, time.monotonic() - began
        where = "all in the log" if apitrail.flush(FLUSH_S) else "not all in the log yet"
        _say(f"first pass: {len(STORIES)} stories, {calls} calls in {took:.1f} s, {where}")

    def steadily(self, until: float, calls: int | None) -> None:
        """Random stories until a time of the monotonic clock, or until so many calls were made."""
        weights = [story.weight for story in STORIES]
        served = first = self.desk.director.served()
        due = time.monotonic()
        while not self.stop.wait(max(0.0, min(due, until) - time.monotonic())):
            if time.monotonic() >= until or (calls is not None and served - first >= calls):
                return
            self.tell(self.desk.random.choices(STORIES, weights)[0])
            before, served = served, self.desk.director.served()
            # A story is a burst of calls; the pause after it keeps the average.
            due = max(due, time.monotonic() - 1) + max(1, served - before) / self.rate


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - goes to the demo's log


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m apitrail.demo.traffic", description=__doc__)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--rate", type=float, default=3.0)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of steady traffic, after the first pass")
    parser.add_argument("--calls", type=int, default=None, help="of steady traffic, after the first pass")
    asked = parser.parse_args()

    stop = threading.Event()
    on_stop(stop.set)
    apitrail.configure(service="demo backend")
    apitrail.instrument("httpx", "requests")  # not what the director asks the sandboxes with
    with socket.socket() as nobody, receiver() as webhooks:
        nobody.bind(("127.0.0.1", 0))  # bound and never listening: a port that refuses, and that nobody else takes
        closed = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        urls = msgspec.json.decode(os.environ["APITRAIL_DEMO_PLATFORMS"], type=dict[str, str])
        desk = Desk(urls, webhooks, closed, Random(f"{asked.seed}/traffic"))  # noqa: S311 - sample data
        traffic = Traffic(desk, asked.rate, stop)
        traffic.first_pass()
        traffic.steadily(time.monotonic() + asked.seconds, asked.calls)
    apitrail.flush(FLUSH_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
