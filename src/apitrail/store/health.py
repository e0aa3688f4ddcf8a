"""Whether all of the log can be read and written."""

from __future__ import annotations

from apitrail.store.engine import Engine, Query, StoreUnavailable


def demand_shards(engine: Engine) -> None:
    """Raises StoreUnavailable where a shard of the cluster has no replica that answers, StoreError where there is no
    such cluster.
    """
    topology = engine.topology
    shards = dict(engine.select(Query(topology.shards())).rows)
    answering = {number for (number,) in engine.select(Query(topology.answering())).rows}
    silent = [f"shard {number} ({hosts})" for number, hosts in shards.items() if number not in answering]
    if silent:
        raise StoreUnavailable(
            f"{engine.place}: no replica of {', '.join(silent)} answers. Entries there are safe, but cannot be read. "
            "Start one of its replicas"
        )
