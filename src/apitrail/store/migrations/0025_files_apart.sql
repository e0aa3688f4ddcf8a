-- Files within answers (labels and documents, in base64 or as they are) lie in a column of their own, which no search reads
-- (see `store/files.py`). Those that are there stay where they are.
ALTER TABLE ${own}entries $on_cluster ADD COLUMN IF NOT EXISTS response_files String COMMENT 'taken out of answers'
    CODEC(Default) SETTINGS (min_compress_block_size = 262144);
