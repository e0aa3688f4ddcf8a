-- A duration is kept in its column alone, and in a row's document no more (see `store/rows.py`). Of failures that are there
-- already the document has it.
ALTER TABLE ${own}failures $on_cluster ADD COLUMN IF NOT EXISTS duration_ms Float64 CODEC(ZSTD(1));

DROP VIEW IF EXISTS ${own}failures_from_entries $on_cluster SYNC;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}failures_from_entries $on_cluster TO ${own}failures AS
SELECT
    id, created_at, direction, platform, action, ec_id, shipping_id, merchant, source_type, source_id, reference_types,
    reference_ids, status, outcome, cause, code, substringUTF8(ifNull(message, ''), 1, 500) AS message,
    JSONExtractString(row, 'recorder', 'version') AS version, row, duration_ms
FROM ${own}entries
WHERE outcome IN ('request_error', 'platform_error');

-- Ids are compressed harder when their day is over, like what is long (see migration 18); sizes without the bits that none has.
ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN id UUID CODEC(Default);

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN duration_ms CODEC(Default);

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN request_size CODEC(T64, ZSTD(1));

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN response_size CODEC(T64, ZSTD(1));
