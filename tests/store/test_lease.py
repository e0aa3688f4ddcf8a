"""Of several servers on one log one removes what is old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from apitrail.entry import Entry
from apitrail.store import Store, lease, open_store
from apitrail.store.retention import Keep, Rules


@pytest.fixture
def servers(cluster_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Store]]:
    """Two on one cluster."""
    monkeypatch.setattr("apitrail.store.derived.SETTLE_S", 0.0)
    opened = [open_store(cluster_address, durable=False) for _ in range(2)]
    yield opened
    for one in opened:
        one.close()


def test_of_many_that_ask_at_once_one_gets_it(servers: list[Store]) -> None:
    engine = servers[0].engine
    with ThreadPoolExecutor(4) as threads:
        got = list(threads.map(lambda holder: lease.take(engine, "tidy", holder, 60), "abcd"))
    assert got.count(True) == 1


def test_it_is_renewed_by_its_holder_and_another_gets_it_when_it_has_run_out(
    servers: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "WAIT_S", 0.0)
    one, two = (server.engine for server in servers)
    assert lease.take(one, "tidy", "a", 60)
    assert lease.take(one, "tidy", "a", 60)
    assert not lease.take(two, "tidy", "b", 60)
    assert lease.take(two, "else", "b", 60)
    assert lease.take(one, "tidy", "a", 0)
    assert lease.take(two, "tidy", "b", 60)
    assert not lease.take(one, "tidy", "a", 60)


def test_two_servers_remove_a_day_once(servers: list[Store], make: Callable[..., Entry]) -> None:
    now = datetime.now(UTC)
    servers[0].write([make(now - timedelta(days=3))])
    rules = Rules(Keep(1, 1, 1))
    assert [len(server.tidy(rules)) for server in servers] == [1, 0]
    assert len(servers[1].stats(rules, now, None).removed) == 1
