-- An order or a shipment is looked for by its number, over the whole log: an index says which granules cannot hold it.
-- Statements can be repeated. What is in the log already is indexed in the background.
ALTER TABLE ${own}entries $on_cluster ADD INDEX IF NOT EXISTS reference reference_ids TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE ${own}entries $on_cluster MATERIALIZE INDEX reference;
