-- A word is looked up in every part of `mentions`, one block of each for every spelling: in 13 parts of 135 million that
-- took 9 ms of a processor, in three with smaller blocks 2.5. So a month that is over becomes one part.
ALTER TABLE ${own}mentions $on_cluster MODIFY SETTING min_compress_block_size = 8192,
    min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1,
    enable_max_bytes_limit_for_min_age_to_force_merge = 1;
