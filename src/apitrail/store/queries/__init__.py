"""What can be asked of the log: one question a file.

Each function gives a `Query`, whose values travel apart from its text, and a reader for its answer where rows need
one. Every question names the sort key `(created_at, id)` or a partition where it must stay fast on a large log.
"""
