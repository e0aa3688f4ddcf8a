-- The day that goes on is told slice by slice, so of a number there are many rows, which merging makes one. What was told is
-- told anew, by upkeep. See `store/telling.py`.
DROP TABLE IF EXISTS ${own}letters $on_cluster SYNC;

CREATE TABLE IF NOT EXISTS ${own}letters $on_cluster
(
    day Date,
    number UInt32 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of four letters, of two characters, or of what is known of the day',
    piece UInt16 COMMENT 'of 64 slices',
    slices SimpleAggregateFunction(groupBitOr, UInt64) CODEC(T64('bit'), ZSTD(1)) COMMENT 'a bit for each that has it'
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY day
ORDER BY (number, piece)
SETTINGS index_granularity = 2048, min_age_to_force_merge_seconds = 21600,
    min_age_to_force_merge_on_partition_only = 1;
