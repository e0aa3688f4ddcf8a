-- Which of several servers does what only one needs to do. The row with the highest version is how it stands.
CREATE TABLE IF NOT EXISTS ${own}leases $on_cluster
(
    name String,
    holder String,
    until DateTime64(6, 'UTC'),
    version UInt64
)
ENGINE = ${replicated}ReplacingMergeTree(version)
ORDER BY name;
