-- Letters lie by number within a month, no longer by day: a text has a hundred numbers, and to look each up in thirty parts took
-- 12 ms, in one 3. What a day was made of stands apart. Rows of a day only ever come to others, so a day that is told again
-- needs none of them removed. What was told is told anew, by upkeep. See `store/told.py`.
DROP TABLE IF EXISTS ${own}told_days $on_cluster SYNC;

DROP TABLE IF EXISTS ${own}letters $on_cluster SYNC;

CREATE TABLE IF NOT EXISTS ${own}letters $on_cluster
(
    number UInt32 CODEC(Delta(4), T64, ZSTD(1)) COMMENT 'of four letters, or of two characters',
    day Date CODEC(ZSTD(1)),
    cut UInt16 CODEC(T64, ZSTD(1)) COMMENT 'into how many slices the day is cut',
    piece UInt16 CODEC(ZSTD(1)) COMMENT 'of 64 slices',
    slices SimpleAggregateFunction(groupBitOr, UInt64) CODEC(T64('bit'), ZSTD(1)) COMMENT 'a bit for each that has it'
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (number, day, cut, piece)
SETTINGS index_granularity = 1024, min_compress_block_size = 16384, min_age_to_force_merge_seconds = 21600,
    min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS ${own}told_days $on_cluster
(
    day Date,
    told_at DateTime64(6, 'UTC'),
    cut UInt16 COMMENT 'into how many slices',
    rows UInt64 COMMENT 'how many entries it had, 0 while it is not told to its end',
    part UInt32 COMMENT 'the last block of rows that was inserted',
    origin UInt32 COMMENT 'which table of entries that was'
)
ENGINE = ${replicated}ReplacingMergeTree(told_at)
PARTITION BY toYYYYMM(day)
ORDER BY day;
