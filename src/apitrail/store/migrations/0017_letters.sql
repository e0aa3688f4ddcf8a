-- Which letters in a row the parts of a day have, so that a text is looked for in those parts alone that may have it: see
-- `store/letters.py` for the numbers, `store/told.py` for the days. It is made of days that are over, not as rows come in.
CREATE TABLE IF NOT EXISTS ${own}letters $on_cluster
(
    day Date,
    number UInt32 CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of four letters, of two characters, or of what is known of the day',
    piece UInt16 COMMENT 'of 64 slices',
    slices UInt64 CODEC(T64('bit'), ZSTD(1)) COMMENT 'a bit for each that has it'
)
ENGINE = ${replicated}MergeTree
PARTITION BY day
ORDER BY (number, piece)
SETTINGS index_granularity = 2048;
