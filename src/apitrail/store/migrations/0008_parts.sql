-- How parts are written, so that an insert costs less (figures in docs/decisions/0004-ingest.md). A part of less than 128 MiB
-- is one file, not a hundred; a text's length lies before it, not in a file beside; and nothing is gathered of columns
-- for a planner that has one way to go. Eight parts become one, not five. Parts that are there stay as they are until they
-- are merged.
ALTER TABLE ${own}entries $on_cluster MODIFY SETTING min_bytes_for_wide_part = 134217728,
    string_serialization_version = 'single_stream', auto_statistics_types = '', merge_selector_base = 8;

ALTER TABLE ${own}mentions $on_cluster MODIFY SETTING min_bytes_for_wide_part = 134217728, auto_statistics_types = '',
    merge_selector_base = 8;

ALTER TABLE ${own}counts $on_cluster MODIFY SETTING auto_statistics_types = '';

ALTER TABLE ${own}counts_by_day $on_cluster MODIFY SETTING auto_statistics_types = '';

ALTER TABLE ${own}account_names $on_cluster MODIFY SETTING auto_statistics_types = '';

ALTER TABLE ${own}failures $on_cluster MODIFY SETTING min_bytes_for_wide_part = 134217728,
    string_serialization_version = 'single_stream', auto_statistics_types = '';
