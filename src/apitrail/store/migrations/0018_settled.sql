-- What is long is compressed once more, harder, when its day is over (figures in docs/decisions/0015-disk.md): at six in the
-- morning, when the day's parts become one anyway. What came in later than that is due the next morning. Until then, and
-- where a day was settled before this migration, everything stays as it was.
ALTER TABLE ${own}entries $on_cluster MODIFY SETTING default_compression_codec = 'ZSTD(1)';

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN row CODEC(Default);

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN request CODEC(Default);

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN response CODEC(Default);

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN request_body CODEC(Default);

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN response_body CODEC(Default);

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN request MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN response MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE ${own}entries $on_cluster MODIFY TTL
    greatest(
        toStartOfDay(toDateTime(created_at, 'UTC')),
        toStartOfDay(toDateTime(ifNull(received_at, created_at), 'UTC') - INTERVAL 6 HOUR)
    ) + INTERVAL 30 HOUR RECOMPRESS CODEC(ZSTD(8))
SETTINGS materialize_ttl_after_modify = 0;

-- Differences of sorted numbers are small: bits in place of bytes.
ALTER TABLE ${own}mentions $on_cluster MODIFY COLUMN word CODEC(Delta(4), T64('bit'), ZSTD(1));
