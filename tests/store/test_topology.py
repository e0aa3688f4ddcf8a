"""What only a real cluster runs, as text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apitrail.store import Store, schema
from apitrail.store.engine import Query
from apitrail.store.topology import KEYS, Topology

DOCS = Path(__file__).parents[2] / "docs"
ONE = Topology()
EAST = Topology("east", "log")
STATEMENTS = [schema.JOURNAL, *(text for step in schema.migrations() for text in step.statements)]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_of_the_schema_names_its_own_database_and_runs_on_the_whole_cluster(statement: str) -> None:
    made = r"CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS|DROP (TABLE|VIEW) IF EXISTS|ALTER TABLE"
    begin = rf"\s*({made}) \$\{{own\}}\w+ \$on_cluster\s"
    assert re.match(begin, statement)
    assert not re.search(rf"\b(FROM|TO|AS) ({'|'.join(KEYS)})\s*($|\n(?!FROM))", statement)
    rendered = EAST.render(statement)
    assert "$" not in rendered
    assert rendered.count("ON CLUSTER `east`") == 1


@pytest.mark.parametrize("statement", [text for text in STATEMENTS if "ENGINE" in text])
def test_a_table_on_a_cluster_is_replicated_by_a_path_that_any_replica_finds(statement: str) -> None:
    table = re.search(r"EXISTS \$\{own\}(\w+)", statement)
    assert table is not None
    rendered = EAST.render(statement)
    assert re.search(
        rf"ENGINE = Replicated\w+\('/apitrail/log_shard/{table[1]}/{{shard}}', '{{replica}}'[,)]", rendered
    )
    assert "Replicated" not in ONE.render(statement)


def test_a_version_stays_an_argument_of_the_engine() -> None:
    [tokens] = [text for text in STATEMENTS if "${own}tokens" in text]
    assert "ReplicatedReplacingMergeTree('/apitrail/log_shard/tokens/{shard}', '{replica}', version)" in EAST.render(
        tokens
    )


def test_one_machine_runs_the_plain_text() -> None:
    for statement in STATEMENTS:
        assert not re.search(r"\$|ON CLUSTER|`", ONE.render(statement).split("AS\nSELECT")[0])
    assert ONE.databases() == ONE.over("entries") == ONE.caught_up("entries") == []
    assert (ONE.altered("entries"), ONE.system("parts"), ONE.home) == ("entries", "system.parts", "currentDatabase()")
    assert ONE.settings(0) == {}


@pytest.mark.parametrize("name", ["operating.md", "cluster-check.md"])
def test_the_backup_that_the_documents_tell_to_make_is_of_the_database_that_holds_the_rows(name: str) -> None:
    told = re.findall(r"(?:BACKUP|RESTORE)\s+DATABASE\s+(\w+)", (DOCS / name).read_text("utf-8"))
    assert set(told) == {Topology("east", "apitrail").shard_database}


def test_both_databases_are_made_on_every_host() -> None:
    assert EAST.databases() == [
        "CREATE DATABASE IF NOT EXISTS `log_shard` ON CLUSTER `east`",
        "CREATE DATABASE IF NOT EXISTS `log` ON CLUSTER `east`",
    ]


def test_every_table_is_distributed_and_what_is_one_row_is_on_one_shard() -> None:
    assert set(KEYS) == {"migrations", *schema.TABLES}
    assert EAST.over("entries") == [
        "CREATE OR REPLACE TABLE `log`.entries ON CLUSTER `east` AS `log_shard`.entries"
        " ENGINE = Distributed('east', 'log_shard', 'entries', cityHash64(id))"
    ]


def test_rows_that_the_engine_makes_into_one_have_their_shard_in_common(store: Store) -> None:
    query = Query(
        "SELECT name, sorting_key FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%Tree'"
    )
    sorted_by = dict(store.engine.select(query).rows)
    assert set(sorted_by) == set(KEYS)
    for table, key in KEYS.items():
        assert set(key.split(", ")) <= set(sorted_by[table].split(", ")), table


def test_what_is_altered_is_the_shards_tables() -> None:
    assert EAST.altered("entries") == "`log_shard`.entries ON CLUSTER `east`"
    assert EAST.caught_up("counts") == ["SYSTEM SYNC REPLICA ON CLUSTER `east` `log_shard`.counts LIGHTWEIGHT"]


def test_parts_are_asked_of_one_replica_of_each_shard_and_hosts_of_all() -> None:
    assert EAST.system("parts") == "cluster('east', system.parts)"
    assert "FROM clusterAllReplicas('east', system.tables)" in EAST.hosts()
    assert EAST.home == "'log_shard'"


def test_an_insert_on_a_cluster_waits_for_the_shards_and_is_known_again() -> None:
    settings = EAST.settings(2)
    assert settings["distributed_foreground_insert"] == 1
    assert settings["deduplicate_blocks_in_dependent_materialized_views"] == 1
    assert settings["insert_quorum"] == 2


def test_what_the_engine_says_of_its_tables_can_be_made_on_a_host_that_joins(store: Store) -> None:
    query = Query("SELECT create_table_query FROM system.tables WHERE database = currentDatabase()")
    for (definition,) in store.engine.select(query).rows:
        made = EAST.joining(definition)
        assert re.match(r"CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS apitrail\.\w+ ON CLUSTER `east` ", made)
        assert made.replace(" IF NOT EXISTS", "", 1).replace(" ON CLUSTER `east`", "", 1) == definition
    with pytest.raises(AssertionError, match="not a definition"):
        EAST.joining("DROP TABLE log_shard.entries")
