"""Time added to the caller: an httpx POST with 4 KB bodies each way over loopback, one file per contender."""
