-- Differences of sorted numbers are small: bytes in place of four. A fifth less for all that is told of a day.
ALTER TABLE ${own}letters $on_cluster MODIFY COLUMN number CODEC(Delta(4), T64, ZSTD(1));
