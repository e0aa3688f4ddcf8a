-- What is taken off the counts of an entry that several servers stored at the same time, once for each copy that is removed
-- (see `store/twins.py`). Entries of a log that one server writes to never are there twice, and this stays empty.
CREATE TABLE IF NOT EXISTS ${own}twins $on_cluster
(
    id UUID,
    created_at DateTime64(6, 'UTC'),
    seal UInt64 COMMENT 'tells the copies of an entry apart',
    outcome LowCardinality(String),
    direction LowCardinality(String),
    platform LowCardinality(Nullable(String)),
    action LowCardinality(String),
    ec_id LowCardinality(Nullable(String)),
    shipping_id LowCardinality(Nullable(String)),
    cause LowCardinality(Nullable(String)),
    copies UInt64,
    found_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')
)
ENGINE = ${replicated}MergeTree
PARTITION BY toYYYYMM(created_at)
ORDER BY (created_at, id, seal);

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}counts_from_twins $on_cluster TO ${own}counts AS
SELECT
    toStartOfFifteenMinutes(toDateTime(created_at, 'UTC')) AS at,
    outcome, direction, platform, action, ec_id, shipping_id, cause, -toInt64(sum(copies)) AS entries
FROM ${own}twins
GROUP BY at, outcome, direction, platform, action, ec_id, shipping_id, cause;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}counts_by_day_from_twins $on_cluster TO ${own}counts_by_day AS
SELECT
    toStartOfDay(toDateTime(created_at, 'UTC')) AS at,
    outcome, direction, platform, action, ec_id, shipping_id, cause, -toInt64(sum(copies)) AS entries
FROM ${own}twins
GROUP BY at, outcome, direction, platform, action, ec_id, shipping_id, cause;
