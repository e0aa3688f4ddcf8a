-- What the host system registered. The row with the highest version is an integration's state.
CREATE TABLE IF NOT EXISTS ${own}integrations $on_cluster
(
    side LowCardinality(String),
    id String,
    document String COMMENT 'JSON: the whole registration',
    version UInt64
)
ENGINE = ${replicated}ReplacingMergeTree(version)
ORDER BY (side, id);
