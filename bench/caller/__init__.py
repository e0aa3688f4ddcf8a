"""Time added to the caller: a POST with 4 KB bodies each way over loopback, one file per contender."""
