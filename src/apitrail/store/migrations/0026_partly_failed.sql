-- Calls that failed in part are told among the failures, with what failed of them alone: the items that were refused (their
-- ids may be marks, see `store/folding.py`), or all that they refer to where none is told. Their row is in `entries` alone,
-- which lists of them are read from. Days that have such calls are made anew at the next start (`store/derived.py`).
DROP VIEW IF EXISTS ${own}failures_from_entries $on_cluster SYNC;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}failures_from_entries $on_cluster TO ${own}failures AS
SELECT
    id, created_at, direction, platform, action, ec_id, shipping_id, merchant,
    if(notEmpty(refused), NULL, of_type) AS source_type,
    if(notEmpty(refused), NULL, of_id) AS source_id,
    if(notEmpty(refused), arrayMap(one -> one.1, refused), types) AS reference_types,
    if(notEmpty(refused), arrayMap(one -> if(
        startsWith(one.2, '\x7f') AND endsWith(document, ' '),
        ids[position('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', substring(one.2, 2, 1))],
        one.2
    ), refused), ids) AS reference_ids,
    status, outcome, cause, code, substringUTF8(ifNull(message, ''), 1, 500) AS message,
    JSONExtractString(document, 'recorder', 'version') AS version,
    if(outcome = 'partial', '', document) AS row, duration_ms
FROM (
    SELECT
        id, created_at, direction, platform, action, ec_id, shipping_id, merchant, status, outcome, cause, code,
        source_type AS of_type, source_id AS of_id, reference_types AS types, reference_ids AS ids,
        message, row AS document, duration_ms,
        arrayFilter(
            one -> one.2 != '' AND one.3 IN ('request_error', 'platform_error'),
            JSONExtract(
                if(outcome = 'partial', row, ''), 'items', 'Array(Tuple(type String, id String, outcome String))'
            )
        ) AS refused
    FROM ${own}entries
    WHERE outcome IN ('request_error', 'platform_error', 'partial')
);
