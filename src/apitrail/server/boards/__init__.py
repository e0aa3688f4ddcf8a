"""The boards: what went wrong and what became of it, orders and shipments, as the log shows them.

Each board is one struct, the same for its page and its address in the API. All are bounded: by a range of time, and by
a number of rows that is stated where it is met.
"""
