-- Filters that somebody named for everyone who reads the log. The row with the highest version is a view's state.
CREATE TABLE IF NOT EXISTS ${own}views $on_cluster
(
    name String,
    query String COMMENT 'of the page, as in its address',
    changed_at DateTime64(6, 'UTC'),
    removed_at Nullable(DateTime64(6, 'UTC')),
    version UInt64
)
ENGINE = ${replicated}ReplacingMergeTree(version)
ORDER BY name;
