-- Answers that are alike lie in a column of their own each (see `store/shelves.py`), so that they compress better. Those that
-- are there stay where they are.
ALTER TABLE ${own}entries $on_cluster ADD COLUMN IF NOT EXISTS response_body_1 String COMMENT 'of labels and documents'
    CODEC(Default) SETTINGS (min_compress_block_size = 262144);

ALTER TABLE ${own}entries $on_cluster ADD COLUMN IF NOT EXISTS response_body_2 String COMMENT 'of details'
    CODEC(Default) SETTINGS (min_compress_block_size = 262144);

DROP VIEW IF EXISTS ${own}mentions_from_entries $on_cluster SYNC;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}mentions_from_entries $on_cluster TO ${own}mentions AS
SELECT
    arrayJoin(arrayDistinct(arrayConcat(
        arrayMap(id -> xxHash32(lower(id)), reference_ids),
        arrayMap(word -> xxHash32(lower(word)), arrayFilter(
            word -> length(word) <= 36 AND match(word, '[0-9]')
                AND (length(word) <= 24 OR word = lower(word) OR word = upper(word)),
            arrayConcat(
                extractAll(if(position(request_body, '%') > 0, decodeURLFormComponent(request_body), request_body),
                    '[0-9A-Za-z]{6,}'),
                extractAll(concat(response_body, response_body_1, response_body_2), '[0-9A-Za-z]{6,}'),
                extractAll(arrayStringConcat(arrayFilter(
                    id -> position(id, '-') > 0 OR position(id, '_') > 0, reference_ids), ' '), '[0-9A-Za-z]{6,}'))))))) AS word,
    toDateTime(created_at, 'UTC') AS at
FROM ${own}entries;
