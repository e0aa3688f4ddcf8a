-- A log that is smaller (figures in docs/decisions/0005-ten-million.md). Of a part that has been merged, what is long is
-- compressed by the quarter of a megabyte, which is one or two granules, and each column is a file of its own; parts as
-- an insert makes them stay one file. Parts that are there stay as they are until they are merged.
ALTER TABLE ${own}entries $on_cluster MODIFY SETTING min_bytes_for_wide_part = 67108864;

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN row MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN request_body MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN response_body MODIFY SETTING min_compress_block_size = 262144;

ALTER TABLE ${own}entries $on_cluster MODIFY COLUMN id UUID CODEC(ZSTD(3));
