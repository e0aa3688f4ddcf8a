-- Bodies come without most ids that the entry refers to (see store/bodies.py), so the words of those with signs are taken from
-- the references. What is there stays: a body says in the document beside it whether it is so.
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
                extractAll(response_body, '[0-9A-Za-z]{6,}'),
                extractAll(arrayStringConcat(arrayFilter(
                    id -> position(id, '-') > 0 OR position(id, '_') > 0, reference_ids), ' '), '[0-9A-Za-z]{6,}'))))))) AS word,
    toDateTime(created_at, 'UTC') AS at
FROM ${own}entries;
