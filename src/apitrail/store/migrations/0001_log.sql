-- The log, the gaps in it, and the tokens. Every statement can be repeated: a start may break off between two.

CREATE TABLE IF NOT EXISTS entries $on_cluster
(
    id UUID,
    created_at DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    received_at Nullable(DateTime64(6, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    direction LowCardinality(String),
    platform LowCardinality(Nullable(String)),
    action LowCardinality(String),
    method LowCardinality(String),
    url String CODEC(ZSTD(3)),
    path String CODEC(ZSTD(3)),
    ec_id LowCardinality(Nullable(String)),
    ec_name LowCardinality(String),
    shipping_id LowCardinality(Nullable(String)),
    shipping_name LowCardinality(String),
    merchant LowCardinality(Nullable(String)),
    source_type LowCardinality(Nullable(String)),
    source_id String CODEC(ZSTD(1)),
    source_name String CODEC(ZSTD(1)),
    source_link String CODEC(ZSTD(1)),
    reference_types Array(LowCardinality(String)) CODEC(ZSTD(1)),
    reference_ids Array(String) CODEC(ZSTD(1)),
    status Nullable(UInt16) CODEC(ZSTD(1)),
    outcome LowCardinality(String),
    cause LowCardinality(Nullable(String)),
    code Nullable(String) CODEC(ZSTD(1)),
    message Nullable(String) CODEC(ZSTD(3)),
    reported_by LowCardinality(Nullable(String)),
    advice LowCardinality(Nullable(String)),
    retryable Nullable(Bool) CODEC(ZSTD(1)),
    duration_ms Float64 CODEC(ZSTD(1)),
    attempt UInt32 CODEC(ZSTD(1)),
    call String CODEC(ZSTD(1)),
    items String CODEC(ZSTD(3)) COMMENT 'JSON, empty for none',
    returned Nullable(Int64) CODEC(ZSTD(1)),
    accepted Nullable(Int64) CODEC(ZSTD(1)),
    refused Nullable(Int64) CODEC(ZSTD(1)),
    not_sent Nullable(String) CODEC(ZSTD(1)),
    error_type LowCardinality(Nullable(String)),
    error_text String CODEC(ZSTD(3)),
    http_version LowCardinality(String),
    trace Nullable(String) CODEC(ZSTD(1)),
    stated String CODEC(ZSTD(3)) COMMENT 'JSON, empty for none',
    recorder_id LowCardinality(Nullable(String)),
    recorder_sequence UInt64 CODEC(Delta(8), ZSTD(1)),
    recorder_host LowCardinality(String),
    recorder_process LowCardinality(String),
    recorder_version LowCardinality(String),
    recorder_client LowCardinality(String),

    request_headers String CODEC(ZSTD(3)) COMMENT 'JSON list of pairs',
    request_body String CODEC(ZSTD(3)),
    request_tail String CODEC(ZSTD(3)),
    request_content_type LowCardinality(Nullable(String)),
    request_charset LowCardinality(Nullable(String)),
    request_size UInt64 CODEC(ZSTD(1)),
    request_sha256 String CODEC(NONE) COMMENT '32 bytes, or empty',
    request_truncated Bool CODEC(ZSTD(1)),
    request_incomplete Bool CODEC(ZSTD(1)),

    answered Bool CODEC(ZSTD(1)) COMMENT 'whether there is a response',
    response_headers String CODEC(ZSTD(3)) COMMENT 'JSON list of pairs',
    response_body String CODEC(ZSTD(3)),
    response_tail String CODEC(ZSTD(3)),
    response_content_type LowCardinality(Nullable(String)),
    response_charset LowCardinality(Nullable(String)),
    response_size UInt64 CODEC(ZSTD(1)),
    response_sha256 String CODEC(NONE) COMMENT '32 bytes, or empty',
    response_truncated Bool CODEC(ZSTD(1)),
    response_incomplete Bool CODEC(ZSTD(1))
)
ENGINE = ${replicated}MergeTree
PARTITION BY toDate(created_at)
ORDER BY (created_at, id)
SETTINGS index_granularity = 1024, index_granularity_bytes = 2097152;

-- A loss that is told twice is the same row, and read (FINAL) as one.
CREATE TABLE IF NOT EXISTS losses $on_cluster
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
CREATE TABLE IF NOT EXISTS tokens $on_cluster
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
