"""The page in a real browser: how long one waits for it."""
