-- A word leads to the sixteen seconds in which its entry is, not to the second: half a byte less a mention. Of those that are
-- there, each stands for the sixteen seconds that it is in (see `store/queries/words.py`).
ALTER TABLE ${own}mentions $on_cluster MODIFY COLUMN at CODEC(T64('bit'), ZSTD(1));

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
    toStartOfInterval(toDateTime(created_at, 'UTC'), INTERVAL 16 SECOND) AS at
FROM ${own}entries;
