-- A number that stands right behind an escape of JSON (`\n`, `\t`, `\u55ae`) is a word, too: `\u55ae260199ABCDEF77` was read as
-- u55ae260199ABCDEF77 alone. Bodies with escapes are read twice, as they are and with a blank for each, since what looks like
-- one may be none (`C:\\new`). Entries from before are found by such a number as a part of a text.
DROP VIEW IF EXISTS ${own}mentions_from_entries $on_cluster SYNC;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}mentions_from_entries $on_cluster TO ${own}mentions AS
SELECT
    arrayJoin(arrayDistinct(arrayConcat(
        arrayMap(id -> xxHash32(lower(id)), reference_ids),
        arrayMap(word -> xxHash32(lower(word)), arrayFilter(
            word -> length(word) <= 36 AND match(word, '[0-9]')
                AND (length(word) <= 24 OR word = lower(word) OR word = upper(word)),
            arrayConcat(
                extractAll(
                    if(position(sent, '\\') > 0 AND multiSearchAny(sent, ['\\u', '\\n', '\\r', '\\t', '\\b', '\\f']),
                        concat(sent, ' ', replaceRegexpAll(sent, '\\\\(u[0-9a-fA-F]{4}|[nrtbf])', ' ')), sent),
                    '[0-9A-Za-z]{6,}'),
                extractAll(
                    if(position(answered, '\\') > 0 AND multiSearchAny(answered, ['\\u', '\\n', '\\r', '\\t', '\\b', '\\f']),
                        concat(answered, ' ', replaceRegexpAll(answered, '\\\\(u[0-9a-fA-F]{4}|[nrtbf])', ' ')), answered),
                    '[0-9A-Za-z]{6,}'),
                extractAll(arrayStringConcat(arrayFilter(
                    id -> position(id, '-') > 0 OR position(id, '_') > 0, reference_ids), ' '), '[0-9A-Za-z]{6,}'))))))) AS word,
    toStartOfInterval(toDateTime(created_at, 'UTC'), INTERVAL 16 SECOND) AS at
FROM (
    SELECT
        created_at, reference_ids,
        if(position(request_body, '%') > 0, decodeURLFormComponent(request_body), request_body) AS sent,
        concat(response_body, response_body_1, response_body_2) AS answered
    FROM ${own}entries
);
