"""A cluster through its HTTP doors: the real engine with tables Distributed over one shard, behind a stand-in (see
`clickhouse_http.py` for what that cannot show).
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from apitrail.entry import Entry, Payload
from apitrail.exchange import Integration, Reference
from apitrail.store import Filter, Store, StoreError, StoreUnavailable, derived, open_store, schema
from apitrail.store.backup import Folder
from apitrail.store.batch import Batch
from apitrail.store.block import COLUMNS
from apitrail.store.engine import Query
from apitrail.store.retention import Keep, Rules

OPEN = "clickhouse://keeper:p%40ss%2Fw%3Ard@"


@pytest.fixture
def opened(cluster: Any, databases: dict[str, Any]) -> Iterator[Any]:
    """An empty log on the cluster, whose doors are open, and its address."""
    with databases["cluster"].opened() as one:
        yield one
        for door in range(len(cluster.ports)):
            cluster.tell("open", door)


@pytest.fixture
def log(opened: Any) -> Store:
    """That log."""
    store: Store = opened.store
    return store


def held(store: Store) -> dict[str, int]:
    """Entries, and what the views made of them."""
    found = {}
    for table, what in {"entries": "count()", "counts": "sum(entries)", "mentions": "count()"}.items():
        [(found[table],)] = store.engine.select(Query(f"SELECT {what} FROM {table}")).rows
    return found


def referring(make: Callable[..., Entry], count: int, start: float = 0) -> list[Entry]:
    """Entries with one word each to look them up by."""
    return [make(start + n, request=Payload(body=b"order A%06d" % n)) for n in range(count)]


def test_rows_lie_in_the_shards_database_and_are_asked_through_the_tables_over_it(
    log: Store, make: Callable[..., Entry]
) -> None:
    log.write(referring(make, 10))
    database = log.engine.topology.shard_database
    [(count,)] = log.engine.select(Query(f"SELECT count() FROM {database}.entries")).rows
    assert count == 10
    query = Query("SELECT DISTINCT engine FROM system.tables WHERE database = currentDatabase()")
    assert log.engine.select(query).rows == [("Distributed",)]
    assert held(log) == {"entries": 10, "counts": 10, "mentions": 10}


def test_over_restored_rows_a_server_makes_the_tables_that_lead_to_them(
    opened: Any, log: Store, make: Callable[..., Entry]
) -> None:
    log.write(referring(make, 10))
    # A backup holds the shards' database alone: docs/operating.md.
    log.engine.run(Query(f"DROP DATABASE `{log.engine.topology.database}` SYNC"))
    store = open_store(opened.address, durable=False)
    assert held(store) == {"entries": 10, "counts": 10, "mentions": 10}
    assert store.write(referring(make, 5, 100)).stored == 5
    assert held(store) == {"entries": 15, "counts": 15, "mentions": 15}
    store.close()


def test_while_one_door_is_shut_the_other_is_used(cluster: Any, log: Store, make: Callable[..., Entry]) -> None:
    for door in range(2):
        cluster.tell("shut", door)
        assert log.write(referring(make, 5, 100 * door)).stored == 5
        assert log.span().entries == 5 * (door + 1)
        cluster.tell("open", door)
        for host in log.engine._hosts:  # type: ignore[attr-defined]
            host.down_until = 0


def test_a_server_may_start_while_a_host_is_away(cluster: Any, log: Store) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
        name = log.engine.topology.database
        for hosts in (f"{nobody},{cluster.hosts}", f"{cluster.hosts},{nobody}"):
            open_store(f"{OPEN}{hosts}/{name}?cluster=solo", durable=False).close()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("clickhouse://127.0.0.1:1/log", "Connection refused"),
        ("clickhouse://nobody.invalid:8123/log", "Name or service not known|Temporary failure in name resolution"),
    ],
)
def test_a_host_that_is_not_reached_is_named_with_the_systems_own_reason(address: str, why: str) -> None:
    with pytest.raises(StoreUnavailable) as raised:
        open_store(address)
    assert re.fullmatch(rf"{address}: the store is not available \(({why})\)", str(raised.value))


def test_without_any_door_the_log_is_unavailable_and_comes_back(
    cluster: Any, log: Store, make: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apitrail.store.cluster._PAUSE_S", 0.01)
    entries = referring(make, 5)
    for door in range(2):
        cluster.tell("shut", door)
    with pytest.raises(StoreUnavailable):
        log.check()
    with pytest.raises(StoreUnavailable):
        log.write(entries)
    for door in range(2):
        cluster.tell("open", door)
    log.check()
    assert log.write(entries).stored == 5
    assert held(log) == {"entries": 5, "counts": 5, "mentions": 5}


def test_an_insert_whose_answer_is_lost_is_repeated_and_stored_once_also_in_the_views_tables(
    cluster: Any, log: Store, make: Callable[..., Entry]
) -> None:
    cluster.tell("deaf", 0)
    for n in range(4):  # one of two goes to the deaf door first
        for host in log.engine._hosts:  # type: ignore[attr-defined]
            host.down_until = 0
        log.write(referring(make, 3, 10 * n))
    assert held(log) == {"entries": 12, "counts": 12, "mentions": 12}


def test_the_same_block_inserted_twice_is_stored_once_and_another_of_the_same_times_is_not_lost(
    log: Store, make: Callable[..., Entry]
) -> None:
    first, second = (Batch.of(referring(make, 3)).blocks[0] for _ in range(2))
    for block in (first, first, second, first, second):
        log.engine.insert("entries", COLUMNS, [block.data])
    assert held(log) == {"entries": 6, "counts": 6, "mentions": 6}


def test_the_same_correction_made_twice_counts_twice(log: Store) -> None:
    add = Query(
        "INSERT INTO counts SELECT toDateTime(0), 'success', 'outbound', NULL, 'order.get', NULL, NULL, NULL,"
        " toInt64(5)"
    )
    log.engine.run(add)
    log.engine.run(add)
    [(total,)] = log.engine.select(Query("SELECT sum(entries) FROM counts")).rows
    assert total == 10


def test_counts_that_are_wrong_are_put_right_when_they_stand_still(
    log: Store, make: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "SETTLE_S", 0.0)
    log.write(referring(make, 7))
    topology = log.engine.topology
    log.engine.run(Query(f"TRUNCATE TABLE {topology.shard_database}.counts ON CLUSTER `solo`"))
    derived.repair(log.engine, [])
    assert held(log)["counts"] == 7


def test_counts_that_move_while_they_are_looked_at_are_left_alone(
    log: Store, make: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(referring(make, 7))
    log.engine.run(Query(f"TRUNCATE TABLE {log.engine.topology.shard_database}.counts ON CLUSTER `solo`"))
    others: list[Entry] = []

    def other_server(_: float) -> None:
        new = referring(make, 2, 50 + len(others))
        log.write(new)
        others.extend(new)

    monkeypatch.setattr("apitrail.store.derived.time.sleep", other_server)
    derived.repair(log.engine, [])
    assert held(log)["counts"] == len(others) > 0  # what waits is looked at the next time


def test_retention_takes_whole_days_bodies_and_single_integrations_from_the_shards(
    log: Store, make: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "SETTLE_S", 0.0)
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for age in (500, 20, 1):
        log.write([make(now - timedelta(days=age, seconds=n), request=Payload(body=b"B%06d" % n)) for n in range(4)])
    removed = log.tidy(Rules(Keep(success_bodies=14, failure_bodies=90, entries=400)), now)
    assert [(one.what, one.entries) for one in removed] == [("entries", 4), ("bodies", 4)]
    assert log.span().entries == 8
    assert held(log)["counts"] == 8
    assert [day.entries for day in log.stats(Rules(), now, None).days] == [4, 4]


def test_a_second_server_finds_the_schema_made(opened: Any, log: Store, make: Callable[..., Entry]) -> None:
    log.write(referring(make, 3))
    other = open_store(opened.address, durable=False)
    assert other.span().entries == 3
    assert not schema.migrate(other.engine)
    other.close()


def test_a_table_over_the_shards_that_is_missing_is_made_at_the_start(log: Store, make: Callable[..., Entry]) -> None:
    log.write(referring(make, 3))
    log.engine.run(Query(f"DROP TABLE {log.engine.topology.database}.pins ON CLUSTER `solo`"))
    schema.migrate(log.engine)
    assert log.pins() == []


def test_a_shard_without_an_answering_replica_is_named(log: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    log.check()
    shards = "SELECT * FROM VALUES('shard_num UInt32, hosts String', (1, 'a'), (2, 'b, c'))"
    monkeypatch.setattr(type(log.engine.topology), "shards", lambda _: shards)
    with pytest.raises(StoreUnavailable, match=r"no replica of shard 2 \(b, c\) answers"):
        log.check()


def test_a_cluster_that_the_server_does_not_know_is_said_to_be_unknown(server: str) -> None:
    with pytest.raises(StoreError, match="moon"):
        open_store(f"{server}/log_of_no_cluster?cluster=moon")


def test_a_log_on_a_server_needs_no_engine_of_ours(cluster_address: str) -> None:
    program = (
        "import sys; sys.modules['chdb'] = None\n"
        "import apitrail.server.serve, apitrail.cli.commands\n"
        "from apitrail.store import open_store\n"
        "store = open_store(sys.argv[1]); print(store.span().entries); store.close()"
    )
    done = subprocess.run([sys.executable, "-c", program, cluster_address], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


def test_a_cluster_says_that_it_is_backed_up_by_its_own_means(log: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cluster-check\.md"):
        log.begin_backup(Folder(tmp_path))


def test_tls_is_checked_against_the_authority_that_is_named(
    standing_in: Callable[..., Any], tmp_path: Path, make: Callable[..., Entry]
) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    certificate = tmp_path / "server.pem"
    certificate.write_bytes(authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.bytes())
    known, unknown = tmp_path / "ca.pem", tmp_path / "stranger.pem"
    authority.cert_pem.write_to_path(str(known))
    stranger.cert_pem.write_to_path(str(unknown))
    hosts = standing_in("--certificate", str(certificate)).hosts
    secure = OPEN.replace("clickhouse:", "clickhouses:") + hosts
    store = open_store(f"{secure}/log?ca={known}", durable=False)
    assert store.write(referring(make, 2)).stored == 2
    store.close()
    for option in ("", f"?ca={unknown}"):
        with pytest.raises(StoreUnavailable, match="certificate verify failed"):
            open_store(f"{secure}/log{option}")
    with pytest.raises(StoreUnavailable):
        open_store(f"{OPEN}{hosts}/log")


def test_failures_are_grouped_ended_and_gathered_anew_where_some_are_missing(
    log: Store, make: Callable[..., Entry]
) -> None:
    bad = [make(n, action="label.create", outcome="request_error", cause="address") for n in range(3)]
    ended = make(60, action="label.create")
    log.write([*bad, ended])

    def told() -> list[int]:
        return [one.count for one in log.failures(Filter(), 9)]

    assert told() == [3]
    assert {number: one.id for number, one in log.endings(log.failures(Filter(), 9)).items()} == {0: ended.id}
    table = log.engine.topology.altered("failures")
    log.engine.run(Query(f"ALTER TABLE {table} DELETE WHERE id = '{bad[0].id}' SETTINGS mutations_sync = 2"))
    assert told() == [2]
    derived.repair(log.engine, [])
    assert told() == [3]


def test_the_boards_ask_a_cluster_the_same(log: Store, make: Callable[..., Entry]) -> None:
    start = make().created_at
    given = {"action": "label.create", "platform": "ups", "shipping_integration": Integration("u"), "cause": "timeout"}
    order, parcel = Reference("order", "A-1"), Reference("tracking", "T-1")
    bad = make(1, outcome="platform_error", references=[order], **given)
    good = make(2, references=[order, parcel], **(given | {"cause": None}))
    log.write([bad, good])
    every = Filter(since=start, until=start + timedelta(hours=1))
    hit = log.affected(every, 9)
    assert [(one.id, one.kind) for one in hit] == [("A-1", "order")]
    assert list(log.worked(hit, every)) == [("label.create", "A-1")]
    assert [(one.cause, one.count) for one in log.cause_totals(every)] == [("timeout", 1)]
    assert [(one.feature, one.value) for one in log.common(every)] == [("shipping", "u")]
    assert [(one.account, one.calls, one.failed) for one in log.hours(every, 9)] == [("u", 2, 1)]
    by_hour = log.hourly("shipping", start, start + timedelta(hours=1), ["u"])
    assert [(one.calls, one.failed) for one in by_hour] == [(2, 1)]
    [done] = log.activity("shipping", start - timedelta(days=1), start, ["u"])
    assert (done.calls, done.failed, done.newest) == (2, 1, (False, True))
    assert [(one.type, one.id) for one in log.latest("parcels", every, 9)] == [("tracking", "T-1"), ("order", "A-1")]
    assert [one.id for one in log.mentioned(["a-1"], 9).mentions] == [good.id, bad.id]
    assert list(log.entries_at([(bad.id, bad.created_at)])) == [bad.id]
    assert log.account_names(["u"]) == {}
