-- The log, the gaps in it, and the tokens. Every statement can be repeated: a start may break off between two.

-- An entry is kept as documents: `row` is what a list shows, `request` and `response` what is known of the bodies.
-- Reading a column costs a fifth of a millisecond however few rows are wanted, so a list reads five of them.
-- The other columns are what is filtered, grouped and counted by; they repeat a part of `row`.
CREATE TABLE IF NOT EXISTS ${own}entries $on_cluster
(
    id UUID,
    created_at DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    received_at Nullable(DateTime64(6, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    direction LowCardinality(String),
    platform LowCardinality(Nullable(String)),
    action LowCardinality(String),
    method LowCardinality(String),
    ec_id LowCardinality(Nullable(String)),
    ec_name LowCardinality(String),
    shipping_id LowCardinality(Nullable(String)),
    shipping_name LowCardinality(String),
    merchant LowCardinality(Nullable(String)),
    source_type LowCardinality(Nullable(String)),
    source_id Nullable(String) CODEC(ZSTD(1)),
    reference_types Array(LowCardinality(String)) CODEC(ZSTD(1)),
    reference_ids Array(String) CODEC(ZSTD(1)),
    status Nullable(UInt16) CODEC(ZSTD(1)),
    outcome LowCardinality(String),
    cause LowCardinality(Nullable(String)),
    code Nullable(String) CODEC(ZSTD(1)),
    message Nullable(String) CODEC(ZSTD(1)),
    duration_ms Float64 CODEC(ZSTD(1)),
    recorder_id LowCardinality(Nullable(String)),
    recorder_sequence UInt64 CODEC(Delta(8), ZSTD(1)),

    row String CODEC(ZSTD(1)) COMMENT 'JSON: an entry without id, created_at, references and what follows',
    request String CODEC(ZSTD(1)) COMMENT 'JSON: header fields, size, SHA-256 and so on',
    request_size UInt64 CODEC(ZSTD(1)),
    request_body String CODEC(ZSTD(1)) COMMENT 'head and tail of a truncated body, joined',
    response String CODEC(ZSTD(1)) COMMENT 'JSON, or empty where no answer came',
    response_size UInt64 CODEC(ZSTD(1)),
    response_body String CODEC(ZSTD(1))
)
ENGINE = ${replicated}MergeTree
PARTITION BY toDate(created_at)
ORDER BY (created_at, id)
SETTINGS index_granularity = 256, index_granularity_bytes = 2097152;

-- A loss that is told twice is the same row, and read (FINAL) as one.
CREATE TABLE IF NOT EXISTS ${own}losses $on_cluster
(
    recorder String,
    host String,
    process String,
    reason LowCardinality(String),
    count UInt64,
    first_at DateTime64(6, 'UTC'),
    last_at DateTime64(6, 'UTC'),
    text String
)
ENGINE = ${replicated}ReplacingMergeTree
ORDER BY (last_at, first_at, recorder, reason, count, host, process, text);

-- The row with the highest version is a token's state: 1 made, 2 revoked.
CREATE TABLE IF NOT EXISTS ${own}tokens $on_cluster
(
    id String,
    name String,
    scope LowCardinality(String),
    digest String,
    created_at DateTime64(6, 'UTC'),
    revoked_at Nullable(DateTime64(6, 'UTC')),
    version UInt64
)
ENGINE = ${replicated}ReplacingMergeTree(version)
ORDER BY id;
