-- A list of failures is read from their table alone: 50 of one account's lie in 50 granules of `entries`, each of which is
-- decompressed whole, and in three of a table that has nothing else. So it holds what a list shows. `store/derived.py`
-- fills it.
DROP VIEW IF EXISTS ${own}failures_from_entries $on_cluster SYNC;

DROP TABLE IF EXISTS ${own}failures $on_cluster SYNC;

CREATE TABLE IF NOT EXISTS ${own}failures $on_cluster
(
    id UUID,
    created_at DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    direction LowCardinality(String),
    platform LowCardinality(Nullable(String)),
    action LowCardinality(String),
    ec_id LowCardinality(Nullable(String)),
    shipping_id LowCardinality(Nullable(String)),
    merchant LowCardinality(Nullable(String)),
    source_type LowCardinality(Nullable(String)),
    source_id Nullable(String) CODEC(ZSTD(1)),
    reference_types Array(LowCardinality(String)) CODEC(ZSTD(1)),
    reference_ids Array(String) CODEC(ZSTD(1)),
    status Nullable(UInt16) CODEC(ZSTD(1)),
    outcome LowCardinality(String),
    cause LowCardinality(Nullable(String)),
    code Nullable(String) CODEC(ZSTD(1)),
    message String CODEC(ZSTD(1)) COMMENT 'its beginning',
    version LowCardinality(String) COMMENT 'of the recorder',
    row String CODEC(ZSTD(1)) COMMENT 'as in entries'
)
ENGINE = ${replicated}ReplacingMergeTree
PARTITION BY toDate(created_at)
ORDER BY (created_at, id)
SETTINGS index_granularity = 256, min_bytes_for_wide_part = 134217728, string_serialization_version = 'single_stream',
    auto_statistics_types = '';

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}failures_from_entries $on_cluster TO ${own}failures AS
SELECT
    id, created_at, direction, platform, action, ec_id, shipping_id, merchant, source_type, source_id, reference_types,
    reference_ids, status, outcome, cause, code, substringUTF8(ifNull(message, ''), 1, 500) AS message,
    JSONExtractString(row, 'recorder', 'version') AS version, row
FROM ${own}entries
WHERE outcome IN ('request_error', 'platform_error');

-- How many entries there are, by quarter of an hour and outcome alone: for a histogram of all there is, whose range may be
-- years. Made from `counts`, so that what is put right there is put right here.
CREATE TABLE IF NOT EXISTS ${own}totals $on_cluster
(
    at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    outcome LowCardinality(String),
    entries Int64 CODEC(ZSTD(1))
)
ENGINE = ${replicated}SummingMergeTree(entries)
PARTITION BY toYear(at)
ORDER BY (at, outcome)
SETTINGS auto_statistics_types = '';

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}totals_from_counts $on_cluster TO ${own}totals AS
SELECT at, outcome, sum(n) AS entries FROM (SELECT at, outcome, entries AS n FROM ${own}counts) GROUP BY at, outcome;
