"""Where the tables lie: in one database, or over the shards and replicas of a cluster.

Every statement that only a cluster runs is made here. `docs/cluster-check.md` is how they are tried on a real one.

On a cluster there are two databases. `NAME_shard` has on every host the tables themselves, Replicated within a shard,
and the views that fill some of them from others: what is made of an entry lies beside it. `NAME` has for each table one
of the same name that is Distributed over the shards, so that questions are the same text in both sizes.

A row's shard is a hash of what makes it one row, so that a row that comes twice comes to the same shard, where the
engine can tell: of an entry its id. Half of that is random, so shards fill evenly, whichever integration or hour is
busy; the price is that every question asks every shard. Questions do not count on the place, so a cluster may be grown
without moving what is there.

A table's path in Keeper is written out, since with the engine's own (by a random number) a replica that is added later
would not find its peers.
"""

from __future__ import annotations

import re
from string import Template

from msgspec import Struct

KEYS = {
    "migrations": "version",
    "entries": "id",
    "losses": "recorder, first_at",
    "tokens": "id",
    "integrations": "side, id",
    "mentions": "word",
    "counts": "at, action",
    "counts_by_day": "at, action",
    "account_names": "kind, id",
    "removals": "day",
    "pins": "type, id",
    "leases": "name",
    "failures": "id",
    "views": "name",
    "totals": "at",
    "account_totals": "at",
    "twins": "id",
    "letters": "number",
    "told_days": "day",
}
"""What the shard of a table's row depends on. Rows that one `FINAL` makes into one must have it in common."""

_ENGINE = re.compile(r"ENGINE = \$\{replicated\}(\w+)(?:\(([^)]*)\))?")
_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS \$\{own\}(\w+)")
_DEFINED = re.compile(r"^CREATE (TABLE|MATERIALIZED VIEW) (\S+)")


class Topology(Struct, frozen=True):
    """One database, where `cluster` is empty."""

    cluster: str = ""
    """A name of the server's `remote_servers`."""
    database: str = ""
    """What is asked; of interest on a cluster alone."""

    @property
    def shard_database(self) -> str:
        """Where the tables themselves are on a cluster."""
        return f"{self.database}_shard"

    @property
    def home(self) -> str:
        """The name of the database of the tables themselves, as SQL."""
        return f"'{self.shard_database}'" if self.cluster else "currentDatabase()"

    def render(self, statement: str) -> str:
        """A migration's statement, with `$on_cluster`, `${own}` and `${replicated}` filled in."""
        if not self.cluster:
            return Template(statement).substitute(on_cluster="", own="", replicated="")
        if table := _TABLE.search(statement):
            path = f"/apitrail/{self.shard_database}/{table[1]}/{{shard}}"
            statement = _ENGINE.sub(lambda found: _replicated(found, path), statement)
        return Template(statement).substitute(
            on_cluster=self._on_cluster, own=f"`{self.shard_database}`.", replicated="Replicated"
        )

    def altered(self, table: str) -> str:
        """The table itself, after `ALTER TABLE`: on every shard."""
        return f"`{self.shard_database}`.{table} {self._on_cluster}" if self.cluster else table

    def system(self, table: str) -> str:
        """A table of the engine's own, such as `parts`: of one replica of each shard."""
        return f"cluster('{self.cluster}', system.{table})" if self.cluster else f"system.{table}"

    def everywhere(self, table: str) -> str:
        """The same, of every replica."""
        return f"clusterAllReplicas('{self.cluster}', system.{table})" if self.cluster else f"system.{table}"

    def databases(self) -> list[str]:
        """Makes what is missing of them."""
        if not self.cluster:
            return []
        return [f"CREATE DATABASE IF NOT EXISTS `{name}` {self._on_cluster}" for name in self._databases]

    def over(self, table: str) -> list[str]:
        """Makes the table over all shards anew, with the columns that the shards' tables have now. It holds no rows."""
        if not self.cluster:
            return []
        return [
            f"CREATE OR REPLACE TABLE `{self.database}`.{table} {self._on_cluster} AS `{self.shard_database}`.{table}"
            f" ENGINE = Distributed('{self.cluster}', '{self.shard_database}', '{table}', cityHash64({KEYS[table]}))"
        ]

    def joining(self, definition: str) -> str:
        """What makes a table or view on the hosts that do not have it yet, from its definition on another host."""
        made, count = _DEFINED.subn(rf"CREATE \1 IF NOT EXISTS \2 {self._on_cluster}", definition)
        if count != 1:
            raise AssertionError(f"not a definition: {definition}")
        return made

    def hosts(self) -> str:
        """Rows: an answering host, how many tables and views of the two databases it has."""
        names = ", ".join(f"'{name}'" for name in self._databases)
        return (
            f"SELECT hostName() AS host, tcpPort() AS port, countIf(database IN ({names})) AS made"  # noqa: S608
            f" FROM {self.everywhere('tables')} GROUP BY host, port SETTINGS skip_unavailable_shards = 1"
        )

    def answering(self) -> str:
        """Rows: the number of a shard that has a replica that answers."""
        return f"SELECT DISTINCT _shard_num FROM {self.system('one')} SETTINGS skip_unavailable_shards = 1"  # noqa: S608

    def shards(self) -> str:
        """Rows: the number of a shard, and the hosts that are to have it."""
        return (
            "SELECT shard_num, arrayStringConcat(groupArray(host_name), ', ') FROM system.clusters"  # noqa: S608
            f" WHERE cluster = '{self.cluster}' GROUP BY shard_num ORDER BY shard_num"
        )

    def caught_up(self, table: str) -> list[str]:
        """Waits until every replica has the rows that others have of a table."""
        if not self.cluster:
            return []
        return [f"SYSTEM SYNC REPLICA {self._on_cluster} `{self.shard_database}`.{table} LIGHTWEIGHT"]

    def settings(self, quorum: int) -> dict[str, str | int]:
        """What a statement on a cluster is to be run with."""
        if not self.cluster:
            return {}
        return {
            # An insert is on the shards when it is acknowledged, and one that is repeated is stored once, also in the
            # tables that views fill.
            "distributed_foreground_insert": 1,
            "deduplicate_blocks_in_dependent_materialized_views": 1,
            "insert_quorum": quorum,
            # Writes and reads go to the same replica of a shard while it answers: what was acknowledged is seen.
            "load_balancing": "in_order",
            "prefer_localhost_replica": 0,
            # Each row goes to the shard that its key says, not to that on which it was read.
            "parallel_distributed_insert_select": 0,
            # A host that is away does later what it was told; the others do not wait for it.
            "distributed_ddl_task_timeout": 50,
            "distributed_ddl_output_mode": "null_status_on_timeout",
        }

    @property
    def _on_cluster(self) -> str:
        return f"ON CLUSTER `{self.cluster}`"

    @property
    def _databases(self) -> tuple[str, str]:
        return self.shard_database, self.database


def _replicated(found: re.Match[str], path: str) -> str:
    more = f", {found[2]}" if found[2] else ""
    return f"ENGINE = Replicated{found[1]}('{path}', '{{replica}}'{more})"
