-- A day to which nothing came for six hours becomes one part, however large or small its parts are: each part that is
-- read costs a question a tenth of what it takes. Nothing is merged that the engine's own limit of size keeps apart.
ALTER TABLE ${own}entries $on_cluster MODIFY SETTING min_age_to_force_merge_seconds = 21600,
    min_age_to_force_merge_on_partition_only = 1, enable_max_bytes_limit_for_min_age_to_force_merge = 1;

ALTER TABLE ${own}failures $on_cluster MODIFY SETTING min_age_to_force_merge_seconds = 21600,
    min_age_to_force_merge_on_partition_only = 1, enable_max_bytes_limit_for_min_age_to_force_merge = 1;
