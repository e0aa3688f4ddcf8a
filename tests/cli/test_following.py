"""`apitrail tail -f`, with real servers that stop and start."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple

from tests.cli.conftest import APITRAIL, EXCHANGES, new_token, runs_on, send, served, urls


class Tail(NamedTuple):
    """`apitrail tail -f` as it runs."""

    out: IO[str]
    said: IO[str]

    def prints(self, lines: int) -> list[str]:
        """Which entries it prints next; waits for them."""
        return urls("".join(self.out.readline() for _ in range(lines)))


@contextmanager
def followed(folder: Path, *words: str) -> Iterator[Tail]:
    command = [*APITRAIL, "tail", "-f", *words, "--json", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield Tail(process.stdout, process.stderr)
        finally:
            process.terminate()


def call(name: str, created_at: str, **more: Any) -> dict[str, Any]:
    return {**EXCHANGES[2], "created_at": created_at, "url": f"https://api.carrier.example/{name}", **more}


def test_tail_follows_from_what_it_began_with_and_not_from_what_was_there_before(
    run: Any, beside: str, folder: Path
) -> None:
    token = new_token(run)
    with followed(folder, "--limit", "1") as tail:
        assert tail.prints(1) == ["2"]
        new = {**EXCHANGES[2], "created_at": "2026-03-09T06:00:05Z", "url": "https://api.carrier.example/new"}
        time.sleep(1.5)
        send(beside, token, [new])
        assert tail.prints(1) == ["new"]


def test_tail_begins_with_the_latest_and_follows(run: Any, beside: str, folder: Path) -> None:
    assert urls(run("tail", "--limit", "2", "--json").stdout) == ["1", "2"]
    token = new_token(run)
    with followed(folder, "action:label.create") as tail:
        assert tail.prints(2) == ["1", "2"]
        late = {**EXCHANGES[1], "created_at": "2026-03-09T06:00:01.5Z", "url": "https://api.carrier.example/late"}
        new = {**EXCHANGES[2], "created_at": "2026-03-09T06:00:05Z", "url": "https://api.carrier.example/new"}
        other = {**EXCHANGES[0], "created_at": "2026-03-09T06:00:06Z", "url": "https://api.carrier.example/other"}
        send(beside, token, [late, new, other])
        assert tail.prints(2) == ["late", "new"]


def test_tail_follows_past_an_entry_whose_clock_is_ahead(run: Any, beside: str, folder: Path) -> None:
    token, now = new_token(run), datetime.now(UTC)
    ahead = {**EXCHANGES[2], "created_at": (now + timedelta(days=3)).isoformat(), "url": "https://api.example/ahead"}
    send(beside, token, [ahead])
    with followed(folder, "--limit", "1") as tail:
        assert tail.prints(1) == ["ahead"]
        send(beside, token, [{**EXCHANGES[2], "created_at": now.isoformat(), "url": "https://api.example/now"}])
        assert tail.prints(1) == ["now"]


def test_tail_shows_a_call_that_comes_late_because_it_took_long(beside: str, folder: Path) -> None:
    token = new_token(runs_on(folder))
    with followed(folder, "--limit", "1") as tail:
        assert tail.prints(1) == ["2"]
        send(beside, token, [call("new", "2026-03-09T06:05:00Z")])
        assert tail.prints(1) == ["new"]
        send(beside, token, [call("slow", "2026-03-09T06:03:30Z", duration_ms=90_000)])
        assert tail.prints(1) == ["slow"]
        send(beside, token, [call("newer", "2026-03-09T06:05:01Z")])
        assert tail.prints(1) == ["newer"]


def test_tail_waits_for_a_server_that_stops_says_so_once_and_prints_all_that_came_meanwhile_once(
    log: Path, folder: Path
) -> None:
    with ExitStack() as first:
        url = first.enter_context(served(folder))
        token = new_token(runs_on(folder))
        send(url, token, [call("before", "2026-03-09T06:10:00Z")])
        with followed(folder) as tail:
            assert tail.prints(1) == ["before"]
            first.close()
            assert "Waiting" in tail.said.readline()
            with served(folder) as again:
                assert "answers again" in tail.said.readline()
                send(again, token, [call("now", "2026-03-09T06:20:00Z")])
                assert tail.prints(1) == ["now"]
                # Recorders send bit by bit what they kept: some of it comes after what is newer.
                send(again, token, [call("kept", "2026-03-09T06:15:00Z")])
                assert tail.prints(1) == ["kept"]
                send(again, token, [call("newer", "2026-03-09T06:20:01Z")])
                assert tail.prints(1) == ["newer"]


def test_tail_lets_a_folder_without_a_server_go_and_follows_the_server_that_starts_on_it(
    log: Path, folder: Path
) -> None:
    with followed(folder) as tail:
        assert "waiting for one" in tail.said.readline()
        with served(folder) as url:
            send(url, new_token(runs_on(folder)), [call("first", datetime.now(UTC).isoformat())])
            assert tail.prints(1) == ["first"]
