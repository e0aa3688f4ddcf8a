-- What failed, by itself: few rows of many, with all that a failure is grouped by, so that a week of them is told without
-- reading the week. Made from `entries` as rows come in, and anew where it does not match (see `store/derived.py`). A
-- row that comes twice is the same row, and read (FINAL) as one.
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
    version LowCardinality(String) COMMENT 'of the recorder'
)
ENGINE = ${replicated}ReplacingMergeTree
PARTITION BY toDate(created_at)
ORDER BY (created_at, id);

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}failures_from_entries $on_cluster TO ${own}failures AS
SELECT
    id, created_at, direction, platform, action, ec_id, shipping_id, merchant, source_type, source_id, reference_types,
    reference_ids, status, outcome, cause, code, substringUTF8(ifNull(message, ''), 1, 500) AS message,
    JSONExtractString(row, 'recorder', 'version') AS version
FROM ${own}entries
WHERE outcome IN ('request_error', 'platform_error');
