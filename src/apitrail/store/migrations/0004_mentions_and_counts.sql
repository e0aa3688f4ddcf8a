-- What a question needs that would otherwise read the whole log. All of it is made from `entries` as rows come in, and
-- can be made from it again: see `store/derived.py`, which also fills it from what an older log holds.

-- Where an id is: the second of every entry that refers to it, or has it in a body as a word. A word is 6 to 36 letters
-- and digits, at least one of them a digit; one over 24 is in capitals or small letters only, for what is longer and
-- mixed is a picture's bytes. A number of 32 bits stands for it, so what is found here is looked at in the entry: 4 bytes
-- each on disk.
CREATE TABLE IF NOT EXISTS ${own}mentions $on_cluster
(
    word UInt32 CODEC(Delta(4), ZSTD(1)),
    at DateTime('UTC') CODEC(T64, ZSTD(1))
)
ENGINE = ${replicated}MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (word, at);

-- A body that escapes itself for a form (%22 and so on) is read as what it means: a word may follow an escape.
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
                extractAll(response_body, '[0-9A-Za-z]{6,}'))))))) AS word,
    toDateTime(created_at, 'UTC') AS at
FROM ${own}entries;

-- How many entries there are, by quarter of an hour (which every time zone's days are made of) and all that one may
-- choose by; and the same by day of UTC, for long ranges.
CREATE TABLE IF NOT EXISTS ${own}counts $on_cluster
(
    at DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    outcome LowCardinality(String),
    direction LowCardinality(String),
    platform LowCardinality(Nullable(String)),
    action LowCardinality(String),
    ec_id LowCardinality(Nullable(String)),
    shipping_id LowCardinality(Nullable(String)),
    cause LowCardinality(Nullable(String)),
    entries Int64 CODEC(ZSTD(1))
)
ENGINE = ${replicated}SummingMergeTree(entries)
PARTITION BY toYYYYMM(at)
ORDER BY (at, outcome, action, ec_id, shipping_id, platform, cause, direction)
SETTINGS allow_nullable_key = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}counts_from_entries $on_cluster TO ${own}counts AS
SELECT
    toStartOfFifteenMinutes(toDateTime(created_at, 'UTC')) AS at,
    outcome, direction, platform, action, ec_id, shipping_id, cause, toInt64(count()) AS entries
FROM ${own}entries
GROUP BY at, outcome, direction, platform, action, ec_id, shipping_id, cause;

CREATE TABLE IF NOT EXISTS ${own}counts_by_day $on_cluster AS ${own}counts
ENGINE = ${replicated}SummingMergeTree(entries)
PARTITION BY toYYYYMM(at)
ORDER BY (at, outcome, action, ec_id, shipping_id, platform, cause, direction)
SETTINGS allow_nullable_key = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}counts_by_day_from_entries $on_cluster TO ${own}counts_by_day AS
SELECT
    toStartOfDay(toDateTime(created_at, 'UTC')) AS at,
    outcome, direction, platform, action, ec_id, shipping_id, cause, toInt64(count()) AS entries
FROM ${own}entries
GROUP BY at, outcome, direction, platform, action, ec_id, shipping_id, cause;

-- The latest name of every account.
CREATE TABLE IF NOT EXISTS ${own}account_names $on_cluster
(
    kind LowCardinality(String),
    id String,
    name String,
    at DateTime64(6, 'UTC')
)
ENGINE = ${replicated}ReplacingMergeTree(at)
ORDER BY (kind, id);

CREATE MATERIALIZED VIEW IF NOT EXISTS ${own}account_names_from_entries $on_cluster TO ${own}account_names AS
SELECT
    account.1 AS kind, account.2 AS id, argMax(account.3, created_at) AS name, max(created_at) AS at
FROM (
    SELECT created_at, arrayJoin([('ec', toString(ec_id), ec_name), ('shipping', toString(shipping_id), shipping_name)]) AS account
    FROM ${own}entries
)
WHERE account.2 IS NOT NULL AND account.3 != ''
GROUP BY kind, id;

-- References are looked up in `mentions` now.
ALTER TABLE ${own}entries $on_cluster DROP INDEX IF EXISTS reference;
