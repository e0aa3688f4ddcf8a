-- What retention has taken away of each day, so that the gap can be shown, and what of it was looked at.
CREATE TABLE IF NOT EXISTS ${own}removals $on_cluster
(
    at DateTime64(6, 'UTC'),
    day Date,
    what LowCardinality(String) COMMENT 'bodies or entries',
    why LowCardinality(String) COMMENT 'age or disk_budget',
    due String COMMENT 'which integrations were due: the same is not looked for twice',
    entries UInt64,
    bytes UInt64 COMMENT 'of bodies, as they were received'
)
ENGINE = ${replicated}MergeTree
ORDER BY (day, what, at);

-- References whose entries are kept. The row with the highest version is a pin's state.
CREATE TABLE IF NOT EXISTS ${own}pins $on_cluster
(
    type String,
    id String,
    note String,
    pinned_at DateTime64(6, 'UTC'),
    removed_at Nullable(DateTime64(6, 'UTC')),
    version UInt64
)
ENGINE = ${replicated}ReplacingMergeTree(version)
ORDER BY (type, id);
